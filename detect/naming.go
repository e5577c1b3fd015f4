package detect

import (
	"math"
	"slices"
)

// openSurge explains an alarm and opens an event for it, or widens an open one
// that turns out to be a part of it.
func (t *tracker) openSurge(e *Engine, p *page, a alarm) {
	if len(t.events) >= maxEvents {
		t.refused++
		return
	}
	from := e.ring.reach(a.start)
	if t.surges > 0 && t.widen(e, p, a, from) {
		return
	}
	said := t.explainFresh(e, from, p.minute)
	if said == nil {
		return
	}
	x, found := said.x, said.found
	s := &e.series.list[a.series]
	switch {
	case said.empty || !e.covers(found, a, from):
		s.ed.reset(p.minute)
		return
	case said.usual || e.asEver(found[0].terms, a.start):
		s.dismiss(p.minute)
		return
	}
	defer t.said.begin() // it will not be as it was
	t.open(e, p, a, from, x, found)
}

// open goes on with the event that an explained alarm belongs to, or opens one.
func (t *tracker) open(e *Engine, p *page, a alarm, from int32, x *explainer, found []cohortScore) {
	s := &e.series.list[a.series]
	named, light, limited := t.limitsRate(e, nil, found[0].terms, from)
	if limited {
		if ev := t.joinLimit(e, named, from, p.minute); ev != nil {
			ev.lnPeak = max(ev.lnPeak, a.lnM)
			t.tell(e, ev, false)
			return
		}
		found = []cohortScore{x.eval(named)}
	}
	if ev, wider := t.again(e, found[0].terms, from, p.minute); ev != nil {
		if wider {
			asked, denied := ev.f.requests, ev.f.deniedReq
			ev.setCohorts(found)
			e.look(ev, x, found, from)
			t.replay(e, ev, from)
			ev.f.requests, ev.f.deniedReq = ev.f.requests+asked, ev.f.deniedReq+denied
		}
		t.reopen(e, ev)
		ev.lnPeak = max(ev.lnPeak, a.lnM)
		t.claim(e, ev, p.minute)
		t.tell(e, ev, true)
		return
	}
	ev := t.add(bySurge, e.hashConj(found[0].terms), from, p)
	t.surges++
	ev.setCohorts(found)
	ev.lnPeak, ev.limited = a.lnM, light
	ev.before = e.shareBefore(ev, from)
	e.look(ev, x, found, from)
	t.replay(e, ev, from)
	hides := ev.share() < clearShare && a.start-s.firstD <= epoch && !s.tellsBefore(ev.share()) && !e.onlyWho(found[0].terms) && !e.rose(ev, from)
	if ev.nDenied < minClients || hides && t.hidden(found[0].terms) { // the refused asked for what nobody is served, or it is known
		t.events = t.events[:len(t.events)-1]
		t.surges--
		s.dismiss(p.minute)
		return
	}
	if hides {
		ev.origin, ev.hidden = byStart, true
		t.surges--
	}
	t.claim(e, ev, p.minute)
	if !ev.hidden && t.takeParts(e, ev) {
		t.replay(e, ev, from) // what was another one's tells why now
	}
	t.tell(e, ev, true)
}

// hidden tells whether a cohort is followed as a hidden event already.
func (t *tracker) hidden(c conj) bool {
	return slices.ContainsFunc(t.events, func(ev *event) bool {
		return ev.hidden && !ev.ended && ev.origin == byStart && ev.cohorts[0].equal(c)
	})
}

// asEver tells whether a cohort of one value has been refused as much before.
func (e *Engine) asEver(c conj, start int32) bool {
	if len(c) != 1 {
		return false
	}
	id := e.series.at(c[0].value)
	if id == 0 {
		return false
	}
	s := &e.series.list[id]
	g := e.refusedIn(s, start)
	return start-s.firstD > coldMinutes && s.usual(float64(len(g.refused)), g.minutes)
}

// tellsBefore tells whether so many were served in a series before the first
// refusal that the share refused cannot have been the same then.
func (s *series) tellsBefore(share float64) bool {
	return float64(s.clean)*math.Log1p(-min(0.99, share)) < math.Log(byChance)
}

// hashConj hashes what a conjunction says.
func (e *Engine) hashConj(c conj) uint64 {
	h := uint64(k2)
	for _, t := range c {
		h = mix(h, hashBytes([]byte(e.syms.text(t.value)), uint64(axisDim[t.axis])))
	}
	return h
}

