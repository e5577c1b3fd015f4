package detect

import (
	"fmt"
	"math"

	"github.com/denylens/denylens/detect/internal/stat"
)

// foundRaid is a raid of strangers on a door, seen in the window being closed.
type foundRaid struct {
	d     *door
	since int32
	span  int32   // minutes in which it was seen
	tail  float64 // chance of so many
	usual float64 // strangers a slot before
}

// raids looks at each door that was used in this window.
func (e *Engine) raids(minute int32) {
	for _, d := range e.doors.list {
		d.settle(e, minute/slotMinutes)
		if d.last != minute || len(d.now) == 0 {
			continue
		}
		now := d.count(e)
		if d.raid != nil && d.raid.ended {
			d.raid = nil
		}
		if d.raid != nil {
			d.lasts(now, minute)
		} else if f, ok := e.raid(d, now); ok {
			e.track.raids = append(e.track.raids, f)
		}
	}
}

// lasts notes that more strangers come than usual, in this quarter of an hour.
func (d *door) lasts(now knocks, minute int32) {
	k := d.sum(d.slot-1, quarterSlots-1)
	if n := int(k.strangers + now.strangers); n > 0 && stat.PoissonTail(n, d.usual*quarterSlots) <= byChance {
		d.raid.lastD = max(d.raid.lastD, minute)
	}
}

// raid tests the sums of a door.
func (e *Engine) raid(d *door, now knocks) (foundRaid, bool) {
	alpha := e.cfg.FalseAlarmsPerDay / (dayMinutes / slotMinutes * float64(len(doorSums)*len(e.doors.list)))
	for i, n := range doorSums {
		k := d.sum(d.slot-1, n-1)
		before := d.total
		before.add(k, -1)
		k.add(now, 1)
		slots := float64((d.slot-int32(n)+1)*slotMinutes-e.began) / slotMinutes
		if slots <= 0 {
			break
		}
		if k.all-before.all/slots*float64(n) < k.strangers/2 {
			continue // as many as ever, who cannot come in any more
		}
		for _, x := range [...][3]float64{{k.strangers, before.strangers, d.most[i].strangers}, {k.failed, before.failed, d.most[i].failed}} {
			if x[0] < doorLeast || x[0] < doorRise*x[2] {
				continue
			}
			tail := stat.NegBinomialTail(int(x[0]), x[1]+.5, float64(n)/(slots+float64(n)))
			share := (x[1] + .1*doorPrior) / (before.all + doorPrior)
			above, at := stat.BetaBinomialTail(int(x[0]), int(k.all), share, before.all+doorPrior)
			if tail <= alpha && above+at <= alpha {
				return foundRaid{d, d.first(n), int32(n) * slotMinutes, tail, before.strangers / slots}, true
			}
		}
	}
	return foundRaid{}, false
}

// first is the minute in which the first of the last n slots with strangers began.
func (d *door) first(n int) int32 {
	for s := d.slot - int32(n) + 1; s < d.slot; s++ {
		if s >= 0 && d.ring[s%doorSlots].strangers > 0 {
			return s * slotMinutes
		}
	}
	return d.slot * slotMinutes
}

// openRaid opens the event of a raid. An event of the same strangers that others
// have opened becomes it, and one that has just ended goes on.
func (t *tracker) openRaid(e *Engine, p *page, r foundRaid) {
	where := e.deepest(r.d.leaf)
	onset := e.ring.reach(r.since)
	ev := t.sameRaid(e, where, p.minute)
	fresh := ev == nil
	switch {
	case fresh && len(t.events) >= maxEvents:
		t.refused++
		return
	case fresh:
		ev = t.add(byRaid, e.hashConj(conj{where}), onset, p)
	case ev.ended:
		t.reopen(e, ev)
	case ev.origin == bySurge:
		t.surges--
	}
	if fresh || ev.origin != byRaid {
		ev.origin, ev.onset, ev.due = byRaid, min(ev.onset, onset), r.usual*60/slotMinutes
		ev.cohorts = []conj{{where}}
		if l := e.leaves.list.at(r.d.leaf); l.method != 0 {
			ev.cohorts[0] = conj{where, {axMethod, l.method}}
		}
		t.replay(e, ev, e.ring.reach(ev.onset))
	}
	ev.lnPeak, ev.span, ev.lastD = max(ev.lnPeak, -math.Log(max(r.tail, 1e-300))), max(ev.span, r.span), p.minute
	r.d.raid, r.d.usual = ev, r.usual
	t.claim(e, ev, p.minute)
	t.tell(e, ev, fresh)
}

// sameRaid finds an event about the strangers at a door.
func (t *tracker) sameRaid(e *Engine, where term, minute int32) *event {
	for _, ev := range t.events {
		switch {
		case ev.frozen != nil || ev.members != nil || ev.hidden:
		case ev.origin == byRaid:
			if ev.about(where) && minute-ev.lastD < maxQuiet {
				return ev
			}
		case ev.ended:
		case ev.origin == byWave:
			if ev.about(where) {
				return ev
			}
		case ev.origin == bySurge:
			s := e.scene(ev)
			if v, share := s.values[where.axis].top(); uint32(v) == where.value && share > .8 && s.stuffed() {
				return ev
			}
		}
	}
	return nil
}

// about tells whether an event's cohort names a path.
func (ev *event) about(where term) bool {
	for _, t := range ev.cohorts[0] {
		if t == where {
			return true
		}
	}
	return false
}

func raidTitle(inc *Incident) string {
	im := &inc.Impact
	return fmt.Sprintf("Strangers try to sign in from %d addresses, a few times each: %s", im.Clients, phrase(inc.Cohort))
}

func (e *Engine) raidEvidence(ev *event) string {
	return fmt.Sprintf("they ask for nothing but to sign in; usual here are %.1f such clients an hour", ev.due)
}
