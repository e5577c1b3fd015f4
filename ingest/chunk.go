package ingest

import (
	"bytes"
	"errors"
	"io"
)

const (
	defaultBlock   = 128 << 10 // bytes of a block; of larger ones the Records fall out of the cache
	defaultMaxLine = 1 << 20   // nginx writes up to 128 KiB for one request with escapes
	minBlock       = 512
)

// placer is a reader whose bytes do not simply follow each other: a file that
// is being rotated. At says where the bytes of the last Read came from.
type placer interface {
	At() (generation int, offset int64)
}

// chunker cuts a stream into blocks of whole lines. It holds at most one block
// and one line over, whatever the stream is.
type chunker struct {
	src     io.Reader
	at      placer // nil: offsets count up from 0
	block   int    // wanted size of a block
	maxLine int
	live    bool // hand lines over as soon as they are read

	carry    []byte // read, and not handed over
	pos      int64  // offset of carry[0]
	line     int64  // number of the line that carry[0] starts
	hole     int64  // NUL bytes dropped in front of carry
	lead     int64  // bytes of a byte order mark dropped
	over     int64  // > 0: inside an over-long line, so many bytes of it dropped
	overHole int64  // NUL bytes dropped in front of that line
	gen      int
	lines    map[int]int64 // line numbers reached in other generations, which may be read again
	moved    *[2]int64     // where carry really starts, when the stream jumped
	started  bool          // the start of the stream has been looked at
	wide     bool          // UTF-16
	finished bool
	err      error // what ended the stream; nil for its regular end
}

func newChunker(src io.Reader, block, maxLine int, live bool) *chunker {
	if block <= 0 {
		block = defaultBlock
	}
	if maxLine <= 0 {
		maxLine = defaultMaxLine
	}
	c := &chunker{src: src, block: max(block, minBlock), maxLine: maxLine, live: live, line: 1}
	c.at, _ = src.(placer)
	return c
}

// next fills b with the next whole lines, unparsed, and reports whether there
// were any.
func (c *chunker) next(b *Batch) bool {
	b.Reset()
	c.resume()
	buf := b.buf
	if need := max(c.block, len(c.carry)); cap(buf) < need || cap(buf) > 2*max(need, c.block) {
		buf = make([]byte, 0, need)
	}
	buf = append(buf[:0], c.carry...)
	c.carry = c.carry[:0]
	end := bytes.LastIndexByte(buf, '\n') + 1 // whole lines so far
	for empty := 0; ; {
		if buf, end = c.start(buf, end); c.finished {
			return c.emit(b, buf, len(buf), end < len(buf))
		}
		if end > 0 && (c.live || len(buf) == cap(buf)) {
			if whole := unsplit(buf, end, c.maxLine/2); whole > 0 {
				return c.emit(b, buf, whole, false)
			}
		}
		if len(buf) == cap(buf) {
			if b.place.over > 0 && len(buf) > c.maxLine && buf[0] != 0 {
				return c.emit(b, buf, 0, false) // one over-long line a block
			}
			buf = c.room(buf)
		}
		n, err := c.src.Read(buf[len(buf):cap(buf)])
		if err != nil {
			c.finished = true
			if !errors.Is(err, io.EOF) {
				c.err = err
			}
		} else if n == 0 {
			if empty++; empty == 100 {
				c.finished, c.err = true, io.ErrNoProgress
			}
			continue
		}
		empty = 0
		if c.jumped(buf, n) {
			if c.over > 0 {
				c.skipped(b)
			}
			c.carry = append(c.carry[:0], buf[len(buf):len(buf)+n]...)
			return c.emit(b, buf, len(buf), end < len(buf)) || c.next(b)
		}
		buf, end = c.take(b, buf, end, n)
		if c.finished && c.over > 0 {
			c.skipped(b)
		}
	}
}

// take adopts n bytes read behind buf.
func (c *chunker) take(b *Batch, buf []byte, end, n int) ([]byte, int) {
	fresh := buf[len(buf) : len(buf)+n]
	if c.over > 0 {
		i := bytes.IndexByte(fresh, '\n')
		if i < 0 {
			c.over += int64(n)
			return buf, end
		}
		c.over += int64(i + 1)
		c.skipped(b)
		buf = append(buf, fresh[i+1:]...) // moves down: buf is empty inside an over-long line
		return buf, bytes.LastIndexByte(buf, '\n') + 1
	}
	if i := bytes.LastIndexByte(fresh, '\n'); i >= 0 {
		end = len(buf) + i + 1
	}
	return buf[:len(buf)+n], end
}

