package ingest

import (
	"fmt"
	"io"
	"time"
)

// Scanner reads a log on one goroutine, a block at a time. It is the simple
// way in; Run does the same on many.
type Scanner struct {
	name   string
	chunk  *chunker
	parser *parser
	format Format
}

// NewScanner returns a Scanner of the lines of src, which is not decompressed.
// The name is for error messages. If f is nil, the format is guessed from the
// first lines.
func NewScanner(src io.Reader, name string, f Format) *Scanner {
	s := &Scanner{name: name, format: f, parser: newParser(0, time.Time{}, time.Time{}, nil, nil)}
	if f == nil {
		head := &headed{src: src}
		s.format = Guess(head.lines(false)).New()
		src = head
	}
	s.chunk = newChunker(src, 0, 0, false)
	return s
}

// Scan fills b with the next block and reports whether there was one. What b
// held before is overwritten.
func (s *Scanner) Scan(b *Batch) bool {
	if !s.chunk.next(b) {
		return false
	}
	s.parser.parse(b, s.format)
	return true
}

// Err returns what ended the scan; nil if that was the end of the source.
func (s *Scanner) Err() error {
	if s.chunk.err == nil {
		return nil
	}
	return fmt.Errorf("read %s: %w", s.name, s.chunk.err)
}
