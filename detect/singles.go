package detect

// client opens or extends the event of a single flagged client.
func (t *tracker) client(e *Engine, p *page, pc pendingClient) {
	c := e.clients.list.at(pc.client)
	key := uint64(uint32(c.hash))<<32 | uint64(pc.client)
	o := byTurn
	if pc.scan {
		o = byScan
	}
	for _, ev := range t.events {
		if ev.ended {
			if o == byTurn && ev.origin == bySurge && ev.clients[key].denied && c.turnStart <= ev.end {
				c.turned = 0 // an echo of that surge
				return
			}
			if ev.origin == o && ev.members[key] && ev.frozen == nil && (pc.scan && p.minute-ev.end < dayMinutes || !pc.scan && ev.goesOn(c, p.minute)) {
				t.reopen(e, ev)
				return
			}
			continue
		}
		if ev.members[key] && ev.origin == o {
			return
		}
		if o == byTurn && ev.origin == bySurge && ev.clients[key].denied {
			return // one of many: the surge's event speaks for it
		}
		if o == byScan && ev.origin == byScan && t.kin(e, ev, c) {
			ev.members[key] = true
			return
		}
	}
	if o == byTurn && t.resumes(e, p, pc.client, key) {
		return
	}
	if len(t.events) >= maxEvents {
		t.refused++
		return
	}
	onset := c.turnStart
	if pc.scan {
		onset = p.minute
		if c.deniedAt >= 0 || c.miss > 0 {
			onset = e.ring.reach(c.first)
		}
	}
	ev := t.add(o, c.hash, onset, p)
	ev.client, ev.members, ev.user, ev.network = key, map[uint64]bool{key: true}, c.user, c.network
	ev.lnPeak, ev.habit = float64(max(c.turned, c.walk)), c.habits.caught
	t.replay(e, ev, e.ring.reach(onset))
	if pc.scan {
		ev.onset = e.firstFact(key, e.ring.reach(c.first), ev.onset)
	}
	if o == byTurn {
		t.kindred(e, p)
	}
	t.tell(e, ev, true)
}

// goesOn tells whether what an ended event of a turned client was about goes on:
// the client has been served nothing since, or was away for less than an hour.
func (ev *event) goesOn(c *client, minute int32) bool {
	return minute-ev.end < epoch || c.turnStart <= ev.end || minute-ev.end < dayMinutes && c.baseOK <= ev.okEnd
}

// resumes tells whether a turned client belongs to a surge that has ended for
// want of clients, or just now, and goes on with it.
func (t *tracker) resumes(e *Engine, p *page, client uint32, key uint64) bool {
	for _, ev := range t.events {
		if ev.origin != bySurge || !ev.ended || ev.hidden || ev.frozen != nil || p.minute-ev.end > maxQuiet || p.minute-ev.end > quietMinutes && ev.recovered(p.minute) {
			continue
		}
		for i := range p.facts {
			f := &p.facts[i]
			if f.client == client && f.denied > 0 && ev.match(e, f) {
				t.reopen(e, ev)
				return true
			}
		}
	}
	return false
}

// catchUp takes the pages in that an event missed since it was over.
func (t *tracker) catchUp(e *Engine, ev *event) {
	left := ev.left
	for i := range e.ring.pages {
		if p := &e.ring.pages[i]; p.minute > left {
			ev.take(e, p)
		}
	}
}

// firstFact is the first minute since from of which a client's facts are kept.
func (e *Engine) firstFact(key uint64, from, otherwise int32) int32 {
	for _, p := range e.ring.since(from) {
		for i := range p.facts {
			if p.facts[i].clientKey() == key {
				return min(p.minute, otherwise)
			}
		}
	}
	return otherwise
}

// kin tells whether a scanner belongs to an open scan: the same network.
func (t *tracker) kin(e *Engine, ev *event, c *client) bool {
	return c.network != 0 && ev.network == c.network && len(ev.members) < 1024
}
