package ingest

import (
	"context"
	"math"
	"time"
)

// lane is a source on its way through the merge.
type lane struct {
	m      *merge
	source *Source
	index  int
	stats  *SourceStats
	first  int64 // no record of the source that is delivered is earlier than its head, and that not earlier than this

	newFormat func() Format
	formats   []Format // one for each worker

	free  chan *job // to be filled
	queue chan *job // filled, in the order of the source
	err   error     // set before queue is closed

	// What follows belongs to the merge.
	flying *job // taken off the queue, perhaps not parsed yet
	cur    *job
	lo     int  // first record of cur not delivered
	next   *job // behind cur
	closed bool
	quiet  time.Time // since when there is nothing, if that is so
}

func (l *lane) formatFor(worker int) Format {
	if l.formats[worker] == nil {
		l.formats[worker] = l.newFormat()
	}
	return l.formats[worker]
}

// probe looks into a source that can be opened again: what format it has, and
// when it begins.
func (l *lane) probe() {
	l.first = math.MinInt64
	if l.source.Once || l.source.Endless {
		return
	}
	in, err := l.source.open(nil)
	if err != nil {
		return // will fail again, and be reported then
	}
	defer in.Close()
	head := &headed{src: in.r}
	lines := head.lines(false)
	if l.newFormat == nil {
		l.newFormat = Guess(lines).New
	}
	b := Batch{buf: head.head, place: place{line: 1}}
	l.m.parser().parse(&b, l.newFormat())
	switch n := len(b.Records); {
	case n > 1:
		l.first = min(b.Records[0].Time, b.Records[1].Time)
	case !l.m.o.Since.IsZero():
		l.first = l.m.o.Since.UnixNano()
	case n > 0 && head.err != nil:
		l.first = b.Records[0].Time
	}
}

// start opens the lane and lets its reader run.
func (l *lane) start(spare *[]*job) {
	m := l.m
	depth, block := m.o.Workers+2, m.o.BlockSize
	if n := len(m.active) + 1; n > 4 {
		depth, block = 3, min(block, max(4<<20/n, 16<<10))
	}
	l.free, l.queue = make(chan *job, depth), make(chan *job, depth)
	for range depth {
		j := &job{}
		if n := len(*spare); n > 0 {
			j, *spare = (*spare)[n-1], (*spare)[:n-1]
		}
		j.lane = l
		l.free <- j
	}
	l.formats = make([]Format, m.o.Workers)
	go func() {
		l.err = l.read(block)
		close(l.queue)
		m.signal()
	}()
}

// read fills jobs until the source ends.
func (l *lane) read(block int) error {
	ctx := l.m.ctx
	in, err := l.source.open(&l.m.o.Progress.Stored)
	if err != nil {
		return err
	}
	defer in.Close()
	defer context.AfterFunc(ctx, func() { in.Close() })()
	live := l.source.Live || l.source.Endless
	src := in.r
	if l.newFormat == nil {
		if l.source.Endless {
			if l.source.Sample != nil {
				if lines := splitLines(l.source.Sample()); len(lines) > 0 {
					l.newFormat = Guess(lines).New
				}
			}
		} else {
			head := &headed{src: src}
			l.newFormat = Guess(head.lines(live)).New
			src = head
		}
	}
	c := newChunker(src, block, l.m.o.MaxLine, live)
	for {
		var j *job
		select {
		case j = <-l.free:
		case <-ctx.Done():
			return nil
		}
		j.done.Store(false)
		if !c.next(&j.Batch) {
			l.free <- j
			return c.err
		}
		if l.newFormat == nil {
			l.newFormat = Guess(splitLines(j.Batch.buf)).New
		}
		l.queue <- j // has room for all jobs
		select {
		case l.m.jobs <- j:
		case <-ctx.Done():
			return nil
		}
	}
}

// take returns the next Batch with records that is parsed, or nil.
func (l *lane) take() *job {
	for !l.closed {
		if l.flying == nil {
			select {
			case j, ok := <-l.queue:
				if !ok {
					l.closed = true
					return nil
				}
				l.flying = j
			default:
				return nil
			}
		}
		j := l.flying
		if !j.done.Load() {
			return nil
		}
		l.flying = nil
		l.m.book(l, j)
		if len(j.Records) > 0 {
			return j
		}
		l.free <- j
	}
	return nil
}

// poll brings the head of the lane up to date and reports whether there is one
// whose place in the merge is certain.
func (l *lane) poll() bool {
	if l.cur != nil && l.lo == len(l.cur.Records) {
		l.free <- l.cur
		l.cur, l.lo, l.next = l.next, 0, nil
	}
	if l.cur == nil {
		if l.cur = l.take(); l.cur == nil {
			return false
		}
		l.lo = 0
	}
	l.quiet = time.Time{}
	if l.next == nil && l.lo == len(l.cur.Records)-1 && !l.m.alone() {
		l.next = l.take()
		return l.next != nil || l.closed || l.source.Endless
	}
	return true
}

// over tells whether the lane has nothing left.
func (l *lane) over() bool { return l.closed && l.cur == nil }

// key is the time by which record i of the head Batch takes its place in the
// merge: its own, or that of the record behind it if that is earlier. So one
// time stamp far in the future does not hold back what follows it.
func (l *lane) key(i int) int64 {
	recs := l.cur.Records
	t := recs[i].Time
	if i+1 < len(recs) {
		return min(t, recs[i+1].Time)
	}
	if l.next != nil {
		return min(t, l.next.Records[0].Time)
	}
	return t
}

// sure tells whether key(i) is final.
func (l *lane) sure(i int) bool {
	return i+1 < len(l.cur.Records) || l.next != nil || l.closed || l.source.Endless
}

// waitsFor tells whether the merge has to wait for the lane, which has no
// head. An endless one is waited for a little only.
func (l *lane) waitsFor() bool {
	if l.closed {
		return false
	}
	if !l.source.Endless || l.flying != nil {
		return true
	}
	if l.quiet.IsZero() {
		l.quiet = time.Now()
	}
	return time.Since(l.quiet) < patience
}
