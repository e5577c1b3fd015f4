package ingest

import (
	"context"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Options say how Run reads. The zero value of each field means its default.
type Options struct {
	Format    func() Format  // makes a Format for one goroutine; nil: guessed for each source
	Workers   int            // parsing goroutines; default: one for each processor
	BlockSize int            // bytes parsed at a time; default 128 KiB
	MaxLine   int            // longer lines are skipped and counted; default 1 MiB
	Trusted   []netip.Prefix // proxies whose X-Forwarded-For is believed; default: none
	Location  *time.Location // zone of times that state none, see StatedZone; default UTC
	Since     time.Time      // records before it are left out; zero: none
	Until     time.Time      // records at or after it are left out; zero: none

	// Map is called once for each parsing goroutine. What it returns is called
	// there for each Batch, in no order and beside the others.
	Map func() func(*Batch)
	// Rejected is called where deliver is, for each Batch that has Rejects,
	// before its records are delivered.
	Rejected func(*Batch)
	// Idle is called where deliver is, about twice a second while nothing
	// arrives.
	Idle func(now time.Time)
	// Discover is called where deliver is, about once a second, and returns
	// sources that have come up since (new files that match a pattern). They
	// are numbered on from those that Run was given.
	Discover func() []Source
	// Await: go on though no source is open, for Discover may find some.
	Await bool
	// Progress, if not nil, is kept up to date while Run runs.
	Progress *Progress
}

// Progress counts what Run has done. Any goroutine may read it.
type Progress struct {
	Stored atomic.Int64 // bytes read of what is stored, compressed or not; compare with Source.Size
	Bytes  atomic.Int64 // bytes of log delivered
	Lines  atomic.Int64 // lines delivered
}

// Run reads sources on several goroutines and delivers their records on the
// caller's: the records of a source in its order, the sources merged by time
// (equal times: in the order of the sources). The order does not depend on
// Workers or BlockSize. deliver gets runs b.Records[lo:hi] and must keep
// nothing of b; if it returns an error, Run stops and returns that.
//
// No source is loaded whole: each open one takes up a few blocks, and a source
// is opened when the merge has come near its first record. A source that
// cannot be read, or not to its end, is no error of Run: its SourceStats say
// so, and the others go on.
func Run(ctx context.Context, sources []Source, o Options, deliver func(b *Batch, lo, hi int) error) ([]SourceStats, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.BlockSize <= 0 {
		o.BlockSize = defaultBlock
	}
	if o.MaxLine <= 0 {
		o.MaxLine = defaultMaxLine
	}
	if o.Progress == nil {
		o.Progress = new(Progress)
	}
	ctx, cancel := context.WithCancel(ctx)
	m := &merge{ctx: ctx, o: o, deliver: deliver, proxies: newProxies(o.Trusted),
		jobs: make(chan *job, o.Workers), wake: make(chan struct{}, 1)}
	var workers sync.WaitGroup
	for i := range o.Workers {
		workers.Go(func() { m.work(i) })
	}
	defer workers.Wait()
	defer cancel()
	m.adopt(sources)
	err := m.loop()
	m.closeAll()
	return m.results(), err
}

// job is a Batch on its way round: filled by a lane's reader, parsed by a
// worker, delivered by the merge.
type job struct {
	Batch
	lane *lane
	done atomic.Bool
}

func (m *merge) parser() *parser {
	return newParser(m.o.MaxLine, m.o.Since, m.o.Until, m.proxies, m.o.Location)
}

// work parses what comes.
func (m *merge) work(worker int) {
	p := m.parser()
	var also func(*Batch)
	if m.o.Map != nil {
		also = m.o.Map()
	}
	for {
		select {
		case <-m.ctx.Done():
			return
		case j := <-m.jobs:
			j.Source = j.lane.index
			p.parse(&j.Batch, j.lane.formatFor(worker))
			if also != nil {
				also(&j.Batch)
			}
			j.done.Store(true)
			m.signal()
		}
	}
}

// signal wakes the merge up.
func (m *merge) signal() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}
