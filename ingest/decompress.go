package ingest

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// Errors of a source that was read as far as possible.
var (
	// ErrIncomplete says that a source ended in the middle: what came before
	// has been read.
	ErrIncomplete = errors.New("the data end too early")
	// ErrDamaged says that a checksum does not match, or that compressed data
	// make no sense from some point on: what came before has been read.
	ErrDamaged = errors.New("the compressed data are damaged")
	// ErrTrailing says that something follows the compressed data.
	ErrTrailing = errors.New("something else follows the compressed data")
	// ErrBomb says that data were compressed as no log is.
	ErrBomb = errors.New("decompresses to more than a log can: not read any further")
)

const (
	zstdWindow = 128 << 20 // memory a zstd frame may ask for: that of --long
	bombSize   = 1 << 30   // bytes without a line end ...
	bombRatio  = 200       // ... from so many times fewer compressed ones are no log
)

type codec struct {
	name  string
	magic string
	open  func(io.Reader) (io.Reader, error)
}

var codecs = []codec{
	{"gzip", "\x1f\x8b", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{"zstd", "\x28\xb5\x2f\xfd", openZstd},
	{"bzip2", "BZh", func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
	{"xz", "\xfd7zXZ\x00", func(r io.Reader) (io.Reader, error) { return xz.NewReader(r) }},
}

func openZstd(r io.Reader) (io.Reader, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(zstdWindow), zstd.WithDecoderMaxWindow(zstdWindow))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

// sniff reads as many bytes of r as it takes to tell which codec wrote it, and
// returns nil if none did.
func sniff(r io.Reader) (c *codec, head []byte, err error) {
	for {
		maybe := false
		for i := range codecs {
			m := codecs[i].magic
			if len(head) >= len(m) && string(head[:len(m)]) == m {
				return &codecs[i], head, nil
			}
			maybe = maybe || len(head) < len(m) && m[:len(head)] == string(head)
		}
		if !maybe || err != nil {
			break
		}
		var n int
		var next [16]byte
		n, err = r.Read(next[:])
		head = append(head, next[:n]...)
	}
	if err == io.EOF {
		err = nil
	}
	return nil, head, err
}

// decompress returns a reader of what r holds, decompressed if need be, by its
// first bytes and not by its name. A compressed source is decoded on a
// goroutine of its own, ahead of the reader.
func decompress(r io.Reader, name string, raw *atomic.Int64) (io.Reader, error) {
	in := &counter{r: r, total: raw}
	c, head, err := sniff(in)
	if err != nil {
		return nil, err
	}
	rejoined := io.MultiReader(bytes.NewReader(head), in)
	if c == nil {
		return &rejoinedReader{head: head, r: in}, nil
	}
	dec, err := c.open(rejoined)
	if err != nil {
		return nil, fmt.Errorf("%s data: %w", c.name, reason(err, false))
	}
	return newAhead(&decoder{codec: c.name, name: name, dec: dec, in: in}), nil
}

// rejoinedReader gives back the bytes that sniff took.
type rejoinedReader struct {
	head []byte
	r    io.Reader
}

func (s *rejoinedReader) Read(p []byte) (int, error) {
	if len(s.head) > 0 {
		n := copy(p, s.head)
		s.head = s.head[n:]
		return n, nil
	}
	return s.r.Read(p)
}

func (s *rejoinedReader) wait(d time.Duration) bool {
	if len(s.head) > 0 {
		return true
	}
	w, ok := s.r.(waiter)
	return ok && w.wait(d)
}

func (c *counter) wait(d time.Duration) bool {
	w, ok := c.r.(waiter)
	return ok && w.wait(d)
}

// counter counts the bytes read, here and for all sources together.
type counter struct {
	r     io.Reader
	n     int64
	total *atomic.Int64 // may be nil
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.total != nil && n > 0 {
		c.total.Add(int64(n))
	}
	return n, err
}

// decoder is a decompressor that distrusts its input.
type decoder struct {
	codec, name string
	dec         io.Reader
	in          *counter
	out, line   int64 // bytes decoded, and of them since the last line end
	sniffed     bool
}

func (d *decoder) Read(p []byte) (int, error) {
	n, err := d.dec.Read(p)
	if i := bytes.LastIndexByte(p[:n], '\n'); i >= 0 {
		d.line = int64(n - i - 1)
	} else {
		d.line += int64(n)
	}
	if !d.sniffed && n > 0 {
		d.sniffed = true
		for i := range codecs {
			if m := codecs[i].magic; n > len(m) && string(p[:len(m)]) == m {
				return 0, fmt.Errorf("%s data inside %s data: compressed twice; decompress it once", codecs[i].name, d.codec)
			}
		}
	}
	d.out += int64(n)
	if d.line > bombSize && d.out > bombRatio*d.in.n {
		return 0, fmt.Errorf("%s data: %w (%d bytes became %d)", d.codec, ErrBomb, d.in.n, d.out)
	}
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%s data: %w", d.codec, reason(err, d.out > 0))
	}
	return n, err
}

// reason turns a decompressor's error into one of ours, if that is what it
// means.
func reason(err error, begun bool) error {
	var structural bzip2.StructuralError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return ErrIncomplete
	case errors.Is(err, gzip.ErrHeader) && begun, errors.Is(err, zstd.ErrMagicMismatch) && begun:
		return ErrTrailing
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zstd.ErrCRCMismatch), errors.As(err, &structural):
		return fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	return fmt.Errorf("%w (%w)", ErrDamaged, err)
}
