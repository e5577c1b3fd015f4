package detect

import (
	"math"

	"github.com/denylens/denylens/detect/internal/stat"
)

// What is refused when a log begins may be a standing denial or the middle of
// an incident: only its end can tell. Cohorts in force in the first minutes
// are followed as hidden events, and one that is served again is an incident
// that began before the log; see reveal for one that began after all. This stands
// in for a second, backward pass over a whole file, and works in a stream as well.

const (
	forceRate    = 0.02 // refused clients a minute of a site nothing is known of
	forceLLR     = 8.0  // nats
	forceClients = 5
	forceShare   = 0.2
	purerShare   = 1.5 // times the share refused of the whole makes a part an incident of its own
	clearShare   = 0.6 // more is refused at once in any case; less may be how things are
)

// youngAges are the ages of a log, in minutes, at which what is in force is looked
// for, or in the next minute in which anything happens, up to twice that age.
var youngAges = [...]int32{15, 30, keepPages - 1}

// young tells whether minute is one of those.
func (e *Engine) young(minute int32) bool {
	age, due := minute-e.began, false
	for e.looked < len(youngAges) && age >= youngAges[e.looked] {
		due = due || age <= 2*youngAges[e.looked]
		e.looked++
	}
	return due
}

// inForce opens hidden events for cohorts that are refused since the log began.
func (t *tracker) inForce(e *Engine, p *page) {
	from := e.ring.pages[0].minute
	refused := func(f *fact) bool { return f.denied > 0 }
	found := explain(e.space, e.collect(from, nil, refused, func(*[numAxes]uint32) float64 { return forceRate }))
	for i := range found {
		c := &found[i]
		if len(t.events) >= maxEvents {
			t.refused++
			return
		}
		if c.score < forceLLR || c.o < forceClients || c.o < forceShare*c.n || !t.unseen(e, c.terms, from) {
			continue
		}
		ev := t.add(byStart, e.hashConj(c.terms), from, p)
		ev.hidden, ev.lnPeak = true, c.score
		ev.setCohorts(found[i : i+1])
		t.replay(e, ev, from)
		if ev.first = e.servedFirst(ev); ev.began(byChance) {
			t.events = t.events[:len(t.events)-1]
			continue
		}
		t.takeIn(e, ev)
	}
}

// began tells whether so many clients of a cohort were served before the first
// refusal that it cannot have been in force then, but for such a chance.
func (ev *event) began(chance float64) bool {
	return ev.first*math.Log1p(-min(0.99, ev.share())) < math.Log(chance)
}

// rose tells whether clearly fewer of an event's cohort were refused before minute
// from, as far as the pages reach, than since.
func (e *Engine) rose(ev *event, from int32) bool {
	var before headcount
	before.init()
	for i := range e.ring.pages {
		p := &e.ring.pages[i]
		if p.minute >= from {
			break
		}
		for k := range p.facts {
			if f := &p.facts[k]; !f.hostile && ev.match(e, f) {
				before.add(f)
			}
		}
	}
	more, _ := stat.BetaBinomialTail(len(before.refused), int(before.n), min(.99, ev.share()), 1e6)
	return before.n >= minClients && 1-more < byChance
}

// reveal tells of a hidden event that began after all: more is refused than it
// seemed at first, and so those who were served before tell more. That is looked
// for again and again, so less is left to chance.
func (t *tracker) reveal(e *Engine, ev *event) {
	if ev.origin != byStart || !ev.hidden || ev.nDenied < forceClients || !ev.began(byChance/4) || t.known(ev) {
		return
	}
	ev.origin, ev.hidden, ev.noticed = bySurge, false, int64(e.closed+1)*bucket
	t.surges++
	t.takeParts(e, ev)
}

// servedFirst counts the clients of a cohort that were served between the first
// line and the first refusal.
func (e *Engine) servedFirst(ev *event) (n float64) {
	served := map[uint64]float64{}
	for i := range e.ring.pages {
		p := &e.ring.pages[i]
		if int64(p.minute) >= ev.firstAt/bucket {
			break
		}
		for k := range p.facts {
			if f := &p.facts[k]; f.has(clOK) && !f.hostile && ev.match(e, f) {
				served[f.clientKey()] = float64(f.weight)
			}
		}
	}
	for _, w := range served {
		n += w
	}
	return n
}

// takeIn takes surges back that are a part of what is in force since the log
// began, and refused no more than twice as often as all of it.
func (t *tracker) takeIn(e *Engine, ev *event) {
	for _, o := range t.events {
		if o.origin == bySurge && !o.ended && t.within(o, ev) && o.share() <= 2*ev.share() {
			t.dissolve(e, o, ev)
		}
	}
}

