package detect

import (
	"math"
	"slices"
)

// widen looks at everything since an open surge began: if one cohort explains
// both it and the alarm, the surge was named too narrowly.
func (t *tracker) widen(e *Engine, p *page, a alarm, from int32) bool {
	for _, ev := range t.events {
		if ev.ended || ev.origin != bySurge || ev.onset < e.ring.from {
			continue
		}
		said := t.explainAll(e, min(from, ev.onset))
		if said == nil {
			return false
		}
		x, found := said.x, said.found
		if len(found) == 0 || found[0].terms.equal(ev.cohorts[0]) || !e.covers(found[:1], a, from) || !t.overlaps(e, ev, found[:1], 0.8) {
			continue
		}
		if t.apart(e, ev, x, found[0].terms, from, p.minute) {
			continue
		}
		ev.setCohorts(found)
		ev.onset = min(ev.onset, from)
		ev.before = e.shareBefore(ev, ev.onset)
		e.look(ev, x, found, ev.onset)
		t.replay(e, ev, ev.onset)
		t.claim(e, ev, p.minute)
		t.said.begin()
		return true
	}
	return false
}

// apart tells whether an open surge as it is named, and another one since minute
// from for what it does not hold, explain everything better than one wider cohort
// does: two causes at once are two incidents. Each is taken for a block of one
// share of its clients, so those who are served in the wider one, or were before
// the second began, speak against it. When that was has been looked for, which
// has its price.
func (t *tracker) apart(e *Engine, ev *event, x *explainer, wide conj, from, minute int32) bool {
	rest := t.explainFresh(e, from, minute)
	if rest == nil || rest.empty || len(rest.found) == 0 {
		return false
	}
	var named, other, left cohortScore
	for i := range x.cells {
		switch c := &x.cells[i]; {
		case ev.cohorts[0].matches(&c.v):
			named.add(c)
		case rest.found[0].terms.matches(&c.v):
			other.add(c)
		case wide.matches(&c.v):
			left.add(c)
		}
	}
	price := splitGain + math.Log(float64(max(1, from-ev.onset)))
	two := shareLLR(named) - x.mdl(ev.cohorts[0]) + shareLLR(rest.found[0]) - x.mdl(rest.found[0].terms)
	return two > shareLLR(named, other, left)-x.mdl(wide)+price
}

// review explains an open event again with what has come since.
func (t *tracker) review(e *Engine, ev *event, minute int32) {
	from := e.ring.reach(ev.onset)
	if c, light, ok := t.limitsRate(e, ev, ev.cohorts[0], from); ok {
		t.limit(e, ev, c, light, ev.onset, minute)
	}
	if ev.limited > 0 {
		return
	}
	x := newExplainer(e.space, e.cells(from, func(f *fact, _ *[numAxes]uint32) bool {
		return !slices.ContainsFunc(t.events, func(o *event) bool { return o != ev && o.surgedSince(from) && o.match(e, f) })
	}))
	found := x.explain()
	if len(found) == 0 || !e.news(found[0].terms, minute) || !x.better(&found[0], ev.cohorts[0]) {
		return
	}
	same := len(found) == len(ev.cohorts)
	for i := 0; same && i < len(found); i++ {
		same = found[i].terms.equal(ev.cohorts[i])
	}
	if same {
		e.look(ev, x, found, from)
	}
	if same || !t.overlaps(e, ev, found, 0.5) {
		return
	}
	ev.setCohorts(found)
	ev.before = e.shareBefore(ev, ev.onset)
	e.look(ev, x, found, from)
	t.replay(e, ev, from)
	t.claim(e, ev, minute)
}

// overlaps guards against taking another event's cohort over: most of the
// refused clients known so far must be in the new one.
func (t *tracker) overlaps(e *Engine, ev *event, found []cohortScore, share float64) bool {
	trial := &event{cohorts: nil}
	for _, c := range found {
		trial.cohorts = append(trial.cohorts, c.terms)
	}
	in, all := map[uint64]bool{}, 0
	for _, p := range e.ring.since(ev.onset) {
		for i := range p.facts {
			f := &p.facts[i]
			if c, ok := ev.clients[f.clientKey()]; ok && c.denied && f.denied > 0 {
				if trial.match(e, f) {
					in[f.clientKey()] = true
				}
			}
		}
	}
	for _, c := range ev.clients {
		if c.denied {
			all++
		}
	}
	return float64(len(in)) >= share*float64(all)
}
