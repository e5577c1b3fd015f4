package detect

import "github.com/denylens/denylens/ingest"

// A single line with a time stamp far ahead would make all lines after it too
// late. So a jump of more than maxJump is believed only when several records
// confirm it; until then they wait here.
const (
	maxJump  = 6 * 3600
	confirms = 3
)

type ahead struct {
	waiting []waiter
	strays  int64 // records given up
	stale   bool  // ordinary records came after the ones that wait
}

type waiter struct {
	obs    obs
	rec    ingest.Record
	source int
}

// accept tells whether o may move the clock on. It keeps those that may not yet.
func (e *Engine) accept(o *obs, rec *ingest.Record, source int) bool {
	a := &e.ahead
	if o.t-e.newest <= maxJump {
		a.stale = a.stale || len(a.waiting) > 0
		return true
	}
	if n := len(a.waiting); n > 0 {
		switch {
		case a.stale || o.t < a.waiting[0].obs.t-maxJump:
			a.strays += int64(n)
			a.waiting, a.stale = a.waiting[:0], false
		case o.t > a.waiting[n-1].obs.t+maxJump: // time goes on: the log is sparse
			e.release()
			return e.accept(o, rec, source)
		}
	}
	a.waiting = append(a.waiting, waiter{*o, rec.Clone(), source})
	if len(a.waiting) >= confirms {
		e.release()
	}
	return false
}

func (e *Engine) release() {
	w := e.ahead.waiting
	e.ahead.waiting, e.ahead.stale = nil, false
	for i := range w {
		e.take(&w[i].obs, &w[i].rec, w[i].source)
	}
}

// settle decides about the records that still wait when the input ends: those
// at its very end are believed.
func (e *Engine) settle() {
	if e.ahead.stale {
		e.ahead.strays += int64(len(e.ahead.waiting))
		e.ahead.waiting = nil
		return
	}
	e.release()
}
