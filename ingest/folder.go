package ingest

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxNames is how many names of a folder are looked at to advise a user.
const maxNames = 10_000

// directoryError says that dir is no log, and how to name the logs in it.
func directoryError(dir string) *InputError {
	e := &InputError{Name: dir, Err: errDirectory}
	names, err := namesIn(dir)
	if err != nil {
		return inputError(dir, err)
	}
	for _, p := range []string{"*access*", "*.log*", "*"} {
		for _, name := range names {
			if ok, _ := filepath.Match(p, name); !ok {
				continue
			}
			if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
				e.Hint = "name the logs in it: '" + filepath.Join(dir, p) + "'"
				return e
			}
		}
	}
	e.Hint = "there is no file in " + dir
	return e
}

func namesIn(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(maxNames)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return names, err
}

// unmatched says why no file matches pattern: the folder in which its first
// wild card is looked up cannot be listed, or none does.
func unmatched(pattern string) *InputError {
	folder := filepath.Dir(pattern[:strings.IndexAny(pattern, "*?[")] + "x")
	if _, err := namesIn(folder); err != nil {
		return inputError(folder, err)
	}
	return &InputError{Name: pattern, Err: errNoMatch, Hint: "check the path"}
}
