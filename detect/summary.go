package detect

import (
	"fmt"
	"sort"
	"strconv"
	"time"
)

// Summary tells what is known now.
func (e *Engine) Summary() Summary {
	e.wait()
	t := &e.total
	s := Summary{Late: t.late, Timeline: t.time.points(), Incidents: []Incident{}, Standing: []Standing{}, Refused: e.refused()}
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
	var out []Incident
	var small []*event
	for _, ev := range e.track.events {
		if ev.hidden || e.unsayable(ev) || e.track.shadowed(ev) || ev.origin == byTurn && ev.nDenied == 0 && ev.frozen == nil {
			continue
		}
		if ev.origin == byScan && ev.f.requests < smallScan {
			small = append(small, ev)
			continue
		}
		out = append(out, e.describeEvent(ev))
	}
	if len(small) == 1 {
		out = append(out, e.describeEvent(small[0]))
	} else if len(small) > 1 {
		out = append(out, e.background(small))
	}
	sort.SliceStable(out, func(i, j int) bool { return worse(&out[i], &out[j]) })
	if out == nil {
		out = []Incident{}
	}
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

// smallScan is the number of requests below which scanners are reported
// together: every public site sees dozens a day.
const smallScan = 60

// background makes one incident of many small scans.
func (e *Engine) background(list []*event) Incident {
	inc := e.describeEvent(list[0])
	inc.ID = "background-" + list[0].id
	inc.Severity = Low
	var requests, denied int64
	for i, ev := range list {
		x := e.describeEvent(ev)
		requests, denied = requests+x.Impact.Requests, denied+x.Impact.Denied
		if i == 0 {
			continue
		}
		inc.Impact.Clients += x.Impact.Clients
		inc.Impact.DeniedClients += x.Impact.DeniedClients
		if x.Start.Before(inc.Start) {
			inc.Start = x.Start
		}
		if x.End != nil && inc.End != nil && x.End.After(*inc.End) {
			inc.End = x.End
		} else if x.End == nil {
			inc.End, inc.State = nil, "open"
		}
		if len(inc.Or) < 49 {
			inc.Or = append(inc.Or, x.Cohort)
		}
	}
	inc.Impact.Requests, inc.Impact.Denied = requests, denied
	inc.Title = fmt.Sprintf("Background scanning: %d addresses, %d requests, %d refused", len(list), requests, denied)
	inc.Evidence = []Text{{fmt.Sprintf("%d addresses asked for paths that nobody is served, fewer than %d requests each", len(list), smallScan)}}
	return inc
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
			if o.clients[k].denied {
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
		"rows": e.total.dropped, "pairs": e.pairs.refused, "facts": e.ring.lost, "notes": e.notes.refused + e.total.unread, "events": e.track.refused,
		"future": e.ahead.strays,
	} {
		if n > 0 {
			out[name] = n
		}
	}
	return out
}
