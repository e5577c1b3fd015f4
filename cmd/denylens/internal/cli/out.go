package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/term"

	"github.com/denylens/denylens/ingest"
)

// outputError is a failure to write; what was read and found is all right.
type outputError struct {
	name string
	err  error
}

func (e *outputError) Error() string {
	err := e.err
	var p *os.PathError
	var l *os.LinkError
	if errors.As(err, &p) {
		err = p.Err
	} else if errors.As(err, &l) {
		err = l.Err
	}
	return fmt.Sprintf("write %s: %v", e.name, err)
}

func (e *outputError) Unwrap() error { return e.err }

// brokenPipe tells whether err only means that the reader has gone: it has seen
// enough.
func brokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }

// checked makes errors of writing to w name it.
type checked struct {
	w    io.Writer
	name string
}

func (c checked) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if err != nil {
		err = &outputError{c.name, err}
	}
	return n, err
}

// output writes what f writes to the file called name, which is the old file or
// the new one at any moment, never a part. "" and "-" are standard output. A
// file that is one of the inputs is not overwritten.
func (a *app) output(name string, inputs []ingest.Source, f func(io.Writer) error) error {
	if name == "" || name == ingest.Stdin {
		return f(checked{a.stdout, "standard output"})
	}
	if err := notInput(name, inputs); err != nil {
		return err
	}
	if st, err := os.Stat(name); err == nil && !st.Mode().IsRegular() { // a device or a pipe
		w, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return &outputError{name, err}
		}
		err = f(checked{w, name})
		return errors.Join(err, closing(w, name))
	}
	return replace(name, f)
}

// replace writes beside name and renames.
func replace(name string, f func(io.Writer) error) error {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	w, err := os.CreateTemp(filepath.Dir(name), ".denylens-*")
	if err != nil {
		return &outputError{name, err}
	}
	defer os.Remove(w.Name()) // fails when the file has its name
	if err := f(checked{w, name}); err != nil {
		w.Close()
		return err
	}
	mode := os.FileMode(0o644)
	if st, err := os.Stat(name); err == nil {
		mode = st.Mode().Perm()
	}
	if err := errors.Join(w.Chmod(mode), w.Sync(), w.Close()); err != nil {
		return &outputError{name, err}
	}
	if err := os.Rename(w.Name(), name); err != nil {
		return &outputError{name, err}
	}
	return nil
}

func closing(c io.Closer, name string) error {
	if err := c.Close(); err != nil {
		return &outputError{name, err}
	}
	return nil
}

func notInput(name string, inputs []ingest.Source) error {
	out, err := os.Stat(name)
	if err != nil || !out.Mode().IsRegular() {
		return nil
	}
	for _, in := range inputs {
		for _, n := range append([]string{in.Name}, in.Same...) {
			if st, err := os.Stat(n); err == nil && os.SameFile(st, out) {
				return usagef("write to another file", "output %q: is one of the logs to be read", name)
			}
		}
	}
	return nil
}

// terminal tells whether f is one.
func terminal(f any) bool {
	file, ok := f.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// width is that of the terminal f, else what COLUMNS says, else 80.
func width(f any) int {
	if file, ok := f.(*os.File); ok {
		if w, _, err := term.GetSize(int(file.Fd())); err == nil && w > 0 {
			return w
		}
	}
	if w, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && w > 0 {
		return w
	}
	return 80
}
