package detect

import (
	"math"
	"slices"
)

// A limit on the rate of requests refuses nobody for what they are or ask for,
// but whoever asks most. The refusals lie where heavy clients ask: on the files
// of a page, in the country of most readers. The smallest cohort that holds
// them is then named after who is heavy, and each such name would be an
// incident of its own. So before a name is used, two things are looked at:
//
//   - whether minutes in which a client asks little are refused much less than
//     others, on the very same paths: a block of a path, or of a share of the
//     clients, refuses them alike;
//   - whether the refused are served in the same minute, in the same part of
//     the site: a block of clients leaves none of that.
//
// If both hold, a term of the name is dropped when heavy clients outside it are
// refused as well.

const (
	limitLight   = 0.5  // of the requests of the median refused minute: a client with fewer asks little
	limitSpared  = 0.25 // of the refusals expected there, at most so many meet those who ask little
	limitNats    = 4.6  // evidence for that: odds of 1 %
	limitInTurn  = 0.5  // of the refused minutes must have something served in the same part of the site
	limitClients = 3    // so many must be refused
	limitBeyond  = 2    // so many must be refused outside a name to drop it
	limitOutside = 0.25 // of the share refused inside a name must be refused outside, among the heavy
)

// stay is a minute of one client: its facts in a page.
type stay struct {
	facts    []fact
	requests float64
}

// ask notes with each fact how much its client asks for in the window. The facts
// of one client lie together.
func (p *page) ask() {
	for i := 0; i < len(p.facts); {
		j, asked := i, uint16(0)
		for j < len(p.facts) && p.facts[j].clientKey() == p.facts[i].clientKey() {
			asked = add16(asked, uint32(p.facts[j].n))
			j++
		}
		for ; i < j; i++ {
			p.facts[i].asked = asked
		}
	}
}

// stays calls f for each minute of a client since minute from, attackers left
// out.
func (e *Engine) stays(from int32, f func(stay)) {
	for _, p := range e.ring.since(from) {
		for i := 0; i < len(p.facts); {
			v, j := stay{}, i
			for j < len(p.facts) && p.facts[j].clientKey() == p.facts[i].clientKey() {
				j++
			}
			v.facts, v.requests = p.facts[i:j], float64(p.facts[i].asked)
			if !p.facts[i].hostile {
				f(v)
			}
			i = j
		}
	}
}

// inTurn tells whether something was refused and something served in the same
// part of the site, by the same method.
func (v *stay) inTurn(e *Engine) bool {
	for i := range v.facts {
		f := &v.facts[i]
		if f.denied == 0 {
			continue
		}
		l := e.leaves.list.at(f.leaf)
		for k := range v.facts {
			g := &v.facts[k]
			if m := e.leaves.list.at(g.leaf); g.has(clOK) && m.path[0] == l.path[0] && m.method == l.method {
				return true
			}
		}
	}
	return false
}

// place counts the requests for one path, all of them and those of clients who
// ask little.
type place struct{ all, denied, light, lightDenied float64 }

func (p *place) add(f *fact, light bool) {
	n := float64(f.weight) * float64(f.n)
	p.all += n
	p.denied += float64(f.denied)
	if light {
		p.light += n
		p.lightDenied += float64(f.denied)
	}
}

// limited tells whether the refusals since a minute are those of a limit of
// rates, and up to how many requests a minute a client asks little. Only
// refusals of what others are served count, and of free facts.
func (e *Engine) limited(free func(*fact) bool, from int32) (light float64, ok bool) {
	var sizes []float64
	turns := 0.0
	clients := map[uint64]bool{}
	e.stays(from, func(v stay) {
		if !anyFact(v.facts, func(f *fact) bool { return f.denied > 0 && f.known && free(f) }) {
			return
		}
		sizes = append(sizes, v.requests)
		clients[v.facts[0].clientKey()] = true
		if v.inTurn(e) {
			turns++
		}
	})
	if len(clients) < limitClients || turns < limitInTurn*float64(len(sizes)) {
		return 0, false
	}
	slices.Sort(sizes)
	light = limitLight * sizes[len(sizes)/2]
	return light, spared(e.places(free, from, light))
}

// spared tells whether those who ask little are refused much less than others
// in the same places. What is served to nobody tells nothing.
func spared(places []place) bool {
	met, due := 0.0, 0.0
	for _, p := range places {
		if p.denied < p.all {
			met += p.lightDenied
			due += p.light * p.denied / p.all
		}
	}
	return met <= limitSpared*due && due-met-met*math.Log(due/max(met, 1e-9)) >= limitNats
}

