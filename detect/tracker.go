package detect

import (
	"fmt"
	"math/bits"
	"slices"
)

// tracker holds the events, open and ended. One real event is one event here,
// however many series and detectors it lights up.
type tracker struct {
	events  []*event
	watch   watching
	surges  int             // open events of the surge detector
	pending []pendingClient // clients flagged in the window being closed
	shared  []uint32        // users found shared in it
	waves   []foundWave     // waves of probes found in it
	ends    []uint64        // keys of dead ends found in it
	raids   []foundRaid     // raids on doors found in it
	said    explained
	refused int64
}

type pendingClient struct {
	client uint32
	scan   bool
}

const (
	maxEvents   = 1024
	dayMinutes  = 24 * 60
	reviewLimit = 15 // windows between two looks at a surge's parts, and at the name of a limit of rates: who else is heavy shows late
	explainLLR  = 8  // nats by which the named cohort itself must stand out
)

// scanning is told of a flagged scanner's refusals, turned of a turned client.
func (t *tracker) scanning(e *Engine, client uint32, minute int32) {
	t.pending = append(t.pending, pendingClient{client, true})
}

func (t *tracker) turned(e *Engine, client uint32, minute int32) {
	t.pending = append(t.pending, pendingClient{client, false})
}

// observe takes a closed window: open events grow, alarms open new ones, ended
// ones close.
func (t *tracker) observe(e *Engine, p *page, alarms []alarm) {
	p.ask()
	t.take(e, p)
	t.said.begin()
	t.said.made = 0
	looks := 0
	for _, a := range e.series.inTurn(alarms) {
		if e.series.list[a.series].ed.lnM() < a.lnM {
			continue // reset meanwhile by an event that this alarm belongs to
		}
		if looks++; looks > maxLooks {
			break
		}
		t.alarm(e, p, a)
	}
	if p.over && e.young(p.minute) {
		t.inForce(e, p)
	}
	for _, c := range t.pending {
		t.client(e, p, c)
	}
	for _, u := range t.shared {
		t.openShared(e, p, u)
	}
	for _, r := range t.raids {
		t.openRaid(e, p, r)
	}
	for _, w := range t.waves {
		t.openWave(e, p, w)
	}
	t.followDeadEnds(e, p)
	t.pending, t.shared, t.waves, t.raids = t.pending[:0], t.shared[:0], t.waves[:0], t.raids[:0]
	for _, ev := range t.events {
		if ev.ended {
			if ev.frozen == nil && p.minute-ev.end > dayMinutes {
				ev.freeze(e)
			}
			continue
		}
		t.reveal(e, ev)
		if ev.origin == bySurge && (review(ev.age) || ev.limited > 0 && ev.age%reviewLimit == 0) {
			t.review(e, ev, p.minute)
		}
		if ev.origin == bySurge && ev.age%reviewLimit == 0 {
			t.takeParts(e, ev)
		}
		if ev.over(p.minute) {
			t.close(e, ev)
		} else {
			t.tell(e, ev, false)
		}
	}
	t.said.begin()
	e.collector.release()
}

// quiet is told that minutes up to m passed without any record.
func (t *tracker) quiet(e *Engine, m int32) {
	for _, ev := range t.events {
		if !ev.ended && ev.over(m) {
			t.close(e, ev)
		}
	}
}

// review says at which ages, in windows, an event's cohort is looked at again.
func review(age int) bool {
	switch age {
	case 1, 2, 3, 5, 8, 13, 21, 30:
		return true
	}
	return age%60 == 0 && bits.OnesCount(uint(age/60)) == 1 // after each doubling
}

// alarm handles one series above the threshold.
func (t *tracker) alarm(e *Engine, p *page, a alarm) {
	s := &e.series.list[a.series]
	s.looked = p.minute
	if ev := t.absorb(e, s, a, p.minute); ev != nil {
		ev.lnPeak = max(ev.lnPeak, a.lnM)
		s.ed.reset(p.minute)
		s.event = ev.number
		return
	}
	switch g := e.refusedIn(s, a.start); {
	case unmissed*g.asked < len(g.refused):
		s.dismiss(p.minute)
	case e.gates(a, g):
		t.openSurge(e, p, a)
	}
}

