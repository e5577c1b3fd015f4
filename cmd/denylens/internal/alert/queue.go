package alert

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Options say how a Queue groups and how long it is patient.
type Options struct {
	Spool      string        // folder; "" keeps what waits in memory
	GroupWait  time.Duration // how long news is collected that comes soon after a message
	DigestOver int           // more notices at once than this become one digest
	Gap        time.Duration // between two messages; default one second
	Warn       func(string)  // told what went wrong, from the Queue's goroutine; may be nil
}

// Stats count what became of the notices of a Queue.
type Stats struct {
	Delivered int64 // notices that the receiver took; a digest counts as those it covers
	Waiting   int   // not delivered yet, kept
	Dead      int64 // refused for good, given up
	Dropped   int64 // no room
	Repeated  int64 // delivered before, so not sent again
}

// Undelivered tells whether news did not reach its reader.
func (s Stats) Undelivered() bool { return s.Waiting > 0 || s.Dead > 0 || s.Dropped > 0 }

const (
	maxInbox   = 1000             // notices that Notify takes before the goroutine has seen them
	maxWaiting = 1000             // notices in the spool or in memory
	minGap     = time.Second      // between two messages, unless Options say else
	maxGap     = 30 * time.Second // the same after the receiver said that it is too fast
	probe      = time.Hour        // between two attempts while the destination is gone
	maxBackoff = 5 * time.Minute
	refusals   = 3 // attempts on an answer that we do not know
	refuseWait = 5 * time.Minute
	gather     = 200 * time.Millisecond // in which news that belongs together comes
)

// Queue sends notices to one Sink on a goroutine of its own.
type Queue struct {
	sink Sink
	opt  Options

	mu    sync.Mutex
	inbox []Notice
	stats Stats
	end   context.Context // set by Close: the time that is left
	wake  chan struct{}
	done  chan struct{}
	stop  context.CancelFunc

	// Below: of the goroutine alone.
	spool   *spool
	known   map[string]bool // IDs delivered
	order   []string        // the same, oldest first
	waiting []entry
	groupAt time.Time // when the news that waits may go
	tried   time.Time // when a message was sent last
	pace    pace
	dropped int64 // not told yet in a digest
}