// places counts requests by path; who asks up to light a minute asks little.
func (e *Engine) places(free func(*fact) bool, from int32, light float64) []place {
	var out []place
	index := map[term]int{}
	e.stays(from, func(v stay) {
		for i := range v.facts {
			f := &v.facts[i]
			if !free(f) || f.denied > 0 && !f.known {
				continue
			}
			t := e.deepest(f.leaf)
			k, ok := index[t]
			if !ok {
				k = len(out)
				index[t] = k
				out = append(out, place{})
			}
			out[k].add(f, v.requests <= light)
		}
	})
	return out
}

// loosen drops the terms of a cohort that only say who is heavy: outside them,
// clients who ask as much are refused as well. That heavy clients read is a
// matter of course.
func (e *Engine) loosen(c conj, light float64, from int32) conj {
	for len(c) > 0 {
		if len(c) == 1 && c[0].axis == axMethod && e.syms.text(c[0].value) == "GET" {
			return nil
		}
		drop, top := -1, limitOutside
		for i := range c {
			if r := e.outside(c, i, light, from); r >= top {
				drop, top = i, r
			}
		}
		if drop < 0 {
			return c
		}
		c = c.without(drop)
	}
	return c
}

// outside is the share refused of what heavy clients ask for outside the i-th
// term of a cohort, as a part of that within the cohort; 0 if too few clients
// are refused there. Where those who ask little are spared as well, any share is
// enough: who is heavy with pictures is seldom refused a form.
func (e *Engine) outside(c conj, i int, light float64, from int32) float64 {
	var in, out, all place
	clients := map[uint64]bool{}
	rest := c.without(i)
	e.stays(from, func(v stay) {
		little := v.requests <= light
		for k := range v.facts {
			f := &v.facts[k]
			switch {
			case f.denied > 0 && !f.known || !e.holds(rest, f):
			case !e.holds(c, f):
				all.add(f, little)
				if little {
					continue
				}
				out.add(f, false)
				if f.denied > 0 {
					clients[f.clientKey()] = true
				}
			case !little:
				in.add(f, false)
			}
		}
	})
	if len(clients) < limitBeyond {
		return 0
	}
	share := ratio(ratio(out.denied, out.all), ratio(in.denied, in.all))
	if spared([]place{all}) {
		share = max(share, limitOutside)
	}
	return share
}

// limitsRate looks whether what is found since a minute is a limit of rates, and
// names its cohort then. Facts of other open surges are left out.
func (t *tracker) limitsRate(e *Engine, self *event, c conj, from int32) (named conj, light float64, ok bool) {
	free := func(f *fact) bool {
		for _, ev := range t.events {
			if ev != self && !ev.ended && ev.limited == 0 && ev.origin == bySurge && ev.match(e, f) {
				return false
			}
		}
		return true
	}
	if light, ok = e.limited(free, from); !ok {
		return c, 0, false
	}
	return e.loosen(c, light, from), light, true
}

// joinLimit finds the open limit of rates of which a cohort is a part, or which
// is a part of it.
func (t *tracker) joinLimit(e *Engine, c conj, from, minute int32) *event {
	for _, ev := range t.events {
		if ev.ended || ev.limited == 0 {
			continue
		}
		wide, light, ok := t.limitsRate(e, ev, ev.cohorts[0], e.ring.reach(min(from, ev.onset)))
		switch {
		case ok && part(c, wide):
		case part(ev.cohorts[0], c):
			wide, light = c, ev.limited
		default:
			continue
		}
		t.limit(e, ev, wide, light, from, minute)
		return ev
	}
	return nil
}

// part tells whether c is a part of whole: it has all of its terms.
func part(c, whole conj) bool {
	return !slices.ContainsFunc(whole, func(t term) bool { return !slices.Contains(c, t) })
}

// limit says of an event that it is a limit of rates, of a cohort.
func (t *tracker) limit(e *Engine, ev *event, c conj, light float64, from, minute int32) {
	from = min(from, ev.onset)
	for _, o := range t.events {
		if !o.ended && o.limited > 0 && part(o.cohorts[0], c) {
			from = min(from, o.onset)
		}
	}
	if ev.limited == 0 || from < ev.onset || len(ev.cohorts) > 1 || !c.equal(ev.cohorts[0]) {
		ev.cohorts, ev.limited, ev.onset = []conj{c}, light, from
		ev.before = e.shareBefore(ev, from)
		ev.beside = beside{}
		ev.beside.same, ev.beside.query = e.samePaths(ev, from)
		t.replay(e, ev, from)
	}
	t.gather(e, ev)
	t.claim(e, ev, minute)
}

// gather takes into a limit of rates the open ones that turn out to be parts of
// it. A subscriber is told that they are over.
func (t *tracker) gather(e *Engine, ev *event) {
	for _, o := range t.events {
		if o == ev || o.ended || o.limited == 0 || !part(o.cohorts[0], ev.cohorts[0]) {
			continue
		}
		t.dissolve(e, o, ev)
		ev.lnPeak, ev.noticed = max(ev.lnPeak, o.lnPeak), min(ev.noticed, o.noticed)
	}
}