// absorb finds the open event that holds most of the newly refused clients of
// a series.
func (t *tracker) absorb(e *Engine, s *series, a alarm, minute int32) *event {
	total := 0
	votes := map[*event]int{}
	for _, p := range e.ring.since(a.start) {
		for i := range p.facts {
			f := &p.facts[i]
			if !f.first || f.hostile {
				continue
			}
			v := e.axes(f)
			if !inSeries(s, &v) {
				continue
			}
			total++
			for _, ev := range t.events {
				if (!ev.ended || minute-ev.end < epoch) && ev.frozen == nil && p.minute >= ev.onset-2 && ev.match(e, f) {
					votes[ev]++
				}
			}
		}
	}
	var best *event
	for _, ev := range t.events {
		if votes[ev] > 0 && (best == nil || votes[ev] > votes[best]) {
			best = ev
		}
	}
	if best == nil || 2*votes[best] < total || best.hidden && e.rises(best, s, a) {
		return nil
	}
	if best.ended {
		t.reopen(e, best)
	}
	return best
}

// freeze writes an event's last word down and lets go of what it counted.
func (ev *event) freeze(e *Engine) {
	inc := e.describeEvent(ev)
	ev.frozen, ev.clients, ev.f, ev.alone = &inc, nil, features{meanwhile: meanwhile{requests: ev.f.requests}}, refusals{}
}

// reopen goes on with an ended event, which takes in what it missed.
func (t *tracker) reopen(e *Engine, ev *event) {
	ev.ended, ev.quiet, ev.calm = false, 0, 0
	t.said.begin()
	switch ev.origin {
	case bySurge:
		t.surges++
		t.catchUp(e, ev)
		t.takeParts(e, ev)
	case byTurn:
		t.catchUp(e, ev)
	}
}

// owns tells whether a refusal belongs to an open surge, so that it is no news
// to any other cohort.
func (t *tracker) owns(e *Engine, c *client, r *row) bool {
	if t.surges == 0 {
		return false
	}
	v := e.axesOf(c.values(), r.leaf, r.rule)
	return t.held(&v)
}

// partly tells whether a refusal belongs to what some have been refused since
// the log began: it says nothing of the client.
func (t *tracker) partly(e *Engine, c *client, r *row) bool {
	v := e.axesOf(c.values(), r.leaf, r.rule)
	return t.holds(byStart, &v)
}

// held tells whether an open surge's cohort holds a cell.
func (t *tracker) held(v *[numAxes]uint32) bool { return t.holds(bySurge, v) }

// heldSince tells whether the cohort of a surge that was open at minute from, or
// later, holds a cell.
func (t *tracker) heldSince(from int32, v *[numAxes]uint32) bool {
	return slices.ContainsFunc(t.events, func(ev *event) bool { return ev.surgedSince(from) && ev.holds(v) })
}

// surgedSince tells whether an event is a surge that was open at minute from or
// later: what one explains that has ended is no reason for another one.
func (ev *event) surgedSince(from int32) bool {
	return ev.origin == bySurge && ev.frozen == nil && (!ev.ended || ev.end > from)
}

// surgesBeside lists the other surges that are open at a minute, the oldest first.
func (t *tracker) surgesBeside(ev *event, minute int32) (list []*event) {
	if t.surges < 2 {
		return nil
	}
	for _, o := range t.events {
		if o != ev && !o.ended && o.origin == bySurge && minute >= o.onset {
			list = append(list, o)
		}
	}
	slices.SortStableFunc(list, func(a, b *event) int { return int(a.onset - b.onset) })
	return list
}

// holds tells whether one of the event's cohorts holds a cell.
func (ev *event) holds(v *[numAxes]uint32) bool {
	return slices.ContainsFunc(ev.cohorts, func(c conj) bool { return c.matches(v) })
}

// holds tells whether the cohort of an open event of an origin holds a cell.
func (t *tracker) holds(o origin, v *[numAxes]uint32) bool {
	return slices.ContainsFunc(t.events, func(ev *event) bool { return !ev.ended && ev.origin == o && ev.holds(v) })
}

