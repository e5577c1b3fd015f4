package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// The manual cannot lie: what README and GUIDE show at a prompt is run here, in
// the order of the page, in one folder a page, and compared with what they say
// comes out. -update rewrites what they say.
//
// Fenced blocks have one of these kinds; any other is an error, so that none is
// passed over in silence.
//
//	console       "$ " begins a command, "> " goes on with it; what follows is its output. It must exit with 0.
//	sh            commands that need a server, a webhook or a log of one's own: not run, but their flags are checked
//	ini, crontab  unit files and crontabs: likewise
//	yaml          a configuration of denylens: checked as denylens config check does
//	nginx         a configuration of nginx: its formats are read as --format-from does
//
// In output a line [...] stands for any number of lines, and [...] within a
// line for any text.
var manual = []string{"README.md", "GUIDE.md"}

const gap = "[...]"

// optional are programs that a page may use and a machine may lack: blocks that
// use one are skipped without it, and go test -v says so.
var optional = []string{"jq", "duckdb"}

// fence is a fenced block; its lines are those from from to to of the page.
type fence struct {
	kind     string
	from, to int
}

func TestTheManualIsWhatHappens(t *testing.T) {
	if testing.Short() {
		t.Skip("dozens of scans, which say nothing new under the race detector")
	}
	for _, name := range manual {
		t.Run(name, func(t *testing.T) {
			lines, dir := page(t, name), t.TempDir()
			blocks := fences(t, name, lines)
			var out []string
			at := 0
			for _, f := range blocks {
				body := lines[f.from:f.to]
				t.Run(fmt.Sprintf("line_%d", f.from), func(t *testing.T) {
					body = try(t, f.kind, body, dir)
				})
				out = append(append(out, lines[at:f.from]...), body...)
				at = f.to
			}
			out = append(out, lines[at:]...)
			if *update && !slices.Equal(out, lines) && !t.Failed() {
				if err := os.WriteFile(root(name), []byte(strings.Join(out, "\n")), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func root(name string) string { return filepath.Join("..", "..", filepath.FromSlash(name)) }

// page reads a page of the manual as lines.
func page(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(root(name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}

// fences finds the fenced blocks of a page.
func fences(t *testing.T, name string, lines []string) (list []fence) {
	t.Helper()
	open := false
	for i, l := range lines {
		kind, is := strings.CutPrefix(l, "```")
		switch {
		case !is:
		case open:
			list[len(list)-1].to, open = i, false
		default:
			list, open = append(list, fence{kind, i + 1, len(lines)}), true
		}
	}
	if open {
		t.Fatalf("%s: a block does not end", name)
	}
	return list
}

// try does what a block of its kind is for and returns its lines as they should
// be.
func try(t *testing.T, kind string, body []string, dir string) []string {
	switch kind {
	case "console":
		return session(t, body, dir)
	case "sh", "ini", "crontab":
		commandsExist(t, body)
	case "yaml":
		configuration(t, body)
	case "nginx":
		text := strings.Join(body, "\n")
		writeFile(t, filepath.Join(dir, "nginx.conf"), "http {\n"+text+"\n}\n")
		if out, err := shell(dir, "denylens formats --try /dev/null --format-from nginx.conf"); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	default:
		t.Errorf("a block of the kind %q, which nobody checks", kind)
	}
	return body
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// session runs the commands of a block and compares what they say.
func session(t *testing.T, body []string, dir string) (out []string) {
	for i := 0; i < len(body); {
		command, ok := strings.CutPrefix(body[i], "$ ")
		if !ok {
			t.Fatalf("%q: output without a command", body[i])
		}
		out = append(out, body[i])
		for i++; i < len(body) && strings.HasPrefix(body[i], "> "); i++ {
			out = append(out, body[i])
			command += "\n" + body[i][2:]
		}
		want := body[i:]
		if n := slices.IndexFunc(want, func(l string) bool { return strings.HasPrefix(l, "$ ") }); n >= 0 {
			want = want[:n]
		}
		i += len(want)
		out = append(out, act(t, command, want, dir)...)
	}
	return out
}

// act runs one command and returns what should be shown of its output. Where
// nothing is shown, anything may come out.
func act(t *testing.T, command string, want []string, dir string) []string {
	for _, o := range optional {
		if _, err := exec.LookPath(o); err != nil && strings.Contains(command, o+" ") {
			t.Skipf("%s is not installed", o)
		}
	}
	text, err := shell(dir, command)
	if err != nil {
		t.Errorf("$ %s\n%v\n%s", command, err, text)
		return want
	}
	got := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	switch {
	case len(want) == 0 || shows(want, got):
		return want
	case *update:
		return renew(t, want, got)
	}
	t.Errorf("$ %s\nis said to print\n%s\nand prints\n%s", command, strings.Join(want, "\n"), text)
	return want
}

// shell runs a command as a user would, without a configuration.
func shell(dir, command string) (string, error) {
	c := exec.Command("bash", "-o", "pipefail", "-c", command)
	c.Dir = dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "DENYLENS_") {
			c.Env = append(c.Env, v)
		}
	}
	c.Env = append(c.Env, "HOME="+dir, "XDG_CONFIG_HOME="+dir, "COLUMNS=80", "LC_ALL=C.UTF-8", "TZ=UTC")
	out, err := c.CombinedOutput()
	if c.ProcessState != nil && c.ProcessState.ExitCode() == 128+int(syscall.SIGPIPE) {
		err = nil // head has seen enough
	}
	return string(out), err
}

// shows tells whether got is what want shows of it.
func shows(want, got []string) bool {
	switch {
	case len(want) == 0:
		return len(got) == 0
	case want[0] == gap:
		for n := range len(got) + 1 {
			if shows(want[1:], got[n:]) {
				return true
			}
		}
		return false
	}
	return len(got) > 0 && like(want[0], got[0]) && shows(want[1:], got[1:])
}

// like tells whether a line is what want shows of it.
func like(want, got string) bool {
	first, rest, cut := strings.Cut(want, gap)
	if !cut {
		return want == got
	}
	last := strings.LastIndex(rest, gap)
	tail := rest[max(0, last):]
	if last >= 0 {
		tail = rest[last+len(gap):]
	}
	return strings.HasPrefix(got, first) && strings.HasSuffix(got[len(first):], tail)
}

// renew makes what is shown of new output: as many lines before and behind the
// gap as there were.
func renew(t *testing.T, want, got []string) []string {
	first := slices.Index(want, gap)
	if first < 0 {
		return got
	}
	tail := len(want) - first - 1
	if slices.Contains(want[first+1:], gap) || first+tail > len(got) {
		t.Errorf("cannot tell what to show; write it by hand:\n%s", strings.Join(got, "\n"))
		return want
	}
	return slices.Concat(got[:first], []string{gap}, got[len(got)-tail:])
}

// configuration checks a configuration file. The folders that it names are
// below a temporary one here.
func configuration(t *testing.T, body []string) {
	dir := t.TempDir()
	text := strings.ReplaceAll(strings.Join(body, "\n"), "/etc/denylens/", dir+"/")
	writeFile(t, filepath.Join(dir, "slack-webhook"), "https://hooks.slack.com/services/T0/B0/x\n")
	writeFile(t, filepath.Join(dir, "conf.yaml"), text)
	if out, err := shell(dir, "denylens config check --config conf.yaml"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
