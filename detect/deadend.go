package detect

import (
	"fmt"
	"math/bits"
	"slices"
	"time"
)

// A form or a button of the site itself that leads to a refusal is refused to few
// people, and seldom, so no rate tells: five orders in two weeks.
// What tells is that visitors who are served everything else come from the
// site's own page, and are hardly ever served there. Spam robots send forms as
// well, but come in crowds, not a few on each of many days.
//
// Sees: what people send with the site's own page as referrer, of which four
// in five are refused: of three people or more, or of one where nobody else is
// served.
// Blind: logs without referrers, programs, what is refused less than five times,
// and links, which lead to what only members may see on every other site.
type deadEnds struct {
	seen    map[uint64]*deadEnd
	open    []uint64 // keys of those with an event
	refused int64    // no room
}

// deadEnd is one method and template.
type deadEnd struct {
	leaf        uint32
	denied, ok  int32 // requests from the site's pages since the first refusal
	clients     bits128
	first, last int32 // minutes of refusals
	minutes     int32 // with refusals
	days        int32
	sure        bool  // somebody among them loaded pictures, as people do
	sole        bool  // nobody else was ever served it
	again       int32 // served since the last refusal
	event       int32
}

const (
	maxDeadEnds     = 1 << 12
	deadEndDenied   = 5
	deadEndClients  = 3
	deadEndAlone    = 20 // refusals of fewer people
	deadEndMinutes  = 20 // between the first and the last: less is one visit
	deadEndServed   = 4  // refusals for each time it was served
	deadEndForget   = 14 * dayMinutes
	deadEndRepaired = 3 // times served in a row
	deadEndDays     = 3 // with refusals of people who may be none
)

// deadEnd takes a row of a client in.
func (e *Engine) deadEnd(r *row, c *client, s *sum, owned bool, minute int32) {
	if r.flags&(fReferer|fWrite|fAsset|fProbe) != fReferer|fWrite {
		return
	}
	t, l := &e.ends, e.leaves.list.at(r.leaf)
	if r.flags&(fSelf|fBack) == 0 && (l.refer == 0 || l.refer != e.self.sym) {
		return
	}
	key := mix(r.tmpl, uint64(l.method))
	d := t.seen[key]
	switch {
	case owned: // an incident says it
		if d != nil && d.event == 0 {
			delete(t.seen, key)
		}
		return
	case d == nil && r.by[clDenied] == 0:
		return
	case d == nil:
		if d = t.make(key, r, minute); d == nil {
			return
		}
	}
	d.ok += int32(r.by[clOK])
	d.again += int32(r.by[clOK])
	if r.by[clDenied] > 0 && c.visitor(s, r.flags&fBack != 0) {
		d.deny(r, c, minute)
		d.sole = !e.served.others(r.tmpl, r.client)
		if d.event == 0 && d.dead() {
			e.track.ends = append(e.track.ends, key)
		}
	}
}

// visitor tells whether a client uses the site as a person does. Who sends a
// form back to its own page has seen that page, so less is asked of him.
func (c *client) visitor(s *sum, form bool) bool {
	if (c.flags|s.flags)&(fBrowser|fBot|fTool|fScanner|fFakeBot) != fBrowser || c.fails > c.oks || c.hostile() {
		return false
	}
	return form || c.ok >= 3 && (c.assets > 0 || s.assets > 0)
}

func (t *deadEnds) make(key uint64, r *row, minute int32) *deadEnd {
	if len(t.seen) >= maxDeadEnds {
		t.refused++
		return nil
	}
	d := &deadEnd{leaf: r.leaf, first: minute, last: never}
	t.seen[key] = d
	return d
}

func (d *deadEnd) deny(r *row, c *client, minute int32) {
	if minute-d.last > deadEndForget && d.event == 0 {
		*d = deadEnd{leaf: r.leaf, first: minute}
	}
	if minute != d.last {
		d.minutes++
	}
	if minute/dayMinutes != d.last/dayMinutes {
		d.days++
	}
	d.sure = d.sure || c.assets > 0
	d.denied += int32(r.by[clDenied])
	d.clients.add(c.hash)
	d.last, d.again = minute, 0
}

func (d *deadEnd) people() int {
	return bits.OnesCount64(d.clients[0]) + bits.OnesCount64(d.clients[1])
}

// dead tells whether what is known is enough.
func (d *deadEnd) dead() bool {
	many := d.people() >= deadEndClients || d.sole && d.denied >= deadEndAlone
	return many && (d.sure || d.days >= deadEndDays) && d.denied >= deadEndDenied && d.minutes >= 3 && d.denied >= deadEndServed*d.ok && d.last-d.first >= deadEndMinutes
}

