package ingest

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Stdin is the name of standard input as an argument and as a Source.
const Stdin = "-"

var (
	errDirectory = errors.New("is a directory")
	errSpecial   = errors.New("is a device or a socket, not a log")
	errNoMatch   = errors.New("no file matches this pattern")
)

// Files turns arguments into sources: files, patterns as a shell has them
// (their matches in the order of their names), "-" for standard input. A file
// given twice - by two patterns, by a hard or symbolic link, or as
// access.log.1 next to access.log.1.gz with the same lines - is one source.
// What cannot be read is in the error, one *InputError for each argument,
// joined; the readable rest is returned all the same.
func Files(args []string) ([]Source, error) {
	var set fileSet
	var errs []error
	for _, arg := range args {
		if err := set.add(arg); err != nil {
			errs = append(errs, err)
		}
	}
	set.dropCopies()
	out := make([]Source, len(set.files))
	for i, f := range set.files {
		out[i] = f.Source
	}
	return out, errors.Join(errs...)
}

type file struct {
	Source
	info os.FileInfo
}

type fileSet struct{ files []*file }

func (s *fileSet) add(arg string) error {
	if arg == Stdin {
		return s.addStdin()
	}
	info, err := os.Stat(arg)
	if err == nil {
		return s.addFile(arg, info)
	}
	if !strings.ContainsAny(arg, "*?[") {
		return inputError(arg, err)
	}
	names, gerr := filepath.Glob(arg)
	if gerr != nil {
		return &InputError{Name: arg, Err: gerr, Hint: "a pattern is made of * ? [a-z]"}
	}
	sort.Strings(names)
	var errs []error
	found := false
	for _, name := range names {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			errs = append(errs, inputError(name, err))
		case info.IsDir():
			continue // a pattern means the files
		default:
			if err := s.addFile(name, info); err != nil {
				errs = append(errs, err)
			}
			found = true
		}
	}
	if !found && len(errs) == 0 {
		return unmatched(arg)
	}
	return errors.Join(errs...)
}

func (s *fileSet) addFile(name string, info os.FileInfo) error {
	mode := info.Mode()
	switch {
	case mode.IsDir():
		return directoryError(name)
	case mode&os.ModeNamedPipe != 0 || name == os.DevNull:
	case !mode.IsRegular():
		return &InputError{Name: name, Err: errSpecial, Hint: "name a file, a pipe or -"}
	}
	for _, f := range s.files {
		if f.info != nil && os.SameFile(f.info, info) {
			if f.Name != name {
				f.Same = append(f.Same, name)
			}
			return nil
		}
	}
	if mode.IsRegular() {
		probe, err := os.Open(name)
		if err != nil {
			return inputError(name, err)
		}
		probe.Close()
	}
	s.files = append(s.files, &file{Source: fileSource(name, info), info: info})
	return nil
}

func (s *fileSet) addStdin() error {
	for _, f := range s.files {
		if f.Name == Stdin {
			return nil
		}
	}
	src := Source{Name: Stdin, Once: true, Live: true, Open: func() (io.ReadCloser, error) { return io.NopCloser(os.Stdin), nil }}
	info, err := os.Stdin.Stat()
	if err == nil && info.Mode().IsRegular() {
		src.Live, src.Size = false, info.Size()
	}
	s.files = append(s.files, &file{Source: src})
	return nil
}

// NewStream returns a Source that reads r, which is a pipe or the like.
func NewStream(name string, r io.Reader) Source {
	return Source{Name: name, Once: true, Live: true, Open: func() (io.ReadCloser, error) { return io.NopCloser(r), nil }}
}

func fileSource(name string, info os.FileInfo) Source {
	if !info.Mode().IsRegular() {
		return Source{Name: name, Once: true, Live: true, Open: func() (io.ReadCloser, error) { return os.Open(name) }}
	}
	size := info.Size()
	return Source{Name: name, Size: size, Open: func() (io.ReadCloser, error) { return openFile(name) }}
}

// openFile opens a file to be read up to the size that it has now: what is
// written meanwhile is for the next run.
func openFile(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, inputError(name, err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, inputError(name, err)
	}
	return &limited{f: f, left: info.Size(), special: !info.Mode().IsRegular() || info.Size() == 0}, nil
}

// limited is a file of which no more is read than there was at first. Files
// without a size (/proc, /dev/fd) are read to their end.
type limited struct {
	f       *os.File // not embedded: its WriteTo knows no limit
	left    int64
	special bool
}

func (l *limited) Read(p []byte) (int, error) {
	if l.special {
		return l.f.Read(p)
	}
	if l.left <= 0 {
		return 0, io.EOF
	}
	n, err := l.f.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

func (l *limited) Close() error { return l.f.Close() }
