package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/denylens/denylens"

// source is a parsed file of ours that is no test.
type source struct {
	dir  string // package folder, relative to the root of the module
	path string
	file *ast.File
}

func sources(t *testing.T, set *token.FileSet) (list []source) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && rel != ".") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		list = append(list, source{filepath.ToSlash(filepath.Dir(rel)), rel, f})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func imports(f *ast.File) (paths []string) {
	for _, i := range f.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		paths = append(paths, p)
	}
	return paths
}

// within tells whether a package folder is dir or below it.
func within(folder, dir string) bool {
	return folder == dir || strings.HasPrefix(folder, dir+"/")
}

// mayImport are our packages that a folder may import besides what is below
// itself: ingest and geo nothing, detect those two, the command everything.
var mayImport = map[string][]string{
	"ingest": {},
	"geo":    {},
	"detect": {"ingest", "geo"},
	"cmd":    {"ingest", "geo", "detect", "cmd"},
}

func TestImportsRunOneWay(t *testing.T) {
	for _, s := range sources(t, token.NewFileSet()) {
		top, _, _ := strings.Cut(s.dir, "/")
		allowed, known := mayImport[top]
		if !known {
			t.Errorf("%s: a folder without an import rule", s.path)
			continue
		}
		for _, p := range imports(s.file) {
			ours, ok := strings.CutPrefix(p, module+"/")
			if !ok {
				continue
			}
			fine := within(ours, top)
			for _, a := range allowed {
				fine = fine || within(ours, a)
			}
			if !fine {
				t.Errorf("%s imports %s", s.path, ours)
			}
		}
	}
}

// The analysis opens no file, reads no clock,
// draws no random number: the same records give the same incidents.
func TestDetectIsPure(t *testing.T) {
	set := token.NewFileSet()
	for _, s := range sources(t, set) {
		if !within(s.dir, "detect") {
			continue
		}
		for _, p := range imports(s.file) {
			switch {
			case p == "os" || strings.HasPrefix(p, "os/") || strings.HasPrefix(p, "math/rand") || p == "crypto/rand" || p == "net" || strings.HasPrefix(p, "net/http") || strings.HasPrefix(p, "log") || p == "hash/maphash":
				t.Errorf("%s imports %s", s.path, p)
			}
		}
		for _, name := range []string{"Now", "Since", "Until", "Sleep", "After", "Tick", "NewTimer", "NewTicker", "AfterFunc"} {
			for _, pos := range uses(s.file, "time", name) {
				t.Errorf("%s: time.%s", set.Position(pos), name)
			}
		}
	}
}

// Only cli writes to standard output and standard error, and only a main
// ends the process.
func TestOnlyTheCommandLineSpeaks(t *testing.T) {
	set := token.NewFileSet()
	for _, s := range sources(t, set) {
		if s.file.Name.Name == "main" { // denylens' ten lines, and tools of the project
			continue
		}
		forbidden := [][2]string{{"os", "Exit"}, {"os", "Stdout"}, {"os", "Stderr"}, {"fmt", "Print"}, {"fmt", "Println"}, {"fmt", "Printf"},
			{"log", "Fatal"}, {"log", "Fatalf"}, {"log", "Print"}, {"log", "Printf"}, {"log", "Println"}}
		for _, f := range forbidden {
			for _, pos := range uses(s.file, f[0], f[1]) {
				t.Errorf("%s: %s.%s", set.Position(pos), f[0], f[1])
			}
		}
	}
}

// uses finds pkg.name in f.
func uses(f *ast.File, pkg, name string) (at []token.Pos) {
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == name {
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == pkg && id.Obj == nil {
				at = append(at, sel.Pos())
			}
		}
		return true
	})
	return at
}

func TestFilesStaySmall(t *testing.T) {
	const most = 400
	set := token.NewFileSet()
	for _, s := range sources(t, set) {
		if n := set.Position(s.file.End()).Line; n > most {
			t.Errorf("%s has %d lines, more than %d", s.path, n, most)
		}
	}
}
