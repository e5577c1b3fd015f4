package detect

import "fmt"

// A botnet asks for one thing that nobody is served, and that no page links to,
// from very many addresses, once or twice each, so that none of them is a scanner by itself.
// Together they are one event, named by what they ask for.
//
// Behind a proxy one scanner has many addresses as well, the proxy's, and what
// it asks for differs. There it is known by its user agent.
//
// Sees: more than waveClients addresses in an hour, and five times as many as
// in any hour before. Hours are counted from the first line. In the first one
// the time before the wave is all that it can be compared with.
// Blind: waves that are slower, or run already when the log begins, botnets
// that ask for pages of the site, and those that say they are robots: these ask
// for old pages that are gone.
const (
	waveClients = 25
	waveRise    = 5
	waveQuiet   = 8 // times as often as what would have shown once before
	maxWaves    = 1 << 12
)

// probed counts who asked for one template in this hour.
type probed struct {
	hour   int32 // since the log began
	since  int32 // minute of the first one
	now    uint32
	most   uint32  // in one earlier hour
	who    bits128 // by agent: the addresses of this hour
	caught bool
}

// waves is a bounded table by template.
type waves struct {
	seen    map[uint64]*probed
	refused int64
}

// of returns what is counted under a key at an age of the log in minutes, nil if
// there is no room.
func (ws *waves) of(key uint64, age, minute int32) *probed {
	w := ws.seen[key]
	if w == nil {
		if len(ws.seen) >= maxWaves {
			ws.refused++
			return nil
		}
		w = &probed{hour: age / 60}
		ws.seen[key] = w
	}
	if h := age / 60; h != w.hour {
		w.most, w.hour, w.now, w.who = max(w.most, w.now), h, 0, bits128{}
	}
	if w.now == 0 {
		w.since = minute
	}
	return w
}

// rises tells whether a wave has just become one, in a log that began in that
// minute, of which there may be no more than its last second.
func (w *probed) rises(began, minute int32) bool {
	if w.hour == 0 && int32(w.now)*(w.since-began-1) < waveQuiet*(minute-w.since+1) {
		return false
	}
	return !w.caught && w.now >= waveClients && w.now >= waveRise*w.most
}

// probe notes that a client asked for what nobody is served; once a client and
// template, as the caller has seen to.
func (e *Engine) probe(r *row, minute int32) {
	w := e.waves.of(r.tmpl, minute-e.began, minute)
	if w == nil {
		return
	}
	if w.now++; w.rises(e.began, minute) {
		w.caught = true
		e.track.waves = append(e.track.waves, foundWave{e.deepest(r.leaf), w.since})
	}
}

// kit notes a probe by its user agent, for logs that do not show the clients.
func (e *Engine) kit(r *row, c *client, minute int32) {
	l := e.leaves.list.at(r.leaf)
	t := term{axMajor, l.major}
	if t.value == 0 {
		t = term{axAgent, l.ua}
	}
	w := e.waves.of(mix(uint64(t.value), k2), minute-e.began, minute)
	if t.value == 0 || w == nil || !w.who.add(c.hash) {
		return
	}
	if w.now++; w.rises(e.began, minute) && e.onlyProbes(t, w.since) {
		w.caught = true
		e.track.waves = append(e.track.waves, foundWave{t, w.since})
	}
}

// onlyProbes tells whether the requests of a cohort were refused or missed
// twice as often as served.
func (e *Engine) onlyProbes(t term, since int32) bool {
	ok, failed := 0.0, 0.0
	for _, p := range e.ring.since(since) {
		for i := range p.facts {
			if f := &p.facts[i]; e.at(f, t.axis) != t.value {
				continue
			} else if f.has(clOK) {
				ok += float64(f.weight)
			} else if f.has(clDenied) || f.has(clMiss) {
				failed += float64(f.weight)
			}
		}
	}
	return failed >= 2*ok
}

// foundWave is a wave that was seen in the window being closed.
type foundWave struct {
	what  term
	since int32
}

// deepest is the longest path prefix of a leaf that has a name.
func (e *Engine) deepest(leaf uint32) term {
	l := e.leaves.list.at(leaf)
	for a := axPath3; a > axPath1; a-- {
		if v := l.path[a-axPath1]; v != 0 {
			return term{uint8(a), v}
		}
	}
	return term{axPath1, l.path[0]}
}

// openWave opens the event of a wave, unless one for the same path is open.
func (t *tracker) openWave(e *Engine, p *page, w foundWave) {
	for _, ev := range t.events {
		if ev.origin == byRaid && !ev.ended && ev.about(w.what) {
			return
		}
	}
	if len(t.events) >= maxEvents {
		t.refused++
		return
	}
	onset := e.ring.reach(w.since)
	ev := t.add(byWave, e.hashConj(conj{w.what}), onset, p)
	ev.cohorts = []conj{{w.what}}
	t.replay(e, ev, onset)
	t.tell(e, ev, true)
}

func waveTitle(inc *Incident, what term) string {
	im := &inc.Impact
	if axisDim[what.axis] == DimAgent {
		return fmt.Sprintf("Paths guessed with one %s through %d addresses: %d requests, %d refused", phrase(inc.Cohort), im.Clients, im.Requests, im.Denied)
	}
	return fmt.Sprintf("%d addresses ask for %s, a few times each: %d requests, %d refused", im.Clients, phrase(inc.Cohort), im.Requests, im.Denied)
}
