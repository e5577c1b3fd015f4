package detect

import (
	"slices"
	"sort"
)

const (
	standingClients = 5 // how many clients must have been refused
	maxStanding     = 20
)

// always tells whether a series was refused to several and served to nobody.
func (s *series) always() bool { return s.served == 0 && s.refused+s.old >= standingClients }

// standing lists cohorts that were refused from the first time they were seen
// to the last, with never a success: denials that were there before the log
// began, and no incident. Of nested cohorts the widest is kept.
func (e *Engine) standing() []Standing {
	out := []Standing{}
	var taken []uint32
	st := e.series.list
	order := make([]int, 0, 64)
	for i := 1; i < len(st); i++ {
		if s := &st[i]; s.always() && s.dim != DimMethod && s.dim != DimWrite && s.dim != DimRule && !e.guessed(s) {
			order = append(order, i)
		}
	}
	sort.SliceStable(order, func(a, b int) bool {
		x, y := &st[order[a]], &st[order[b]]
		if m, n := x.refused+x.old, y.refused+y.old; m != n {
			return m > n
		}
		return dims[x.dim].prefer > dims[y.dim].prefer
	})
	for _, i := range order {
		s := &st[i]
		if e.below(s.sym, taken) || len(out) >= maxStanding {
			continue
		}
		d := s.refused + s.old
		if d*2 < s.atRisk || s.lastD-s.first < epoch {
			continue
		}
		taken = append(taken, s.sym)
		out = append(out, Standing{Cohort: []Term{{s.dim.String(), e.syms.text(s.sym)}}, Share: round4(ratio(float64(d), float64(s.atRisk))),
			Denied: s.denied, DeniedClients: d, Since: minuteTime(s.first), Last: minuteTime(s.lastD)})
	}
	return e.standingParts(out, taken)
}

// standingParts adds what was in force when the log began, for a part of the
// requests, and is still.
func (e *Engine) standingParts(list []Standing, taken []uint32) []Standing {
	for _, ev := range e.track.events {
		if !ev.hidden || ev.ended || ev.nDenied < standingClients || ev.lastD-ev.onset < epoch || len(list) >= maxStanding || e.track.known(ev) {
			continue
		}
		if slices.ContainsFunc(ev.cohorts[0], func(t term) bool { return e.below(t.value, taken) || axisDim[t.axis] == DimPath && e.guess(t.value) }) {
			continue
		}
		inc := e.describeEvent(ev)
		im := &inc.Impact
		list = append(list, Standing{Cohort: inc.Cohort, Share: im.ShareDuring, Denied: im.Denied, DeniedClients: im.DeniedClients, Since: inc.Start, Last: minuteTime(ev.lastD)})
	}
	sort.SliceStable(list, func(a, b int) bool { return list[a].DeniedClients > list[b].DeniedClients })
	return list
}

// below tells whether a value lies within one of the taken ones.
func (e *Engine) below(id uint32, taken []uint32) bool {
	for ; id != 0; id = e.syms.list.at(id).parent {
		for _, t := range taken {
			if t == id {
				return true
			}
		}
	}
	return false
}

// guessed tells whether a series is of a path that only scanners ask for: that
// it is refused is as it should be, and no news.
func (e *Engine) guessed(s *series) bool {
	return s.dim == DimPath && e.guess(s.sym)
}

func (e *Engine) guess(path uint32) bool {
	return pathFlags([]byte(e.syms.text(path)))&(fProbe|fDoubt) != 0
}

// alwaysRefused tells whether a part of a leaf is refused to everybody: a
// client that meets it is not wronged more than others.
func (e *Engine) alwaysRefused(l *leaf) bool {
	for _, v := range l.values() {
		if v == 0 {
			continue
		}
		if id := e.series.at(v); id > 0 {
			if e.series.list[id].always() {
				return true
			}
		}
	}
	return false
}

// oftenRefused tells whether a path of a leaf has been refused to others for a
// while, and to many of those who ask for it: that one more is says nothing of
// who that is.
func (e *Engine) oftenRefused(l *leaf, minute int32) bool {
	for _, v := range l.path {
		if v == 0 {
			continue
		}
		if id := e.series.at(v); id > 0 {
			if s := &e.series.list[id]; s.firstD != 0 && minute-s.firstD > coldMinutes && s.refused > usualClients && oftenShare*s.refused >= s.atRisk {
				return true
			}
		}
	}
	return false
}

const oftenShare = 10 // of so many clients one newly refused is often

// given tells whether nearly all are served where a leaf's path is, as far as
// it is followed, or were until the first refusal: in a wiki or a catalogue each
// page is asked for once, and still missed.
func (e *Engine) given(l *leaf) bool {
	for k := len(l.path) - 1; k >= 0; k-- {
		if id := e.series.at(l.path[k]); id > 0 {
			s := &e.series.list[id]
			return s.served >= givenLeast && (s.served >= givenLeast*(s.refused+s.old) || s.clean >= givenLeast)
		}
	}
	return false
}

// givenLeast is how many must be served, for one that is refused as well.
const givenLeast = 20
