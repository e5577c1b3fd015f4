package detect

import "fmt"

// tracker holds the events, open and ended. One real event is one event here,
// however many series and detectors it lights up.
type tracker struct {
	events  []*event
	surges  int             // open events of the surge detector
	pending []pendingClient // clients flagged in the window being closed
	refused int64
}

type pendingClient struct {
	client uint32
	scan   bool
}

const (
	maxEvents  = 1024
	dayMinutes = 24 * 60
	explainLLR = 8 // nats by which the named cohort itself must stand out
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
	for _, ev := range t.events {
		if !ev.ended {
			ev.take(e, p)
			ev.age++
		}
	}
	for _, a := range alarms {
		t.alarm(e, p, a)
	}
	for _, c := range t.pending {
		t.client(e, p, c)
	}
	t.pending = t.pending[:0]
	for _, ev := range t.events {
		if ev.ended {
			if ev.frozen == nil && p.minute-ev.end > dayMinutes {
				ev.freeze(e)
			}
			continue
		}
		if ev.origin == bySurge && review(ev.age) {
			t.review(e, ev, p.minute)
		}
		if ev.over(p.minute) {
			t.close(e, ev)
		} else {
			t.tell(e, ev, false)
		}
	}
}

// quiet is told that minutes up to m passed without any record.
func (t *tracker) quiet(e *Engine, m int32) {
	for _, ev := range t.events {
		if !ev.ended && ev.over(m) {
			t.close(e, ev)
		}
	}
}

// review says at which ages an event's cohort is looked at again.
func review(age int) bool {
	switch age {
	case 1, 2, 3, 5, 8, 13, 21, 30:
		return true
	}
	return false
}

// alarm handles one series above the threshold.
func (t *tracker) alarm(e *Engine, p *page, a alarm) {
	s := &e.series.list[a.series]
	if s.ed.lnM() < e.threshold() {
		return // reset meanwhile by an event that this alarm belongs to
	}
	if ev := t.absorb(e, s, a, p.minute); ev != nil {
		ev.lnPeak = max(ev.lnPeak, a.lnM)
		s.ed.reset(p.minute)
		s.event = ev.number
		return
	}
	if !e.gates(a) {
		return
	}
	t.openSurge(e, p, a)
}

