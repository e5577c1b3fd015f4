package detect

import (
	"sort"
	"strconv"
	"time"
)

// Summary tells what is known now.
func (e *Engine) Summary() Summary {
	e.wait()
	t := &e.total
	s := Summary{Late: t.late, Timeline: t.time.points(), Incidents: []Incident{}, Standing: []Standing{}, Refused: e.refused(), Calibration: e.calib.public(len(e.series.list), e.tails.most())}
	s.Traffic = Traffic{Requests: t.requests, Denied: t.denied, Clients: e.idents.count(), DeniedClients: t.deniedClients, ByStatus: map[string]int64{}}
	for code, n := range t.status {
		if n > 0 {
			s.Traffic.ByStatus[strconv.Itoa(code)] = n
		}
	}
	s.Warnings = e.warnings()
	if e.begun {
		s.From, s.To = time.Unix(e.first, 0).UTC(), time.Unix(t.last, 0).UTC()
		s.Incidents = e.incidents()
		s.Standing = e.standing()
	}
	return s
}

// incidents lists the events, the most harmful first.
func (e *Engine) incidents() []Incident {
	out := []Incident{}
	var scans [][]*event // of one address each
	at := map[uint64]int{}
	for _, ev := range e.track.events {
		if ev.hidden || e.unsayable(ev) || e.track.shadowed(ev) || ev.origin == byTurn && ev.nDenied == 0 && ev.frozen == nil {
			continue
		}
		if ev.origin != byScan {
			out = append(out, e.describeEvent(ev))
			continue
		}
		i, ok := at[ev.client]
		if !ok {
			i = len(scans)
			at[ev.client] = i
			scans = append(scans, nil)
		}
		scans[i] = append(scans[i], ev)
	}
	out = append(out, e.scans(scans)...)
	sort.SliceStable(out, func(i, j int) bool { return worse(&out[i], &out[j]) })
	return out
}

func worse(a, b *Incident) bool {
	if x, y := a.Severity.Rank(), b.Severity.Rank(); x != y {
		return x > y
	}
	if x, y := a.Impact.LikelyLegitClients, b.Impact.LikelyLegitClients; x != y {
		return x > y
	}
	if x, y := a.Impact.Denied, b.Impact.Denied; x != y {
		return x > y
	}
	if !a.Start.Equal(b.Start) {
		return a.Start.Before(b.Start)
	}
	return a.ID < b.ID
}

// shadowed tells whether a single client's event is a part of a larger one.
func (t *tracker) shadowed(ev *event) bool {
	if ev.origin != byTurn {
		return false
	}
	for _, o := range t.events {
		if o.origin == byTurn || o == ev || o.clients == nil || o.onset > ev.lastD || o.lastD < ev.onset {
			continue
		}
		for k := range ev.members {
			if x := o.clients[k]; x.denied && 2*x.requests >= ev.clients[k].requests {
				return true
			}
		}
	}
	return false
}

// refused counts what bounded tables had no room for.
func (e *Engine) refused() map[string]int64 {
	out := map[string]int64{}
	for name, n := range map[string]int64{
		"clients": e.idents.evicted, "values": e.syms.refused, "leaves": e.leaves.refused, "series": e.series.refused,
		"rows": e.total.dropped, "pairs": e.pairs.refused, "facts": e.ring.lost, "users": e.users.refused, "waves": e.waves.refused, "doors": e.doors.refused, "absences": e.absent.refused, "dead ends": e.ends.refused, "notes": e.notes.refused + e.total.unread, "events": e.track.refused,
		"future": e.ahead.strays,
	} {
		if n > 0 {
			out[name] = n
		}
	}
	return out
}
