package detect

// A botnet asks for one thing that nobody is served, and that no page links to,
// from very many addresses, once or twice each, so that none of them is a scanner by itself.
// Together they are one event, named by what they ask for.
//
// Sees: more than waveClients addresses in an hour, and five times as many as
// in any hour before.
// Blind: waves that are slower, and botnets that ask for pages of the site.
const (
	waveClients = 25
	waveRise    = 5
	maxWaves    = 1 << 12
)

// probed counts who asked for one template in this hour.
type probed struct {
	hour   int32
	since  int32 // minute of the first one
	now    uint32
	most   uint32 // in one earlier hour
	caught bool
}

// waves is a bounded table by template.
type waves struct {
	seen    map[uint64]*probed
	refused int64
}

// probe notes that a client asked for what nobody is served; once a client and
// template, as the caller has seen to.
func (e *Engine) probe(r *row, minute int32) {
	w := e.waves.seen[r.tmpl]
	if w == nil {
		if len(e.waves.seen) >= maxWaves {
			e.waves.refused++
			return
		}
		w = &probed{hour: minute / 60}
		e.waves.seen[r.tmpl] = w
	}
	if h := minute / 60; h != w.hour {
		w.most, w.hour, w.now = max(w.most, w.now), h, 0
	}
	if w.now == 0 {
		w.since = minute
	}
	w.now++
	if !w.caught && w.now >= waveClients && w.now >= waveRise*w.most {
		w.caught = true
		e.track.waves = append(e.track.waves, foundWave{e.deepest(r.leaf), w.since})
	}
}

// foundWave is a wave that was seen in the window being closed.
type foundWave struct {
	path  term
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
	if len(t.events) >= maxEvents {
		t.refused++
		return
	}
	onset := max(w.since, p.minute-keepPages+1)
	ev := t.add(byWave, uint64(w.path.value), onset, p)
	ev.cohorts = []conj{{w.path}}
	t.replay(e, ev, onset)
	t.tell(e, ev, true)
}