// room makes room behind buf, which one unfinished line fills: NULs in front
// of it go (a hole that a truncation left), an over-long line goes altogether,
// and otherwise the buffer grows.
func (c *chunker) room(buf []byte) []byte {
	if n := leadingNULs(buf); n > 0 {
		c.hole += int64(n)
		c.pos += int64(n)
		return append(buf[:0], buf[n:]...)
	}
	if len(buf) > c.maxLine {
		c.over = int64(len(buf))
		c.overHole, c.hole = c.hole, 0
		return buf[:0]
	}
	return append(make([]byte, 0, min(2*cap(buf), c.maxLine+minBlock)), buf...)
}

// skipped books the over-long line that ends here into b.
func (c *chunker) skipped(b *Batch) {
	b.place.over, b.place.overAt, b.place.overHole = c.over, c.pos, c.overHole
	c.pos += c.over
	c.line++
	c.over, c.overHole = 0, 0
}

// emit hands buf[:end] over and keeps the rest.
func (c *chunker) emit(b *Batch, buf []byte, end int, cut bool) bool {
	rest := buf[end:]
	b.buf = buf[:end]
	p := &b.place
	p.pos, p.line, p.cut, p.wide = c.pos, c.line, cut, c.wide
	if end > 0 || c.finished || c.moved != nil {
		p.hole, c.hole = c.hole, 0
	}
	b.Bytes = int64(end) + p.hole + p.over + p.overHole + c.lead
	c.lead = 0
	p.lines = bytes.Count(b.buf, newline)
	if cut {
		p.lines++
	}
	c.line += int64(p.lines)
	c.pos += int64(end)
	if c.moved == nil {
		c.carry = append(c.carry, rest...)
	}
	return end > 0 || p.over > 0 || p.hole > 0
}

var newline = []byte{'\n'}

// jumped tells whether the n bytes just read behind buf do not follow it, and
// notes where they belong. What buf holds is then all there is of its line.
func (c *chunker) jumped(buf []byte, n int) bool {
	if c.at == nil || n == 0 {
		return false
	}
	gen, off := c.at.At()
	if gen == c.gen && off == c.pos+int64(len(buf))+c.over {
		return false
	}
	c.moved = &[2]int64{int64(gen), off}
	return true
}

// resume goes on behind a jump.
func (c *chunker) resume() {
	if c.moved == nil {
		return
	}
	gen := int(c.moved[0])
	if gen != c.gen {
		if c.lines == nil || len(c.lines) > 64 {
			c.lines = make(map[int]int64)
		}
		c.lines[c.gen] = c.line
		c.line, c.started, c.wide = max(c.lines[gen], 1), false, false
	}
	c.gen, c.pos, c.over, c.moved = gen, c.moved[1], 0, nil
}

// start looks at the first bytes of a stream: a UTF-8 byte order mark goes, a
// UTF-16 one is remembered.
func (c *chunker) start(buf []byte, end int) ([]byte, int) {
	if c.started || len(buf) < 3 && !c.finished {
		return buf, end
	}
	c.started = true
	if c.pos != 0 {
		return buf, end
	}
	if bytes.HasPrefix(buf, bomUTF8) {
		c.pos, c.lead = 3, 3
		return append(buf[:0], buf[3:]...), max(end-3, 0)
	}
	c.wide = bytes.HasPrefix(buf, bomUTF16LE) || bytes.HasPrefix(buf, bomUTF16BE)
	return buf, end
}

var (
	bomUTF8    = []byte{0xEF, 0xBB, 0xBF}
	bomUTF16LE = []byte{0xFF, 0xFE}
	bomUTF16BE = []byte{0xFE, 0xFF}
)

func leadingNULs(b []byte) int {
	n := 0
	for len(b)-n >= len(noBytes) && string(b[n:n+len(noBytes)]) == string(noBytes[:]) {
		n += len(noBytes)
	}
	for n < len(b) && b[n] == 0 {
		n++
	}
	return n
}

var noBytes [512]byte
