package detect

// partOf tells whether what a surge refuses is a part of what another one does,
// that has its clients: they are served all else, and what else the other one
// refuses was refused as well since the surge began. A user agent that is
// blocked is no part of a folder that nobody may read, and not of the whole site
// that is closed an hour later.
func (e *Engine) partOf(o, ev *event) bool {
	var beyond, earlier headcount // what the surge refuses elsewhere, and what the other one did before it began
	beyond.init()
	earlier.init()
	for _, p := range e.ring.since(o.onset) {
		for i := range p.facts {
			f := &p.facts[i]
			switch mine, other := o.match(e, f), e.inAny(ev.cohorts, f); {
			case f.hostile:
			case mine && !other:
				beyond.add(f)
			case other && !mine && p.minute < ev.onset:
				earlier.add(f)
			}
		}
	}
	apart := len(beyond.refused) >= minClients && float64(len(beyond.refused)) >= beyond.upTo*o.share()/2
	later := earlier.n*ev.share() >= minClients && float64(len(earlier.refused)) < earlier.n*ev.share()/2
	return !apart && !later
}

// shareOf is the part of some refused rows, from one minute to another, that
// belongs to an event; 0 if there are none.
func (e *Engine) shareOf(ev *event, from, to int32, of func(*fact) bool) float64 {
	in, all := 0.0, 0.0
	for _, p := range e.ring.since(from) {
		for i := range p.facts {
			f := &p.facts[i]
			if f.denied == 0 || p.minute > to || !of(f) {
				continue
			}
			if all++; ev.match(e, f) {
				in++
			}
		}
	}
	return ratio(in, all)
}

// headcount collects the clients that asked for something, and the refused of
// them.
type headcount struct {
	all     map[uint64]bool
	refused map[uint64]bool
	n, upTo float64 // clients, and how many of them came up to the last refusal
}

func (h *headcount) init() { h.all, h.refused = map[uint64]bool{}, map[uint64]bool{} }

func (h *headcount) add(f *fact) {
	k := f.clientKey()
	if !h.all[k] {
		h.all[k] = true
		h.n += float64(f.weight)
	}
	if f.denied > 0 {
		h.refused[k] = true
		h.upTo = h.n
	}
}
