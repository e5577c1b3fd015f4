package ingest

import (
	"bytes"
	"io"
	"strings"
)

// copyHead is how much of two files is compared to know that one is the
// compressed copy of the other.
const copyHead = 64 << 10

// dropCopies removes access.log.1.gz if access.log.1 is there too and starts
// with the same lines: a rotation that has compressed the file, or is about
// to, and has not removed it yet. Files are never taken for copies by their
// content alone: two logs may well begin alike.
func (s *fileSet) dropCopies() {
	byName := make(map[string]*file, len(s.files))
	for _, f := range s.files {
		byName[f.Name] = f
	}
	kept := s.files[:0]
	for _, f := range s.files {
		plain := byName[stem(f.Name)]
		if plain == nil || plain == f || plain.Once || f.Once || !copyOf(f, plain) {
			kept = append(kept, f)
			continue
		}
		plain.Same = append(plain.Same, f.Name)
	}
	s.files = kept
}

// stem is the name of a compressed file without what compression added, or "".
func stem(name string) string {
	for _, ext := range []string{".gz", ".zst", ".bz2", ".xz"} {
		if s, ok := strings.CutSuffix(name, ext); ok {
			return s
		}
	}
	return ""
}

// copyOf tells whether the compressed file f holds the beginning of plain, or
// all of it.
func copyOf(f, plain *file) bool {
	a, err := headOf(&f.Source)
	if err != nil && len(a) == 0 {
		return false
	}
	b, _ := headOf(&plain.Source)
	return len(b) >= len(a) && bytes.Equal(a, b[:len(a)])
}

// headOf returns the first decompressed bytes of s, and an error if they are
// all there is and incomplete.
func headOf(s *Source) ([]byte, error) {
	in, err := s.open(nil)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	buf := make([]byte, copyHead)
	n, err := io.ReadFull(in.r, buf)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return buf[:n], err
}