// add opens an event about what. Its name is made of what it is about and when
// it was opened, so that a run that began elsewhere in the log gives it the
// same one.
func (t *tracker) add(o origin, what uint64, onset int32, p *page) *event {
	ev := &event{number: int32(len(t.events) + 1), origin: o, onset: onset, noticed: p.until, lastD: onset,
		clients: make(map[uint64]clientSeen), sparkAt: onset - 15}
	ev.f.init()
	ev.alone.init()
	ev.id = eventID(what, p.minute, o)
	t.events = append(t.events, ev)
	return ev
}

func eventID(what uint64, minute int32, o origin) string {
	return fmt.Sprintf("%012x", mix(what, uint64(minute)<<8|uint64(o))>>16)
}

// claim resets the series whose evidence this event explains.
func (t *tracker) claim(e *Engine, ev *event, minute int32) {
	for i := range e.series.list {
		s := &e.series.list[i]
		if s.lastD < ev.onset || s.event != 0 {
			continue
		}
		if m := s.ed.lnM(); m < 0.5*e.threshold() {
			continue
		}
		if t.absorb(e, s, alarm{int32(i), 0, ev.onset}, minute) == ev {
			s.ed.reset(minute)
			s.event = ev.number
		}
	}
}

func (t *tracker) close(e *Engine, ev *event) {
	if ev.hidden && ev.recovered(e.closed) && !t.known(ev) {
		ev.hidden, ev.noticed = false, int64(e.closed+1)*bucket
	}
	if ev.origin == bySurge {
		t.takeParts(e, ev)
	}
	ev.ended, ev.end, ev.healed = true, ev.lastD+1, ev.recovered(e.closed)
	if ev.origin == bySurge {
		t.surges--
	}
	if c := e.clients.known(ev.client); ev.origin == byTurn && c != nil {
		c.turned, ev.okEnd = 0, c.ok
	}
	for i := range e.series.list {
		s := &e.series.list[i]
		if s.event == ev.number {
			s.event = 0
			s.ed.reset(e.closed)
		}
	}
	t.tell(e, ev, false)
}

// tell calls the subscriber if something material has changed.
func (t *tracker) tell(e *Engine, ev *event, opened bool) {
	if e.cfg.OnChange == nil || ev.hidden || e.unsayable(ev) {
		return
	}
	inc := e.describeEvent(ev)
	now := told{inc.Kind, inc.Cause.ID, inc.Severity}
	was := ev.told
	switch {
	case ev.ended:
		e.cfg.OnChange(&inc, Resolved)
	case opened || was == told{}:
		e.cfg.OnChange(&inc, Opened)
	case now.kind != was.kind || now.cause != was.cause && review(ev.age) || now.severity.Rank() > was.severity.Rank():
		e.cfg.OnChange(&inc, Changed)
	default:
		return
	}
	ev.told = now
}

// replay takes the pages since the onset in. What happened before the first
// page that is still kept stays as it is known: the event was explained anew,
// but most of its clients are the same.
func (t *tracker) replay(e *Engine, ev *event, from int32) {
	known, first := ev.clients, ev.firstAt
	ev.clients, ev.samples, ev.spark, ev.firstAt = make(map[uint64]clientSeen), nil, nil, 0
	ev.f.init()
	ev.alone.init()
	ev.idle = meanwhile{}
	ev.quiet, ev.calm, ev.lost, ev.nDenied, ev.refusing, ev.spared, ev.now = 0, 0, 0, 0, 0, 0, tally{}
	if from > ev.onset && first != 0 {
		ev.firstAt = first
		for k, c := range known {
			if c.denied && c.first < from {
				ev.clients[k] = c
				ev.nDenied++
			}
		}
	}
	for i := range e.ring.pages {
		p := &e.ring.pages[i]
		switch {
		case p.minute >= from:
			ev.take(e, p)
		case p.minute >= ev.sparkAt && ev.members == nil:
			ev.drawBefore(e, p)
		}
	}
}

func (ev *event) drawBefore(e *Engine, p *page) {
	seen := map[uint64]bool{}
	for i := range p.facts {
		f := &p.facts[i]
		if f.denied > 0 && ev.match(e, f) {
			seen[f.clientKey()] = true
		}
	}
	ev.draw(p.minute, float64(len(seen)))
}
