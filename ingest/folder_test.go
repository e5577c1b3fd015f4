package ingest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFolderIsAnsweredWithTheLogsInIt(t *testing.T) {
	f := func(want string, names ...string) {
		t.Helper()
		dir := t.TempDir()
		for _, n := range names {
			if err := os.WriteFile(filepath.Join(dir, n), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Mkdir(filepath.Join(dir, "old-access"), 0o700); err != nil {
			t.Fatal(err)
		}
		_, err := Files([]string{dir})
		w, _, followed := NewWatch([]string{dir}, FollowOptions{Silent: true})
		w.Close()
		for _, err := range []error{err, followed} {
			var in *InputError
			if !errors.As(err, &in) || !errors.Is(in.Err, errDirectory) || strings.ReplaceAll(in.Hint, dir, "D") != want {
				t.Errorf("%v: %v, hint %q, want %q", names, err, in.Hint, want)
			}
		}
	}
	f("name the logs in it: 'D/*access*'", "error.log", "access_log", "access_log.1")
	f("name the logs in it: 'D/*.log*'", "shop.log.gz", "notes.txt")
	f("name the logs in it: 'D/*'", "notes.txt")
	f("there is no file in D")
}

func TestWhatMayNotBeListedIsNoMissingFile(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may list everything")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o700) })
	for _, arg := range []string{dir, filepath.Join(dir, "*.log"), filepath.Join(dir, "access.log")} {
		_, err := Files([]string{arg})
		w, _, followed := NewWatch([]string{arg}, FollowOptions{Silent: true})
		w.Close()
		for _, err := range []error{err, followed} {
			var in *InputError
			if !errors.As(err, &in) || !errors.Is(err, os.ErrPermission) || !strings.Contains(in.Hint, "may read it") {
				t.Errorf("%s: %v", arg, err)
			}
		}
	}
}
