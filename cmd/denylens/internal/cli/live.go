package cli

import (
	"io"
	"slices"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/report"
	"github.com/denylens/denylens/detect"
	"github.com/denylens/denylens/ingest"
)

// live tells what happens while it happens. While it catches up with what the
// files held already, it tells nothing: what was over before is no news, and
// what is still going on is told when it has caught up.
type live struct {
	app     *app
	run     *run
	out     io.Writer
	columns int // width of out, 0 if it is no terminal
	alerts  *alerts
	began   time.Time
	newest  int64                       // time of the newest access record, Unix nanoseconds
	ahead   int64                       // time of the record before, if that was ahead of the wall clock
	clock   time.Time                   // event time that the engine has come to
	err     error                       // of writing news
	ending  bool                        // the log has ended
	past    map[string]*detect.Incident // incidents that opened while catching up; nil: caught up
}

// deliver hands records to the engine in runs that end where it judges, so that
// news can be stamped with the event time at which it comes up.
func (l *live) deliver(b *ingest.Batch, lo, hi int) error {
	wall := time.Now().Add(present).UnixNano()
	from := lo
	for i := lo; i < hi; i++ {
		newest := l.newer(&b.Records[i], wall)
		if newest == l.newest {
			continue
		}
		if t := l.judging(newest); t.After(l.clock) {
			if from < i {
				l.run.engine.Observe(b, from, i)
			}
			from, l.clock = i, t
		}
		l.newest = newest
	}
	if l.past != nil && l.newest > l.began.Add(-time.Minute).UnixNano() {
		l.caughtUp()
	}
	if from < hi {
		l.run.engine.Observe(b, from, hi)
	}
	return l.err
}

// newer is the time of the newest access record, r included. One far ahead of
// the wall clock counts only as far as the next one confirms it.
func (l *live) newer(r *ingest.Record, wall int64) int64 {
	switch {
	case r.Kind != ingest.Access:
		return l.newest
	case r.Time <= wall:
		l.ahead = 0
		return max(l.newest, r.Time)
	}
	t := min(r.Time, l.ahead)
	l.ahead = r.Time
	return max(l.newest, t)
}

// judging is the event time of the latest moment, up to the newest record's, at
// which something may have been judged: patience after the end of a slice.
func (l *live) judging(newest int64) time.Time {
	wait := min(l.run.conf.Patience, l.run.conf.Lateness)
	return time.Unix(0, newest).Add(-wait).Truncate(detect.Slice).Add(wait).UTC()
}

// present is how near to the wall clock a log must be to count as live: one
// that is replayed must not be overtaken by the clock.
const present = 10 * time.Minute

// idle lets windows close while nothing is logged.
func (l *live) idle(now time.Time) {
	if l.past != nil {
		l.caughtUp()
	}
	if l.newest != 0 && now.Sub(time.Unix(0, l.newest)).Abs() < present {
		if t := l.judging(now.UnixNano()); t.After(l.clock) {
			l.clock = t
		}
		l.run.engine.Advance(now)
	}
}

// caughtUp tells what is still going on.
func (l *live) caughtUp() {
	past := l.past
	l.past = nil
	ids := make([]string, 0, len(past))
	for id := range past {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		l.tell(past[id], detect.Opened)
	}
}

// change takes news from the engine.
func (l *live) change(in *detect.Incident, change detect.Change) {
	clean := report.CleanIncident(in, l.run.privacy)
	switch {
	case l.ending && change == detect.Resolved && clean.End != nil && clean.End.UnixNano() > l.newest-int64(l.run.conf.Lateness):
		// The log ends, not the incident.
	case l.past == nil:
		l.tell(&clean, change)
	case change == detect.Resolved:
		delete(l.past, clean.ID)
	default:
		l.past[clean.ID] = &clean
	}
}

// tell prints news and hands it to the alerts.
func (l *live) tell(in *detect.Incident, change detect.Change) {
	if in.DetectedAt.After(l.clock) { // the end of the log closes what is open
		l.clock = in.DetectedAt
	}
	if _, err := io.WriteString(l.out, news(in, change, l.clock, l.columns)); err != nil {
		l.err = err // nobody hears us: the next record ends the run
	}
	l.alerts.notify(in, change, change == detect.Opened)
}
