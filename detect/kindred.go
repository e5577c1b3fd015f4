package detect

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
)

// Clients that turned one by one, too slowly for a surge, may share what is
// refused: the addresses of a partner, a crawler's network, a browser that few
// use. If more of them share it than chance would have, given how much of the
// traffic does, they are one incident, named by it.
//
// Sees: three turned clients or more within maxQuiet.
// Blind: what is common in the traffic, for which the surge detector is made.

const (
	kindredNats  = 7   // evidence for what they share, beyond its price as a name
	kindredShare = 0.1 // least share of the cohort's clients refused
	sharedRows   = 0.8 // of a client's refusals that make a value its own
)

// kindred looks whether the event just opened for a turned client is one of
// several, and makes one event of them.
func (t *tracker) kindred(e *Engine, p *page) {
	var list []*event
	for _, ev := range t.events {
		if ev.origin == byTurn && !ev.hidden && ev.frozen == nil && p.minute-ev.lastD <= maxQuiet {
			list = append(list, ev)
		}
	}
	if len(list) < minClients {
		return
	}
	what, ok := e.shared(list)
	if !ok {
		return
	}
	if len(t.events) >= maxEvents {
		t.refused++
		return
	}
	one := &event{number: int32(len(t.events) + 1), origin: bySurge, noticed: p.until, cohorts: []conj{{what}}, onset: p.minute, clients: map[uint64]clientSeen{}}
	var in []*event
	for _, ev := range list {
		if !ev.shares(what) {
			continue
		}
		in = append(in, ev)
		one.onset, one.lnPeak = min(one.onset, ev.onset), one.lnPeak+ev.lnPeak
		if one.firstAt == 0 || ev.firstAt != 0 && ev.firstAt < one.firstAt {
			one.firstAt = ev.firstAt
		}
		for k, c := range ev.clients {
			one.clients[k] = c
		}
	}
	one.lastD, one.sparkAt = one.onset, one.onset-15
	t.replay(e, one, e.ring.reach(one.onset))
	if one.share() < kindredShare || !e.news(one.cohorts[0], p.minute) {
		return
	}
	one.id = eventID(e.hashConj(one.cohorts[0]), p.minute, bySurge)
	t.events = append(t.events, one)
	t.surges++
	for _, ev := range in {
		t.dissolve(e, ev, one)
	}
	t.claim(e, one, p.minute)
	t.tell(e, one, true)
}

// shares tells whether nearly all of an event's refusals have a value.
func (ev *event) shares(what term) bool {
	v, share := ev.f.values[what.axis].top()
	return uint32(v) == what.value && share >= sharedRows
}

// shared is the value that turned clients share most remarkably.
func (e *Engine) shared(list []*event) (best term, ok bool) {
	n := map[term]float64{}
	for _, ev := range list {
		for a := range uint8(numAxes) {
			if v, share := ev.f.values[a].top(); v != 0 && share >= sharedRows && a != axUser && a != axRule && a != axOS && a != axMethod && a != axWrite {
				n[term{a, uint32(v)}]++
			}
		}
	}
	for t, k := range n {
		if k < minClients {
			delete(n, t)
		}
	}
	usual := e.usualShares(n)
	top := 0.0
	for _, t := range e.sortedTerms(n) {
		score := float64(len(list))*divergence(n[t]/float64(len(list)), usual[t]) - 0.7*math.Log(1+float64(e.series.byDim[axisDim[t.axis]]))
		nearer := ok && score > top-2 && n[t] == n[best] && siteSpace.prefer[t.axis] > siteSpace.prefer[best.axis]
		if score >= kindredNats && (score > top || nearer) {
			best, top, ok = t, max(score, top), true
		}
	}
	return best, ok
}

// sortedTerms lists terms in an order that does not depend on when they came.
func (e *Engine) sortedTerms(of map[term]float64) []term {
	return slices.SortedFunc(maps.Keys(of), func(a, b term) int {
		return cmp.Or(cmp.Compare(a.axis, b.axis), strings.Compare(e.syms.text(a.value), e.syms.text(b.value)))
	})
}

// usualShares is the share of the traffic at hand that has each value.
func (e *Engine) usualShares(of map[term]float64) map[term]float64 {
	out := map[term]float64{}
	all := 0.0
	for i := range e.ring.pages {
		for k := range e.ring.pages[i].facts {
			f := &e.ring.pages[i].facts[k]
			all += float64(f.weight)
			v := e.axes(f)
			for t := range of {
				if v[t.axis] == t.value {
					out[t] += float64(f.weight)
				}
			}
		}
	}
	for t := range of {
		out[t] = (out[t] + 1) / (all + 2)
	}
	return out
}

// divergence is the Kullback-Leibler divergence of a share from a smaller one:
// n times it bounds the log-probability of seeing at least as many of n
// (Chernoff).
func divergence(share, usual float64) float64 {
	if share <= usual {
		return 0
	}
	d := share * math.Log(share/usual)
	if share < 1 {
		d += (1 - share) * math.Log((1-share)/(1-usual))
	}
	return d
}

// shortfall is the same divergence of a share from a larger one.
func shortfall(share, usual float64) float64 { return divergence(1-share, 1-usual) }
