package ingest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"time"
)

var errCompressed = errors.New("is compressed: nothing will be written to it")

const (
	anchorSize = 256      // bytes before the read position that are compared
	headBytes  = 1 << 10  // bytes at the start of a file that tell files apart
	sampleTail = 64 << 10 // bytes at the end of a file by which its format is guessed
)

// fileID tells files apart as long as they exist.
type fileID struct{ dev, ino uint64 }

// generation is one file that a path has named, being read. A file that is
// truncated starts a new number. A file is known by more than its inode: inodes
// are used again at once, and two logs may well begin alike.
type generation struct {
	f        *os.File
	id       fileID
	num      int
	off      int64     // read so far
	size     int64     // when last looked at
	changed  time.Time // modification time then
	anchor   []byte    // the last bytes before off
	partial  bool      // the last byte read ends no line
	grown    time.Time // when something was last read
	replaced time.Time // when path named another file
}

// truncated tells whether what has been read is not there any more: the file
// is shorter, or it has grown again over the old place, and other bytes stand
// in front of that. lost is how much was seen to be there and never read.
func (g *generation) truncated() (cut bool, lost int64, err error) {
	info, err := g.f.Stat()
	if err != nil {
		return false, 0, err
	}
	size, changed := info.Size(), info.ModTime()
	if size == g.size && changed.Equal(g.changed) {
		return false, 0, nil
	}
	switch {
	case size < g.off:
		cut = true
	case len(g.anchor) > 0:
		was := make([]byte, len(g.anchor))
		if _, err := g.f.ReadAt(was, g.off-int64(len(was))); err != nil && err != io.EOF {
			return false, 0, err
		}
		cut = !bytes.Equal(was, g.anchor)
	}
	if cut {
		lost = max(g.size-g.off, 0)
	}
	g.size, g.changed = size, changed
	return cut, lost, nil
}

func (g *generation) restart(num int) {
	g.num, g.off, g.anchor, g.partial = num, 0, g.anchor[:0], false
}

// read reads what there is behind off. A hole at the start of the file, which
// a writer leaves that goes on at its old place after a truncation, is skipped
// without reading it.
func (g *generation) read(p []byte, now time.Time) (off int64, n int, err error) {
	if g.off >= g.size {
		return g.off, 0, nil
	}
	if g.off == 0 {
		if data, ok := skipHole(g.f, 0); ok && data < g.size {
			g.off = data
		}
	}
	off = g.off
	n, err = g.f.ReadAt(p[:min(int64(len(p)), g.size-off)], off)
	if err == io.EOF {
		err = nil
	}
	if n == 0 {
		return off, 0, err
	}
	g.off += int64(n)
	g.anchor = append(g.anchor, p[max(0, n-anchorSize):n]...)
	if extra := len(g.anchor) - anchorSize; extra > 0 {
		g.anchor = append(g.anchor[:0], g.anchor[extra:]...)
	}
	g.partial = p[n-1] != '\n'
	g.grown = now
	return off, n, nil
}

// moveTo goes to an offset, or with atEnd to the start of the last, unfinished
// line of the file: what comes next is a whole line.
func (g *generation) moveTo(off int64) {
	if g.off = off; off == atEnd {
		g.off = 0
		g.toEnd()
	}
	n := min(g.off, anchorSize)
	g.anchor = make([]byte, n)
	if _, err := g.f.ReadAt(g.anchor, g.off-n); err != nil {
		g.anchor = nil
	}
}

func (g *generation) toEnd() {
	buf := make([]byte, 64<<10)
	for end := g.size; end > 0; {
		n := min(int64(len(buf)), end)
		if _, err := g.f.ReadAt(buf[:n], end-n); err != nil {
			break
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			g.off = end - n + int64(i) + 1
			break
		}
		end -= n
		if g.size-end > defaultMaxLine {
			g.off = g.size
			break
		}
	}
}

func (g *generation) head() []byte {
	buf := make([]byte, headBytes)
	n, _ := g.f.ReadAt(buf, 0)
	return buf[:n]
}

func compressed(head []byte) bool {
	for _, c := range codecs {
		if bytes.HasPrefix(head, []byte(c.magic)) {
			return true
		}
	}
	return false
}

// sampleOf returns the last whole lines of a file.
func sampleOf(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	n := min(info.Size(), sampleTail)
	buf := make([]byte, n)
	if _, err := f.ReadAt(buf, info.Size()-n); err != nil {
		return nil
	}
	if n < info.Size() {
		buf = buf[bytes.IndexByte(buf, '\n')+1:]
	}
	return buf[:bytes.LastIndexByte(buf, '\n')+1]
}
