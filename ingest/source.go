package ingest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// Source is one log to be read.
type Source struct {
	Name string
	// Open returns the bytes as they are stored; Run decompresses them.
	Open func() (io.ReadCloser, error)
	// Size is how many bytes Open's reader has; 0 if nobody knows.
	Size int64
	// Once: it can be opened one time only (a pipe).
	Once bool
	// Live: its lines are worth handing over as soon as they come, instead of
	// a block at a time.
	Live bool
	// Endless: it has no end. Other sources are not held back for it.
	Endless bool
	// Sample returns the first lines of the log, if Open's reader does not
	// start there. It may be nil.
	Sample func() []byte
	lossy  any // a follower, which knows what it lost

	// Same are further names under which the same file was given.
	Same []string
}

// SourceStats is what is known of a source after (or during) a Run.
type SourceStats struct {
	Name        string
	Format      string // "" if nothing was read
	Lines       int64  // = Parsed + Blank + Outside + the sum of Flaws
	Parsed      int64
	Blank       int64
	Outside     int64            // left out by Options.Since and Until
	Bytes       int64            // decompressed
	First, Last int64            // earliest and latest Record.Time (Unix ns); 0 if there is no Record
	Flaws       [NumFlaws]int64  // by Flaw
	Samples     [NumFlaws][]byte // the first line with each flaw, at most 200 bytes of it
	Lost        int64            // bytes that a rotation took away before they could be read (a follower's count)
	Truncated   int64            // how often the file was truncated while it was followed
	Err         error            // why the source was not read, or not to its end
}

// Rejected is how many lines could not be read: the Flaws that are a loss.
func (s *SourceStats) Rejected() int64 {
	n := int64(0)
	for f := range s.Flaws {
		if Flaw(f).Loss() {
			n += s.Flaws[f]
		}
	}
	return n
}

const sampleBytes = 200

func (s *SourceStats) add(b *Batch) {
	if s.Format == "" || len(b.Records) > 0 {
		s.Format = b.Format
	}
	s.Lines += b.Lines
	s.Blank += b.Blank
	s.Outside += b.Outside
	s.Bytes += b.Bytes
	for i := range b.Rejects {
		r := &b.Rejects[i]
		s.Flaws[r.Flaw]++
		if s.Flaws[r.Flaw] == 1 {
			s.Samples[r.Flaw] = append([]byte{}, r.Text[:min(len(r.Text), sampleBytes)]...)
		}
	}
	if len(b.Records) == 0 {
		return
	}
	if s.Parsed == 0 {
		s.First, s.Last = b.first, b.last
	}
	s.Parsed += int64(len(b.Records))
	s.First, s.Last = min(s.First, b.first), max(s.Last, b.last)
}

// input is an open Source.
type input struct {
	r      io.Reader
	closer io.Closer
	ahead  io.Closer
}

func (s *Source) open(raw *atomic.Int64) (*input, error) {
	f, err := s.Open()
	if err != nil {
		return nil, err
	}
	in := &input{closer: f}
	if s.Endless {
		in.r = f // a follower decompresses nothing and knows its places
		return in, nil
	}
	var src io.Reader = f
	if s.Live {
		a := newAhead(f)
		src, in.ahead = a, a
	}
	if in.r, err = decompress(src, s.Name, raw); err != nil {
		in.Close()
		return nil, err
	}
	if a, ok := in.r.(*ahead); ok {
		in.ahead = closers{a, in.ahead}
	}
	return in, nil
}

func (in *input) Close() error {
	if in.ahead != nil {
		in.ahead.Close()
	}
	return in.closer.Close()
}

type closers []io.Closer

func (cs closers) Close() error {
	for _, c := range cs {
		if c != nil {
			c.Close()
		}
	}
	return nil
}

// InputError says which argument cannot be read, why, and what to do.
type InputError struct {
	Name string
	Err  error
	Hint string // "" if there is nothing to advise
}

func (e *InputError) Error() string { return fmt.Sprintf("%s: %v", e.Name, e.Err) }

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

func inputError(name string, err error) *InputError {
	e := &InputError{Name: name, Err: err}
	var pe *os.PathError
	if errors.As(err, &pe) {
		e.Err = pe.Err
	}
	switch {
	case errors.Is(err, os.ErrNotExist):
		e.Hint = "check the path; quote a pattern that your shell should not expand"
	case errors.Is(err, os.ErrPermission):
		e.Hint = "run as a user who may read it (on Debian and Ubuntu: a member of group adm)"
	}
	return e
}