// Open starts a Queue for sink; what a former run left in the spool comes
// first. The error is ErrLocked if another process has the spool.
func Open(sink Sink, o Options) (*Queue, error) {
	if o.Gap <= 0 {
		o.Gap = minGap
	}
	q := &Queue{sink: sink, opt: o, pace: pace{least: o.Gap}, wake: make(chan struct{}, 1), done: make(chan struct{}), known: map[string]bool{}}
	if o.Spool != "" {
		s, waiting, sent, bad, err := openSpool(o.Spool)
		if err != nil {
			return nil, err
		}
		q.spool = s
		for _, id := range sent {
			q.know(id)
		}
		q.adopt(waiting)
		if bad > 0 {
			q.warn("spool: " + plural(bad, "entry", "entries") + " could not be read and went to the folder dead")
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	q.stop = stop
	go q.run(ctx)
	return q, nil
}

// adopt takes over what a former run left: without what was delivered and what
// a digest covers already.
func (q *Queue) adopt(list []entry) {
	covered := map[string]bool{}
	for _, e := range list {
		for _, id := range e.notice.Covers {
			covered[id] = true
		}
	}
	for _, e := range list {
		if id := e.notice.ID; q.known[id] || covered[id] {
			q.spool.remove(e.name)
			continue
		}
		q.waiting = append(q.waiting, e)
	}
}

// Notify hands a notice over and returns at once.
func (q *Queue) Notify(n Notice) {
	q.mu.Lock()
	if len(q.inbox) < maxInbox {
		q.inbox = append(q.inbox, n)
	} else {
		q.stats.Dropped++
	}
	q.mu.Unlock()
	q.nudge()
}

func (q *Queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Stats tells what has become of the notices so far.
func (q *Queue) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stats
}

// Close sends what waits until ctx ends, or until nothing can be sent before
// its deadline, and stops the Queue. What is left stays in the spool.
func (q *Queue) Close(ctx context.Context) Stats {
	q.mu.Lock()
	q.end = ctx
	q.mu.Unlock()
	q.nudge()
	select {
	case <-q.done:
	case <-ctx.Done():
		q.stop()
		<-q.done
	}
	q.stop()
	return q.Stats()
}

func (q *Queue) count(f func(*Stats)) {
	q.mu.Lock()
	f(&q.stats)
	q.stats.Waiting = 0
	for i := range q.waiting {
		q.stats.Waiting += max(1, len(q.waiting[i].notice.Covers))
	}
	q.mu.Unlock()
}

// run is the Queue's goroutine.
func (q *Queue) run(ctx context.Context) {
	defer close(q.done)
	defer q.spool.close()
	q.count(func(*Stats) {})
	if len(q.waiting) > 0 {
		q.groupAt = time.Now()
	}
	for {
		end := q.closing() // asked first: what came before Close is received then
		q.receive()
		if end != nil && len(q.waiting) == 0 {
			return
		}
		var due <-chan time.Time
		if len(q.waiting) > 0 {
			at := q.due(end != nil)
			if end != nil {
				if limit, ok := end.Deadline(); ok && at.After(limit) {
					return // not before the time is over: the spool keeps it
				}
			}
			due = time.After(time.Until(at))
		}
		select {
		case <-ctx.Done():
			q.receive()
			return
		case <-q.wake:
			continue
		case <-due:
		}
		q.receive()
		q.send(ctx)
	}
}

func (q *Queue) closing() context.Context {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.end
}

// due is when the next message may be sent.
func (q *Queue) due(closing bool) time.Time {
	at := q.pace.next
	if !closing && q.groupAt.After(at) {
		at = q.groupAt
	}
	return at
}

// receive takes the inbox in: makes it durable and groups it.
func (q *Queue) receive() {
	q.mu.Lock()
	in := q.inbox
	q.inbox = nil
	q.mu.Unlock()
	for _, n := range in {
		if q.known[n.ID] || q.waits(n.ID) {
			q.count(func(s *Stats) { s.Repeated++ })
			continue
		}
		if len(q.waiting) == 0 {
			q.groupAt = q.group(time.Now())
		}
		rest, gone, out := merge(q.waiting, n)
		q.waiting = rest
		q.keep(entry{notice: out})
		for _, e := range gone {
			q.spool.remove(e.name)
		}
	}
	q.count(func(*Stats) {})
}

// group is when the news that begins to wait now may go: at once after a quiet
// time, so that nobody is woken late. What follows soon is collected.
func (q *Queue) group(now time.Time) time.Time {
	at := now.Add(min(gather, q.opt.GroupWait))
	if next := q.tried.Add(q.opt.GroupWait); next.After(at) {
		return next
	}
	return at
}

func (q *Queue) waits(id string) bool {
	for i := range q.waiting {
		if q.waiting[i].notice.ID == id {
			return true
		}
	}
	return false
}

// keep adds e to what waits, in memory alone if the disk does not take it.
func (q *Queue) keep(e entry) {
	if err := q.spool.put(&e); err != nil {
		q.warn(err.Error() + "; kept in memory")
	}
	q.waiting = append(q.waiting, e)
	for len(q.waiting) > maxWaiting {
		i := shed(q.waiting)
		q.spool.remove(q.waiting[i].name)
		q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
		q.dropped++
		q.count(func(s *Stats) { s.Dropped++ })
	}
}

// send sends the next message: the oldest notice, or a digest if there are
// many.
func (q *Queue) send(ctx context.Context) {
	q.condense()
	e := &q.waiting[0]
	q.tried = time.Now()
	err := q.sink.Send(ctx, &e.notice)
	if ctx.Err() != nil && err != nil {
		return
	}
	e.notice.Tries++
	if err == nil {
		q.pace.well()
		q.finish(e)
		return
	}
	var f *Fault
	if !errors.As(err, &f) {
		f = &Fault{Kind: Again, Why: err.Error()}
	}
	q.fail(e, f)
}

// condense makes one digest of what waits if that is more than is welcome.
func (q *Queue) condense() {
	fresh := 0
	for i := range q.waiting {
		if q.waiting[i].notice.Change != Test {
			fresh++
		}
	}
	if fresh <= q.opt.DigestOver || q.opt.DigestOver <= 0 {
		return
	}
	old := q.waiting
	q.waiting = nil
	q.keep(entry{notice: digest(old, time.Now(), q.dropped)})
	q.dropped = 0
	for _, e := range old {
		q.spool.remove(e.name)
	}
}

// finish notes that the first entry was delivered, durably before it goes.
func (q *Queue) finish(e *entry) {
	ids := append([]string{e.notice.ID}, e.notice.Covers...)
	if e.notice.Change == Test {
		ids = nil
	}
	if err := q.spool.delivered(ids); err != nil {
		q.warn(err.Error())
	}
	for _, id := range ids {
		q.know(id)
	}
	n := int64(max(1, len(e.notice.Covers)))
	q.spool.remove(e.name)
	q.waiting = q.waiting[1:]
	q.count(func(s *Stats) { s.Delivered += n })
}

func (q *Queue) know(id string) {
	if q.known[id] {
		return
	}
	q.known[id] = true
	q.order = append(q.order, id)
	if len(q.order) > maxSent {
		delete(q.known, q.order[0])
		q.order = q.order[1:]
	}
}

func (q *Queue) warn(s string) {
	if q.opt.Warn != nil {
		q.opt.Warn(q.sink.Name() + ": " + s)
	}
}
