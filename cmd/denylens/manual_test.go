package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/cmd/denylens/internal/report"
	"github.com/denylens/denylens/ingest"
)

// manualPages are all pages that name parts of the program or of its source.
var manualPages = []string{"README.md", "GUIDE.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "testdata/README.md"}

func textOf(t *testing.T, names ...string) string {
	t.Helper()
	var b strings.Builder
	for _, n := range names {
		b.WriteString(strings.Join(page(t, n), "\n") + "\n")
	}
	return b.String()
}

var (
	commandLine = regexp.MustCompile(`(?m)^  ([a-z-]+) {2,}\S`)
	flagLine    = regexp.MustCompile(`(?m)^  (?:(-[a-zA-Z]), |    )(--[a-z-]+)`)
	longFlag    = regexp.MustCompile(`--[a-z][a-z-]*`)
	codeSpan    = regexp.MustCompile("`[^`\n]+`")
	envName     = regexp.MustCompile(`DENYLENS_[A-Z_]+`)
	testName    = regexp.MustCompile(`\b(?:Test|Fuzz|Example)[A-Z]\w+`)
	makeTarget  = regexp.MustCompile("(?m)(?:^|`)make ([a-z0-9]+)(?: [A-Z_]+=.*)?(?:`|$)")
	pageLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// surface is what the program's help lists: the flags of each command, and of
// "" those of all commands together.
var surface = sync.OnceValues(func() (map[string]map[string]bool, error) {
	out, err := shell(".", "denylens --help")
	if err != nil {
		return nil, err
	}
	_, list, _ := strings.Cut(out, "\nCommands:\n")
	flags := map[string]map[string]bool{"": {}}
	for _, m := range commandLine.FindAllStringSubmatch(list, -1) {
		out, err := shell(".", "denylens "+m[1]+" --help")
		if err != nil {
			return nil, err
		}
		flags[m[1]] = map[string]bool{}
		for _, f := range flagLine.FindAllStringSubmatch(out, -1) {
			for _, name := range f[1:] {
				flags[m[1]][name], flags[""][name] = true, true
			}
		}
	}
	return flags, nil
})

func helped(t *testing.T) map[string]map[string]bool {
	t.Helper()
	flags, err := surface()
	if err != nil || len(flags) < 5 || len(flags["scan"]) < 10 {
		t.Fatalf("the help lists %d commands: %v", len(flags), err)
	}
	return flags
}

var between = regexp.MustCompile(`[|;&]+| -- `)

// commandsExist checks the command and the flags of all calls of denylens.
func commandsExist(t *testing.T, body []string) {
	t.Helper()
	known := helped(t)
	for _, l := range body {
		for _, part := range between.Split(l, -1) {
			words := strings.Fields(strings.NewReplacer("=", " ", "'", "").Replace(part))
			i := slices.IndexFunc(words, func(w string) bool { return w == "denylens" || strings.HasSuffix(w, "bin/denylens") })
			if i < 0 || strings.HasPrefix(l, "#") {
				continue
			}
			command := "scan"
			for n, w := range words[i+1:] {
				switch {
				case n == 0 && known[w] != nil:
					command = w
				case strings.HasPrefix(w, "-") && w != "-" && !known[command][w] && !known[""][w]:
					t.Errorf("%q: denylens %s has no flag %s", l, command, w)
				case strings.HasPrefix(w, "--") && !known[command][w]:
					t.Errorf("%q: %s is no flag of %s", l, w, command)
				}
			}
		}
	}
}

// What pages name exists, and what exists is named.
func TestTheManualNamesEveryCommandAndFlag(t *testing.T) {
	known := helped(t)
	for _, name := range manualPages {
		for _, span := range codeSpan.FindAllString(textOf(t, name), -1) {
			span = strings.Trim(span, "`")
			if strings.HasPrefix(span, "denylens ") {
				commandsExist(t, []string{span})
			}
			if strings.HasPrefix(span, "--") && !known[""][longFlag.FindString(span)] {
				t.Errorf("%s: there is no flag %s", name, span)
			}
		}
	}
	text := textOf(t, manual...)
	for command, flags := range known {
		if command != "" && !strings.Contains(text, "denylens "+command) && !strings.Contains(text, "`"+command+"`") {
			t.Errorf("no page of the manual names the command %s", command)
		}
		for f := range flags {
			if strings.HasPrefix(f, "--") && f != "--help" && !slices.Contains(longFlag.FindAllString(text, -1), f) {
				t.Errorf("no page of the manual names the flag %s of %s", f, command)
			}
		}
	}
}

// column lists the code spans of the first column of the table under heading.
func column(t *testing.T, name, heading string) (list []string) {
	t.Helper()
	lines := page(t, name)
	at := slices.Index(lines, heading)
	if at < 0 {
		t.Fatalf("%s has no table %q", name, heading)
	}
	for _, l := range lines[at+2:] {
		if !strings.HasPrefix(l, "| ") {
			break
		}
		list = append(list, strings.Trim(strings.SplitN(l, " ", 3)[1], "`"))
	}
	return list
}

func sameNames(t *testing.T, what string, said, are []string) {
	t.Helper()
	for _, n := range said {
		if !slices.Contains(are, n) {
			t.Errorf("%s: the manual names %q, which does not exist", what, n)
		}
	}
	for _, n := range are {
		if !slices.Contains(said, n) {
			t.Errorf("%s: the manual does not name %q", what, n)
		}
	}
}

func TestTheManualsTablesAreComplete(t *testing.T) {
	var formats []string
	for _, f := range ingest.Formats {
		formats = append(formats, f.Name)
	}
	sameNames(t, "formats", column(t, "README.md", "| format | what it is |"), formats)
	sameNames(t, "exit codes", column(t, "README.md", "| code | meaning |"), exitCodes(t))
	var doc struct {
		Defs struct {
			Cause struct{ Enum []string }
			Term  struct {
				Properties struct{ Dim struct{ Enum []string } }
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(report.SchemaFile, &doc); err != nil {
		t.Fatal(err)
	}
	sameNames(t, "causes", column(t, "GUIDE.md", "| cause | what it means |"), doc.Defs.Cause.Enum)
	sameNames(t, "dimensions", column(t, "GUIDE.md", "| dimension | its values |"), doc.Defs.Term.Properties.Dim.Enum)
}

// exitCodes reads the constants of cli.
func exitCodes(t *testing.T) (list []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("internal", "cli", "exit.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(s.Names[0].Name, "exit") {
			list = append(list, s.Values[0].(*ast.BasicLit).Value)
		}
		return true
	})
	return list
}

// The table of settings is made from the settings.
func TestTheManualsSettingsAreThePrograms(t *testing.T) {
	const heading = "| setting | flag | default | what it does |"
	want := []string{heading, "| --- | --- | --- | --- |"}
	for i := range config.Settings {
		s := &config.Settings[i]
		flag, def := "", ""
		if s.Flag != "" {
			flag = "`--" + s.Flag + "`"
		}
		if s.Def != "" {
			def = "`" + s.Def + "`"
		}
		want = append(want, strings.Join([]string{"", " `" + s.Key + "` ", " " + flag + " ", " " + def + " ", " " + s.Doc + " ", ""}, "|"))
	}
	lines := page(t, "GUIDE.md")
	at := slices.Index(lines, heading)
	if at < 0 {
		t.Fatalf("GUIDE.md has no table %q", heading)
	}
	end := at
	for end < len(lines) && strings.HasPrefix(lines[end], "|") {
		end++
	}
	switch {
	case slices.Equal(lines[at:end], want):
	case *update:
		writeFile(t, root("GUIDE.md"), strings.Join(slices.Concat(lines[:at], want, lines[end:]), "\n"))
	default:
		t.Errorf("the table of settings is out of date; make golden renews it:\n%s", strings.Join(want, "\n"))
	}
}

func TestTheManualsVariablesAreRead(t *testing.T) {
	known := map[string]bool{}
	for i := range config.Settings {
		known[config.Settings[i].Env()] = true
	}
	quoted := regexp.MustCompile(`"(DENYLENS_[A-Z_]+)"`)
	for _, m := range quoted.FindAllStringSubmatch(goSource(t), -1) {
		known[m[1]] = true
	}
	for _, name := range manualPages {
		for _, v := range envName.FindAllString(textOf(t, name), -1) {
			if !known[v] {
				t.Errorf("%s: nothing reads the variable %s", name, v)
			}
		}
	}
}

// goSource is all Go code of the module, tests included.
var goSource = func() func(t *testing.T) string {
	read := sync.OnceValues(func() (string, error) {
		var b strings.Builder
		err := filepath.WalkDir(root("."), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
				return err
			}
			text, err := os.ReadFile(path)
			b.Write(text)
			return err
		})
		return b.String(), err
	})
	return func(t *testing.T) string {
		text, err := read()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
}()

// Tests, make targets, files and headings that pages name are there.
func TestThePagesPointToWhatIsThere(t *testing.T) {
	code, targets := goSource(t), textOf(t, "Makefile")
	for _, name := range manualPages {
		text := textOf(t, name)
		for _, n := range testName.FindAllString(text, -1) {
			if !strings.Contains(code, "func "+n+"(") {
				t.Errorf("%s: there is no test %s", name, n)
			}
		}
		for _, m := range makeTarget.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(targets, "\n"+m[1]+":") {
				t.Errorf("%s: there is no target %s in the Makefile", name, m[1])
			}
		}
		for _, m := range pageLink.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(m[1], "://") {
				linkHolds(t, name, m[1])
			}
		}
		for _, span := range codeSpan.FindAllString(text, -1) {
			span = strings.Trim(span, "`")
			if name == "ARCHITECTURE.md" && regexp.MustCompile(`^[a-z_/]+(?:\.go|/)$`).MatchString(span) {
				linkHolds(t, name, span)
			}
		}
	}
	if n := len(page(t, "ARCHITECTURE.md")); n > 201 {
		t.Errorf("ARCHITECTURE.md has %d lines, more than 200", n-1)
	}
}