// again finds the ended event of the same clients within a day: it is the same
// event, come back. One that ended because nobody came who could tell goes on as
// well if it is a part of what is found now, or that of it; wider tells the former.
func (t *tracker) again(e *Engine, found conj, from, minute int32) (ev *event, wider bool) {
	for _, ev := range t.events {
		if !ev.ended || ev.frozen != nil || ev.origin != bySurge || minute-ev.end >= dayMinutes {
			continue
		}
		if e.alike(ev, found, from) {
			return ev, false
		}
		if ev.healed || ev.limited > 0 || len(found) == 0 {
			continue
		}
		if ev.f.inside(found) {
			return ev, true
		}
		if len(ev.cohorts[0]) > 0 && e.shareOf(ev, from, minute, func(f *fact) bool { return e.holds(found, f) }) >= insidePart {
			return ev, false
		}
	}
	return nil, false
}

// inside tells whether the refused rows were nearly all in a conjunction.
func (f *refusals) inside(c conj) bool {
	out := 0.0
	for _, t := range c {
		out += f.denied - f.values[t.axis].n[int64(t.value)]
	}
	return f.denied > 0 && out <= (1-insidePart)*f.denied
}

const insidePart = 0.9 // of the refusals

// alike tells whether an event's cohort and another one are mostly the same
// clients since minute from: at least half of those in either are in both.
func (e *Engine) alike(ev *event, found conj, from int32) bool {
	both, either := 0.0, 0.0
	for _, p := range e.ring.since(from) {
		for i := range p.facts {
			f := &p.facts[i]
			a, b := ev.match(e, f), e.holds(found, f)
			if a || b {
				either += float64(f.weight)
			}
			if a && b {
				both += float64(f.weight)
			}
		}
	}
	return 2*both >= either && either > 0
}

func (ev *event) setCohorts(found []cohortScore) {
	ev.cohorts = nil // watching looks at the identity of the list
	for _, c := range found {
		ev.cohorts = append(ev.cohorts, c.terms)
	}
}

// covers tells whether cohorts hold at least half of the newly refused clients
// of the series that raised the alarm.
func (e *Engine) covers(found []cohortScore, a alarm, from int32) bool {
	s := &e.series.list[a.series]
	in, all := 0, 0
	for _, p := range e.ring.since(from) {
		for i := range p.facts {
			f := &p.facts[i]
			if !f.first || f.hostile {
				continue
			}
			v := e.axes(f)
			if !inSeries(s, &v) {
				continue
			}
			all++
			for _, c := range found {
				if c.terms.matches(&v) {
					in++
					break
				}
			}
		}
	}
	return all > 0 && 2*in >= all
}

// news tells whether a cohort is one that was served before: what was never
// served to anybody is a standing denial.
func (e *Engine) news(c conj, minute int32) bool {
	for _, t := range c {
		id := e.series.at(t.value)
		if id == 0 || dims[axisDim[t.axis]].client {
			continue
		}
		s := &e.series.list[id]
		if s.served < minClients {
			return false
		}
	}
	return true
}

// shareBefore is the share of the cohort's clients refused in an ordinary
// minute before from: from the pages at hand.
func (e *Engine) shareBefore(ev *event, from int32) float64 {
	refused, all := 0.0, 0.0
	for i := range e.ring.pages {
		p := &e.ring.pages[i]
		if p.minute >= from {
			break
		}
		last := uint64(0)
		for j := range p.facts {
			f := &p.facts[j]
			if !ev.match(e, f) {
				continue
			}
			if k := f.clientKey(); k != last {
				last = k
				all += float64(f.weight)
				if f.denied > 0 {
					refused++
				}
			}
		}
	}
	if all == 0 {
		return 0
	}
	return refused / all
}

// missed tells whether at least half of the newly refused clients of a cohort
// asked for something that others are served: what nobody is served is missed
// by nobody. If it is who they are that they have in common, or nothing, those
// count as well who were served themselves before.
func (e *Engine) missed(c conj, from int32) bool {
	who := (len(c) == 0 || e.clientCohort(c)) && !slices.ContainsFunc(c, func(t term) bool { return axisDim[t.axis] == DimPath })
	asked, all := map[uint64]bool{}, map[uint64]bool{}
	for _, p := range e.ring.since(from) {
		for i := range p.facts {
			f := &p.facts[i]
			if f.first && !f.hostile && e.holds(c, f) {
				all[f.clientKey()] = true
				if f.known || who && f.before {
					asked[f.clientKey()] = true
				}
			}
		}
	}
	return 2*len(asked) >= len(all)
}
