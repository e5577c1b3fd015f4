package ingest

import (
	"io"
	"sync"
	"time"
)

const (
	aheadBlock  = 128 << 10
	aheadBlocks = 4
)

// ahead reads a slow reader on a goroutine of its own, a few blocks ahead.
type ahead struct {
	full chan piece
	free chan []byte
	stop chan struct{}
	once sync.Once
	cur  piece
	off  int
}

type piece struct {
	buf []byte
	err error
}

func newAhead(r io.Reader) *ahead {
	a := &ahead{full: make(chan piece, aheadBlocks), free: make(chan []byte, aheadBlocks), stop: make(chan struct{})}
	for range aheadBlocks {
		a.free <- nil
	}
	go a.run(r)
	return a
}

func (a *ahead) run(r io.Reader) {
	if c, ok := r.(*decoder); ok {
		if c, ok := c.dec.(io.Closer); ok {
			defer c.Close()
		}
	}
	for {
		var buf []byte
		select {
		case buf = <-a.free:
		case <-a.stop:
			return
		}
		if buf == nil {
			buf = make([]byte, aheadBlock)
		}
		n, err := r.Read(buf[:cap(buf)])
		a.full <- piece{buf[:n], err} // never blocks: as many places as blocks
		if err != nil {
			return
		}
	}
}

func (a *ahead) Read(p []byte) (int, error) {
	for a.off == len(a.cur.buf) {
		if a.cur.err != nil {
			return 0, a.cur.err
		}
		if a.cur.buf != nil {
			a.free <- a.cur.buf
		}
		select {
		case a.cur = <-a.full:
			a.off = 0
		case <-a.stop:
			a.cur = piece{err: io.ErrClosedPipe}
			a.off = 0
		}
	}
	n := copy(p, a.cur.buf[a.off:])
	a.off += n
	return n, nil
}

// wait reports whether Read returns at once, or will within d.
func (a *ahead) wait(d time.Duration) bool {
	if a.off < len(a.cur.buf) || a.cur.err != nil {
		return true
	}
	if a.cur.buf != nil {
		a.free <- a.cur.buf
		a.cur, a.off = piece{}, 0
	}
	t := time.NewTimer(max(d, 0))
	defer t.Stop()
	select {
	case a.cur = <-a.full:
		return true
	case <-t.C:
		return false
	}
}

// Close ends the goroutine, unless it is stuck in a Read: then it ends after
// that.
func (a *ahead) Close() error {
	a.once.Do(func() { close(a.stop) })
	return nil
}
