package ingest

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"
)

const (
	tick     = 500 * time.Millisecond // how often an idle merge looks up
	discover = time.Second            // how often new sources are asked for
)

// merge puts the records of all lanes in order. All but jobs and wake belongs
// to one goroutine.
type merge struct {
	ctx     context.Context
	o       Options
	deliver func(*Batch, int, int) error
	proxies *proxies
	jobs    chan *job
	wake    chan struct{}

	lanes   []*lane // all, by index
	waiting []*lane // not open yet, by first record
	active  []*lane // open, by index
	spare   []*job
	asked   time.Time // when Discover was asked
}

// adopt adds sources.
func (m *merge) adopt(sources []Source) {
	for i := range sources {
		s := &sources[i]
		l := &lane{m: m, source: s, index: len(m.lanes), newFormat: m.o.Format, stats: &SourceStats{Name: s.Name}, first: math.MinInt64}
		m.lanes = append(m.lanes, l)
		m.waiting = append(m.waiting, l)
	}
	if len(m.lanes) > 1 {
		for _, l := range m.waiting {
			if m.ctx.Err() == nil {
				l.probe()
			}
		}
	}
	slices.SortStableFunc(m.waiting, func(a, b *lane) int {
		if a.first != b.first {
			if a.first < b.first {
				return -1
			}
			return 1
		}
		return a.index - b.index
	})
	// An endless source starts where its file ends now, so it cannot wait.
	m.waiting = slices.DeleteFunc(m.waiting, func(l *lane) bool {
		if l.source.Endless {
			m.start(l)
		}
		return l.source.Endless
	})
}

// alone tells whether there is nothing to merge with.
func (m *merge) alone() bool { return len(m.active) == 1 && len(m.waiting) == 0 && m.o.Discover == nil }

// loop delivers until everything is.
func (m *merge) loop() error {
	for {
		if err := m.ctx.Err(); err != nil {
			return context.Cause(m.ctx)
		}
		m.discover()
		head, wait := m.heads()
		switch {
		case wait:
			m.sleep()
		case len(m.waiting) > 0 && (head == nil || m.waiting[0].first <= head.key(head.lo)):
			m.open()
		case head != nil:
			if err := m.run(head); err != nil {
				return err
			}
		case len(m.active) == 0 && !m.o.Await:
			return nil
		default:
			m.sleep() // endless lanes, or none yet, and nothing to do
		}
	}
}

// heads returns the lane whose head comes first, and whether that may change
// as long as a lane has none.
func (m *merge) heads() (first *lane, wait bool) {
	kept := m.active[:0]
	for _, l := range m.active {
		ok := l.poll()
		if l.over() {
			m.close(l)
			continue
		}
		kept = append(kept, l)
		switch {
		case !ok:
			wait = wait || l.waitsFor()
		case first == nil || l.key(l.lo) < first.key(first.lo):
			first = l // lanes are in the order of the sources, so ties are too
		}
	}
	m.active = kept
	return first, wait
}

// run delivers records of l up to where another lane comes first.
func (m *merge) run(l *lane) error {
	lo, n := l.lo, len(l.cur.Records)
	bound, open := l.bound()
	hi := n
	if !open {
		for hi = lo + 1; hi < n && l.sure(hi) && l.key(hi) <= bound; hi++ {
		}
	} else if !m.alone() && !l.sure(n-1) {
		hi = max(n-1, lo+1)
	}
	l.lo = hi
	return m.deliver(&l.cur.Batch, lo, hi)
}

// bound returns the latest key up to which l comes before all other lanes;
// open if there are none.
func (l *lane) bound() (bound int64, open bool) {
	bound, open = math.MaxInt64, true
	limit := func(key int64, index int) {
		if index < l.index && key > math.MinInt64 {
			key-- // the other comes first if equal
		}
		bound, open = min(bound, key), false
	}
	for _, o := range l.m.active {
		if o != l && o.cur != nil && o.lo < len(o.cur.Records) {
			limit(o.key(o.lo), o.index)
		}
	}
	if w := l.m.waiting; len(w) > 0 {
		limit(w[0].first, -1)
	}
	return bound, open
}

// open starts the next lane.
func (m *merge) open() {
	l := m.waiting[0]
	m.waiting = m.waiting[1:]
	m.start(l)
}

func (m *merge) start(l *lane) {
	i, _ := slices.BinarySearchFunc(m.active, l.index, func(a *lane, index int) int { return a.index - index })
	m.active = slices.Insert(m.active, i, l)
	l.start(&m.spare)
}

// close ends a lane that is over.
func (m *merge) close(l *lane) {
	if l.err != nil {
		l.stats.Err = sourceError(l.source.Name, l.err)
	}
	l.countLosses()
	l.formats = nil
	for {
		select {
		case j := <-l.free:
			j.lane = nil
			m.spare = append(m.spare, j)
			continue
		default:
		}
		return
	}
}

func (m *merge) closeAll() {
	for _, l := range m.active {
		l.countLosses()
	}
}

// book adds what a Batch counts, in the order of its source.
func (m *merge) book(l *lane, j *job) {
	l.stats.add(&j.Batch)
	m.o.Progress.Bytes.Add(j.Bytes)
	m.o.Progress.Lines.Add(j.Lines)
	if m.o.Rejected != nil && len(j.Rejects) > 0 {
		m.o.Rejected(&j.Batch)
	}
}

// sleep waits until something happens, and says that nothing does.
func (m *merge) sleep() {
	d := tick
	for _, l := range m.active {
		if !l.quiet.IsZero() && time.Since(l.quiet) < patience {
			d = patience / 2
		}
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-m.wake:
	case <-m.ctx.Done():
	case now := <-t.C:
		if m.o.Idle != nil && d == tick {
			m.o.Idle(now)
		}
	}
}

func (m *merge) discover() {
	if m.o.Discover == nil || time.Since(m.asked) < discover {
		return
	}
	m.asked = time.Now()
	if more := m.o.Discover(); len(more) > 0 {
		m.adopt(more)
	}
}

func (m *merge) results() []SourceStats {
	out := make([]SourceStats, len(m.lanes))
	for i, l := range m.lanes {
		out[i] = *l.stats
	}
	return out
}

func sourceError(name string, err error) error {
	var ie *InputError
	if errors.As(err, &ie) {
		return err
	}
	return inputError(name, err)
}

// countLosses asks a follower what it lost.
func (l *lane) countLosses() {
	if f, ok := l.source.lossy.(interface {
		Losses() (lost, truncated int64)
	}); ok {
		l.stats.Lost, l.stats.Truncated = f.Losses()
	}
}
