package detect

// watching takes a page for all open events at once. What a leaf says to the
// cohorts is remembered, for most facts belong to none: one look at a fact
// tells that.
type watching struct {
	events []*event
	terms  []*conj // the first cohort of each, to see that it is still the same
	masks  []uint64
	takes  []taking
}

const (
	maxWatched = 63
	maskKnown  = 1 << 63
)

// take adds a page to all open events.
func (t *tracker) take(e *Engine, p *page) {
	w := &t.watch
	w.takes = w.takes[:0]
	for _, ev := range t.events {
		if ev.ended {
			continue
		}
		ev.age++
		if ev.members == nil && len(w.takes) < maxWatched {
			w.takes = append(w.takes, taking{ev: ev, e: e, p: p})
		} else {
			ev.take(e, p)
		}
	}
	if len(w.takes) == 0 {
		return
	}
	w.renew(e)
	for i := range p.facts {
		f := &p.facts[i]
		mask := w.mask(e, f.leaf)
		if mask == maskKnown && !f.recent {
			continue
		}
		for k := range w.takes {
			w.takes[k].cohort(f, mask>>k&1 != 0)
		}
	}
	for k := range w.takes {
		w.takes[k].end()
	}
}

// renew forgets the masks if other events or cohorts are looked for now.
func (w *watching) renew(e *Engine) {
	same := len(w.events) == len(w.takes)
	for k := 0; same && k < len(w.events); k++ {
		ev := w.takes[k].ev
		same = w.events[k] == ev && w.terms[k] == &ev.cohorts[0]
	}
	if !same {
		w.events, w.terms = w.events[:0], w.terms[:0]
		for k := range w.takes {
			w.events, w.terms = append(w.events, w.takes[k].ev), append(w.terms, &w.takes[k].ev.cohorts[0])
		}
		clear(w.masks)
	}
	for len(w.masks) < e.limits.leaves {
		w.masks = append(w.masks, 0)
	}
}

// mask has a bit for each event to which requests of a leaf may belong.
func (w *watching) mask(e *Engine, leaf uint32) uint64 {
	m := w.masks[leaf]
	if m == 0 {
		m = maskKnown
		l := e.leaves.list.at(leaf)
		for k := range w.takes {
			for _, c := range w.takes[k].ev.cohorts {
				if l.may(c) {
					m |= 1 << k
				}
			}
		}
		w.masks[leaf] = m
	}
	return m
}

// may tells whether requests of a leaf may be in a conjunction: what it says of
// clients, and of what does not belong to the leaf alone, is left open.
func (l *leaf) may(c conj) bool {
	for _, t := range c {
		if t.axis > axUser && t.axis < axReferer && l.at(t.axis) != t.value {
			return false
		}
	}
	return true
}
