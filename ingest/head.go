package ingest

import (
	"bytes"
	"io"
	"time"
)

// headSize is how much of a source is looked at to know its format. It does
// not depend on the size of the blocks: neither may what is found.
const headSize = 256 << 10

// headed is a reader that has been looked ahead into.
type headed struct {
	src  io.Reader
	head []byte
	off  int // of head, handed over
	err  error
}

func (h *headed) Read(p []byte) (int, error) {
	if h.off < len(h.head) {
		n := copy(p, h.head[h.off:])
		if h.off += n; h.off == len(h.head) {
			h.head, h.off = nil, 0
		}
		return n, nil
	}
	if h.err != nil {
		return 0, h.err
	}
	return h.src.Read(p)
}

// lines returns the first lines of the source. From a live one it takes what
// comes with the first line or shortly after it.
func (h *headed) lines(live bool) [][]byte {
	buf := make([]byte, 0, headSize)
	var deadline time.Time
	for len(buf) < cap(buf) && h.err == nil {
		var n int
		n, h.err = h.src.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if !live || n == 0 || bytes.IndexByte(buf, '\n') < 0 {
			continue
		}
		if deadline.IsZero() {
			deadline = time.Now().Add(patience)
		}
		w, ok := h.src.(waiter)
		if !ok || bytes.Count(buf, newline) >= sampleLines || !w.wait(time.Until(deadline)) {
			break
		}
	}
	h.head = buf
	return splitLines(buf)
}

// waiter is a reader that knows whether a Read will return at once, or does so
// within a time.
type waiter interface{ wait(time.Duration) bool }

// patience is how long a live source may take to show more lines before its
// format is guessed, and how long others are held back for an endless one.
const patience = 200 * time.Millisecond

// splitLines returns the lines of buf. One that is cut off at the end counts
// only if it is the only one.
func splitLines(buf []byte) [][]byte {
	buf = bytes.TrimPrefix(buf, bomUTF8)
	var lines [][]byte
	for len(buf) > 0 {
		i := bytes.IndexByte(buf, '\n')
		if i < 0 {
			if lines == nil {
				lines = append(lines, buf)
			}
			break
		}
		line := bytes.TrimSuffix(buf[:i], []byte{'\r'})
		if line = line[leadingNULs(line):]; len(bytes.TrimSpace(line)) > 0 {
			lines = append(lines, line)
		}
		buf = buf[i+1:]
	}
	return lines
}
