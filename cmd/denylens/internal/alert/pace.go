package alert

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// pace decides when the next message may go.
type pace struct {
	least    time.Duration // between two messages
	next     time.Time
	gap      time.Duration // between messages that are taken
	failures int           // in a row
}

// well notes that a message was taken.
func (p *pace) well() {
	p.failures = 0
	p.gap = max(p.least, p.gap/2)
	p.next = time.Now().Add(p.gap)
}

// wait puts the next message off.
func (p *pace) wait(d time.Duration) { p.next = time.Now().Add(max(d, p.least)) }

// backoff puts it off by full jitter: a random time up to a second doubled with
// each failure, so that many senders do not come back together.
func (p *pace) backoff() time.Duration {
	limit := min(time.Second<<min(p.failures, 20), maxBackoff)
	p.failures++
	d := time.Duration(rand.Int64N(int64(limit)) + 1)
	p.wait(d)
	return d
}

// fail decides what becomes of the first entry, which was not taken.
func (q *Queue) fail(e *entry, f *Fault) {
	switch f.Kind {
	case Throttled:
		q.pace.gap = min(max(minGap, q.pace.gap)*2, maxGap)
		q.pace.wait(f.After)
		q.warn(f.Why + "; waiting " + f.After.String())
	case Malformed:
		if e.notice.Plain {
			q.giveUp(f)
			return
		}
		e.notice.Plain = true
		q.pace.wait(minGap)
		q.warn(f.Why + "; trying once more as plain text")
	case Gone:
		q.pace.wait(probe)
		q.warn(f.Why + "; the destination is not there, trying once an hour")
	case Refused:
		if e.notice.Tries >= refusals {
			q.giveUp(f)
			return
		}
		q.pace.wait(refuseWait)
		q.warn(fmt.Sprintf("%s; attempt %d of %d", f.Why, e.notice.Tries, refusals))
	default:
		d := q.pace.backoff()
		q.warn(fmt.Sprintf("%s; trying again in %s", f.Why, d.Round(time.Second)))
	}
	if err := q.spool.put(e); err != nil { // remembers the attempts
		q.warn(err.Error())
	}
}

// giveUp puts the first entry aside, so that it does not block the others.
func (q *Queue) giveUp(f *Fault) {
	e := q.waiting[0]
	q.waiting = q.waiting[1:]
	q.spool.bury(e.name)
	q.pace.wait(minGap)
	q.count(func(s *Stats) { s.Dead += int64(max(1, len(e.notice.Covers))) })
	q.warn(f.Why + "; the message was refused for good")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