// takeParts takes into a surge what turns out to be a part of it: clients turned
// while it went on, and surges refused hardly more than all of it. It tells
// whether there were any.
func (t *tracker) takeParts(e *Engine, ev *event) (took bool) {
	for _, o := range t.events {
		if o == ev || o.hidden || o.frozen != nil || o.limited > 0 || ev.limited > 0 || o.onset > ev.lastD {
			continue
		}
		part := false
		switch o.origin {
		case byDeadEnd:
			part = o.lastD >= ev.onset && e.mostlyIn(o, ev)
		case byTurn:
			part = e.turnedIn(o, ev) || o.lastD >= ev.onset && o.onset >= ev.onset-blockMinutes && (len(ev.cohorts[0]) == 0 || t.within(o, ev))
		case bySurge:
			part = o.lastD >= ev.onset && len(o.clients) < len(ev.clients) && (2*ev.share() > 1 || o.share() <= purerShare*ev.share()) && t.within(o, ev) && e.partOf(o, ev)
		}
		if part {
			t.dissolve(e, o, ev)
			took = true
		}
	}
	return took
}

// turnedIn tells whether a client was turned by what a surge is of, less than an
// hour before there were enough of them to see it, or still is: most of its
// refusals are of the surge's cohort.
func (e *Engine) turnedIn(o, ev *event) bool {
	soon := o.lastD >= ev.onset || o.lastD >= ev.onset-epoch && o.onset >= ev.onset-epoch
	return soon && len(ev.cohorts[0]) > 0 && o.members != nil && e.mostlyIn(o, ev)
}

// mostlyIn tells whether most refusals of an event are another one's as well.
func (e *Engine) mostlyIn(o, ev *event) bool {
	return e.shareOf(ev, o.onset, o.lastD, func(f *fact) bool {
		return o.match(e, f) || o.origin == byDeadEnd && e.holds(o.cohorts[0], f)
	}) > 0.5
}

// dissolve ends an event that turns out to be a part of another one. A
// subscriber is told that it is over.
func (t *tracker) dissolve(e *Engine, o, into *event) {
	if !o.ended {
		t.takeBack(e, o)
		o.end = e.closed + 1
	}
	if !o.ended && o.origin == bySurge {
		t.surges--
	}
	o.hidden, o.ended = true, true
	o.freeze(e)
	for i := range e.series.list {
		if s := &e.series.list[i]; s.event == o.number {
			s.event = into.number
		}
	}
}

// within tells whether most refused clients of ev are those of another event.
func (t *tracker) within(ev, other *event) bool {
	both := 0
	for k, c := range ev.clients {
		if c.denied && other.clients[k].denied {
			both++
		}
	}
	return 2*both > ev.nDenied
}

// share is the part of an event's clients that was refused.
func (ev *event) share() float64 { return ratio(float64(ev.nDenied), float64(len(ev.clients))) }

// unseen tells whether no event has the clients of c. A surge that turns out
// to be in force since the log began, for a part of the requests to a part of
// the site, is hidden.
func (t *tracker) unseen(e *Engine, c conj, from int32) bool {
	for _, ev := range t.events {
		if ev.members != nil || !e.alike(ev, c, from) {
			continue
		}
		if ev.origin == bySurge && !ev.ended && !e.onlyWho(c) && ev.share() < clearShare {
			if ev.first = e.servedFirst(ev); ev.began(byChance) {
				return false
			}
			t.takeBack(e, ev)
			ev.origin, ev.hidden = byStart, true
			t.surges--
		}
		return false
	}
	return true
}

// takeBack tells a subscriber that an event it was told of is over: it is how
// things are here.
func (t *tracker) takeBack(e *Engine, ev *event) {
	if e.cfg.OnChange == nil || ev.told == (told{}) {
		return
	}
	inc := e.describeEvent(ev)
	end := minuteTime(e.closed + 1)
	inc.State, inc.End = "resolved", &end
	e.cfg.OnChange(&inc, Resolved)
}

// clientCohort tells whether a cohort says who the clients are.
func (e *Engine) clientCohort(c conj) bool {
	for _, t := range c {
		if d := axisDim[t.axis]; dims[d].client || d == DimAgent || d == DimOS {
			return true
		}
	}
	return false
}

// onlyWho tells whether a cohort says who the clients are, and nothing of what
// they ask for.
func (e *Engine) onlyWho(c conj) bool {
	for i := range c {
		if !e.clientCohort(c[i : i+1]) {
			return false
		}
	}
	return true
}

// rises tells whether a series is refused more than twice as often as a hidden
// event has been: then it is something new.
func (e *Engine) rises(ev *event, s *series, a alarm) bool {
	refused, all := map[uint64]bool{}, map[uint64]float64{}
	for _, p := range e.ring.since(a.start) {
		for i := range p.facts {
			f := &p.facts[i]
			if f.hostile {
				continue
			}
			if v := e.axes(f); !inSeries(s, &v) {
				continue
			}
			all[f.clientKey()] = float64(f.weight)
			if f.denied > 0 {
				refused[f.clientKey()] = true
			}
		}
	}
	n := 0.0
	for _, w := range all {
		n += w
	}
	return ratio(float64(len(refused)), n) > 2*ev.share()
}

// known tells whether most refused clients of ev are those of another event.
func (t *tracker) known(ev *event) bool {
	for _, o := range t.events {
		if o == ev || o.hidden || o.clients == nil {
			continue
		}
		if t.within(ev, o) {
			return true
		}
	}
	return false
}