// linkHolds tells whether a link from a page leads to a file, and to a heading
// in it.
func linkHolds(t *testing.T, from, to string) {
	t.Helper()
	file, heading, _ := strings.Cut(to, "#")
	target := filepath.ToSlash(filepath.Join(filepath.Dir(from), file))
	if file == "" {
		target = from
	}
	if _, err := os.Stat(root(target)); err != nil {
		t.Errorf("%s: %s is not there", from, to)
		return
	}
	if heading == "" {
		return
	}
	for _, l := range page(t, target) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(l, "#"), " "); ok && strings.HasPrefix(l, "#") && slug(title) == heading {
			return
		}
	}
	t.Errorf("%s: %s has no heading for #%s", from, target, heading)
}

// slug is the anchor that GitHub gives a heading.
func slug(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_':
			return r
		}
		return -1
	}, title)
}

// Every target and every direct dependency is explained to contributors, and
// what README calls the demonstration is what make demo does.
func TestContributorsAreToldOfTargetsAndDependencies(t *testing.T) {
	text := textOf(t, "CONTRIBUTING.md")
	for _, m := range regexp.MustCompile(`(?m)^([a-z0-9]+):.*##`).FindAllStringSubmatch(textOf(t, "Makefile"), -1) {
		if !strings.Contains(text, "make "+m[1]) {
			t.Errorf("CONTRIBUTING.md does not name make %s", m[1])
		}
	}
	var modules []string
	for _, l := range page(t, "go.mod") {
		words := strings.Fields(l)
		if strings.HasPrefix(l, "\t") && !strings.HasSuffix(l, "// indirect") {
			modules = append(modules, words[0])
		}
	}
	sameNames(t, "dependencies", column(t, "CONTRIBUTING.md", "| module | why |"), modules)
	demo := regexp.MustCompile(`denylens simulate [a-z-]+ --seed \d+`)
	if said, done := demo.FindString(textOf(t, "README.md")), demo.FindString(textOf(t, "Makefile")); said != done || done == "" {
		t.Errorf("README.md shows %q, make demo does %q", said, done)
	}
}