// openDeadEnd opens the event of one.
func (t *tracker) openDeadEnd(e *Engine, p *page, key uint64) {
	d := e.ends.seen[key]
	if d == nil || d.event != 0 {
		return
	}
	if t.told(e, d) {
		delete(e.ends.seen, key)
		return
	}
	if len(t.events) >= maxEvents {
		t.refused++
		return
	}
	what := conj{e.deepest(d.leaf), {axMethod, e.leaves.list.at(d.leaf).method}}
	ev := t.add(byDeadEnd, e.hashConj(what), d.first, p)
	ev.members = map[uint64]bool{} // its own counts say all
	ev.cohorts = []conj{what}
	d.event = ev.number
	e.ends.open = append(e.ends.open, key)
	ev.follow(d)
	t.tell(e, ev, true)
}

// told tells whether another event says it already, or will if it ends.
func (t *tracker) told(e *Engine, d *deadEnd) bool {
	v := e.axesOf([5]uint32{}, d.leaf, 0)
	for _, ev := range t.events {
		if ev.members == nil && ev.lastD >= d.first && ev.holds(&v) {
			return true
		}
	}
	return false
}

// follow brings an event up to what is known of its dead end.
func (ev *event) follow(d *deadEnd) {
	ev.lastD, ev.sure, ev.due, ev.came, ev.nDenied = d.last, d.sure, float64(d.denied), float64(d.ok), d.people()
}

// followDeadEnds opens what was found in this window, and closes what is
// repaired or forgotten.
func (t *tracker) followDeadEnds(e *Engine, p *page) {
	slices.Sort(t.ends)
	for _, key := range t.ends {
		t.openDeadEnd(e, p, key)
	}
	t.ends = t.ends[:0]
	e.ends.open = slices.DeleteFunc(e.ends.open, func(key uint64) bool {
		d := e.ends.seen[key]
		ev := t.events[d.event-1]
		if ev.frozen != nil { // it was a part of a surge
			delete(e.ends.seen, key)
			return true
		}
		ev.follow(d)
		if d.again < deadEndRepaired && p.minute-d.last <= deadEndForget {
			return false
		}
		t.close(e, ev)
		delete(e.ends.seen, key)
		return true
	})
}

// describeDeadEnd makes the public form.
func (e *Engine) describeDeadEnd(ev *event) Incident {
	path, method := e.syms.text(ev.cohorts[0][0].value), e.syms.text(ev.cohorts[0][1].value)
	n, ok := int64(ev.due), int64(ev.came)
	inc := Incident{ID: ev.id, Kind: Overblock, State: "open", Severity: Low, Start: minuteTime(ev.onset), DetectedAt: time.Unix(ev.noticed, 0).UTC().Add(e.cfg.Patience),
		Cohort: []Term{{"method", method}, {"path", path}}, Samples: []Sample{},
		Title:  fmt.Sprintf("A form of the site is refused: %s %s, %d of %d times", method, path, n, n+ok),
		Impact: Impact{Requests: n + ok, Denied: n, Clients: int64(ev.nDenied), DeniedClients: int64(ev.nDenied), LikelyLegitClients: int64(ev.nDenied), ShareDuring: round4(ratio(ev.due, ev.due+ev.came))},
		Evidence: []Text{
			{fmt.Sprintf("%d of %d requests that came from a page of the site itself were refused, of %s", n, n+ok, count(int64(ev.nDenied), "visitor"))},
			{"these visitors are browsers that hardly miss anything else"},
		},
		Score: Score{ExpectedFalsePerDay: e.falsePerDay(ev)}}
	if ev.sure && ev.nDenied >= deadEndClients {
		inc.Severity = Medium
	}
	if ev.ended {
		inc.State = "resolved"
		end := minuteTime(ev.end)
		inc.End = &end
	}
	inc.Causes = deadEndCauses()
	inc.Cause = Cause{inc.Causes[0].ID, inc.Causes[0].Probability}
	inc.NextSteps = []Step{
		{Text: "Send the form as a visitor does, and look at its token against forged requests (CSRF) and at who may send it"},
		{Text: "Find the pages that it is sent from", Command: "grep -F " + shellQuote(`"`+method+" "+path) + ` access.log | awk -F'"' '{print $4}' | sort | uniq -c | sort -rn | head`},
	}
	return inc
}

func deadEndCauses() []Guess {
	g := func(id string, p float64, why string) Guess {
		return Guess{ID: id, Probability: p, For: []string{why}, Against: []string{}}
	}
	return []Guess{g("referer_rule", 0.55, "a form that is refused to nearly everybody: most often its token or origin is not accepted (CSRF)"), g("permissions", 0.3, "or these visitors may not send it"), g("undetermined", 0.15, "the log does not say why")}
}