// absorb finds the open event that holds most of the newly refused clients of
// a series.
func (t *tracker) absorb(e *Engine, s *series, a alarm, minute int32) *event {
	total := 0
	votes := map[*event]int{}
	for _, p := range e.ring.since(max(a.start, minute-keepPages)) {
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
	if best == nil || 2*votes[best] < total {
		return nil
	}
	if best.ended {
		t.reopen(best)
	}
	return best
}

// freeze writes an event's last word down and lets go of what it counted.
func (ev *event) freeze(e *Engine) {
	inc := e.describeEvent(ev)
	ev.frozen, ev.clients, ev.f = &inc, nil, features{requests: ev.f.requests}
}

func (t *tracker) reopen(ev *event) {
	ev.ended, ev.quiet, ev.calm = false, 0, 0
	if ev.origin == bySurge {
		t.surges++
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

// held tells whether an open surge's cohort holds a cell.
func (t *tracker) held(v *[numAxes]uint32) bool {
	for _, ev := range t.events {
		if ev.ended || ev.origin != bySurge && ev.origin != byFile {
			continue
		}
		for _, c := range ev.cohorts {
			if c.matches(v) {
				return true
			}
		}
	}
	return false
}

// openSurge explains an alarm and opens an event for it, or widens an open one
// that turns out to be a part of it.
func (t *tracker) openSurge(e *Engine, p *page, a alarm) {
	if len(t.events) >= maxEvents {
		t.refused++
		return
	}
	from := max(a.start, p.minute-keepPages+1)
	if t.surges > 0 && t.widen(e, p, a, from) {
		return
	}
	fresh := func(f *fact, v *[numAxes]uint32) bool { return !t.held(v) }
	found := explain(&siteSpace, e.cells(from, fresh))
	if len(found) == 0 || llr(found[0].o, found[0].n, found[0].e) < explainLLR || !e.covers(found, a, from) || !e.news(found[0].terms, p.minute) {
		e.series.list[a.series].ed.reset(p.minute)
		return
	}
	if ev := t.again(found, p.minute); ev != nil {
		t.reopen(ev)
		ev.lnPeak = max(ev.lnPeak, a.lnM)
		for i := range e.ring.pages {
			if pg := &e.ring.pages[i]; pg.minute >= max(from, ev.end) {
				ev.take(e, pg)
			}
		}
		t.claim(e, ev, p.minute)
		t.tell(e, ev, true)
		return
	}
	ev := t.add(e, bySurge, from, p.minute)
	t.surges++
	ev.setCohorts(found)
	ev.lnPeak = a.lnM
	ev.before = e.shareBefore(ev, from)
	t.replay(e, ev, from)
	t.claim(e, ev, p.minute)
	t.tell(e, ev, true)
}

// again finds the ended event of the same cohort within a day: it is the same
// event, come back.
func (t *tracker) again(found []cohortScore, minute int32) *event {
	for _, ev := range t.events {
		if ev.ended && ev.frozen == nil && ev.origin == bySurge && minute-ev.end < dayMinutes && ev.cohorts[0].equal(found[0].terms) {
			return ev
		}
	}
	return nil
}

func (ev *event) setCohorts(found []cohortScore) {
	ev.cohorts = ev.cohorts[:0]
	for _, c := range found {
		ev.cohorts = append(ev.cohorts, c.terms)
	}
}

// widen looks at everything since an open surge began: if one cohort explains
// both it and the alarm, the surge was named too narrowly.
func (t *tracker) widen(e *Engine, p *page, a alarm, from int32) bool {
	for _, ev := range t.events {
		if ev.ended || ev.origin != bySurge || p.minute-ev.onset >= keepPages {
			continue
		}
		found := explain(&siteSpace, e.cells(min(from, ev.onset), nil))
		if len(found) == 0 || found[0].terms.equal(ev.cohorts[0]) || !e.covers(found[:1], a, from) || !t.overlaps(e, ev, found[:1], 0.8) {
			continue
		}
		ev.setCohorts(found)
		ev.onset = min(ev.onset, from)
		ev.before = e.shareBefore(ev, ev.onset)
		t.replay(e, ev, ev.onset)
		t.claim(e, ev, p.minute)
		return true
	}
	return false
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
		id := e.syms.list[t.value].series
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

func (t *tracker) add(e *Engine, o origin, onset, minute int32) *event {
	ev := &event{number: int32(len(t.events) + 1), origin: o, onset: onset, opened: minute, lastD: onset,
		clients: make(map[uint64]clientSeen), sparkAt: onset - 15}
	ev.f.init()
	ev.id = fmt.Sprintf("%012x", mix(uint64(onset)<<32|uint64(ev.number), uint64(minute)<<8|uint64(o))>>16)
	t.events = append(t.events, ev)
	return ev
}

// replay takes the pages since the onset in.
func (t *tracker) replay(e *Engine, ev *event, from int32) {
	ev.clients, ev.samples, ev.spark, ev.firstAt = make(map[uint64]clientSeen), nil, nil, 0
	ev.f.init()
	ev.quiet, ev.calm, ev.lost, ev.nDenied, ev.refusing = 0, 0, 0, 0, 0
	for i := range e.ring.pages {
		p := &e.ring.pages[i]
		switch {
		case p.minute >= from:
			ev.take(e, p)
		case p.minute >= ev.sparkAt:
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

// review explains an open event again with what has come since.
func (t *tracker) review(e *Engine, ev *event, minute int32) {
	from := max(ev.onset, minute-keepPages+1)
	cells := e.cells(from, func(f *fact, v *[numAxes]uint32) bool {
		for _, o := range t.events {
			if o != ev && !o.ended && o.origin == bySurge && o.match(e, f) {
				return false
			}
		}
		return true
	})
	found := explain(&siteSpace, cells)
	if len(found) == 0 || !e.news(found[0].terms, minute) {
		return
	}
	x := &explainer{space: &siteSpace, cells: cells}
	if len(ev.cohorts) > 0 {
		if x.eval(ev.cohorts[0]).score > x.eval(found[0].terms).score+5 {
			return
		}
	}
	same := len(found) == len(ev.cohorts)
	for i := 0; same && i < len(found); i++ {
		same = found[i].terms.equal(ev.cohorts[i])
	}
	if same || !t.overlaps(e, ev, found, 0.5) {
		return
	}
	ev.setCohorts(found)
	ev.before = e.shareBefore(ev, ev.onset)
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

func (t *tracker) close(e *Engine, ev *event) {
	ev.ended, ev.end = true, ev.lastD+1
	if ev.origin == bySurge {
		t.surges--
	}
	if c := &e.clients.list[ev.client]; ev.origin == byTurn {
		c.turned = 0
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
	if e.cfg.OnChange == nil {
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
