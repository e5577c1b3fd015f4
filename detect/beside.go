package detect

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// beside is what was found beside an event's name when it was last looked at.
type beside struct {
	others []cohortScore // other names, nearly as good
	spared conj          // what nearly all clients of the cohort share that are not refused; empty = nothing
	same   control       // whoever is outside the cohort, on the paths where it is refused, ...
	query  float64       // ... and those of them who asked with a query, and were not refused
}

const (
	maxOthers   = 3
	nearlyAs    = 0.5 // of the score of the name: less is no other name
	sparedShare = 0.8 // of those not refused must share what they have in common
	sparedLeast = 3   // clients
	sameLeast   = 10  // rows on the same paths: fewer say nothing
)

// look finds what is worth knowing beside the cohorts that x named.
func (e *Engine) look(ev *event, x *explainer, named []cohortScore, from int32) {
	ev.beside = beside{spared: x.spared(named)}
	ev.beside.same, ev.beside.query = e.samePaths(ev, from)
	for _, c := range x.runnersUp(named, maxOthers) {
		if c.score >= nearlyAs*named[0].score && !idle(&c, named) {
			ev.beside.others = append(ev.beside.others, c)
		}
	}
}

// idle tells whether c says no more than one of the cohorts named does: the
// same terms and further ones that make it hardly purer.
func idle(c *cohortScore, named []cohortScore) bool {
	for i := range named {
		n := &named[i]
		part := !slices.ContainsFunc(n.terms, func(t term) bool { return !slices.Contains(c.terms, t) })
		if part && c.o*n.n < purer*n.o*c.n {
			return true
		}
	}
	return false
}

// spared explains who is not refused within the cohorts, as refusals are
// explained without: counter-examples often show the term that is missing.
func (x *explainer) spared(named []cohortScore) conj {
	var cells []cell
	var all cohortScore
	for i := range x.cells {
		c := x.cells[i]
		if slices.ContainsFunc(named, func(n cohortScore) bool { return n.terms.matches(&c.v) }) {
			c.o = c.n - c.o
			all.add(&c)
			cells = append(cells, c)
		}
	}
	share := ratio(all.o, all.n)
	if all.o < sparedLeast || share > 0.5 {
		return nil
	}
	for i := range cells {
		cells[i].e = share * cells[i].n
	}
	found := explain(x.space, cells)
	if len(found) == 0 || found[0].o < sparedShare*all.o || llr(found[0].o, found[0].n, found[0].e) < climbLLR {
		return nil
	}
	return found[0].terms
}

// samePaths counts those outside the event's cohort on the paths where the
// cohort is refused, and those of them who asked with a query and were not
// refused.
func (e *Engine) samePaths(ev *event, from int32) (c control, query float64) {
	paths := map[term]bool{}
	pages := e.ring.since(from)
	for _, p := range pages {
		for i := range p.facts {
			if f := &p.facts[i]; f.denied > 0 && ev.match(e, f) {
				paths[e.deepest(f.leaf)] = true
			}
		}
	}
	delete(paths, term{axis: axPath1})
	for _, p := range pages {
		for i := range p.facts {
			if f := &p.facts[i]; paths[e.deepest(f.leaf)] && !ev.match(e, f) {
				c.add(f)
				if f.denied == 0 && f.flags&fQuery != 0 {
					query += float64(f.weight)
				}
			}
		}
	}
	return c, query
}

// otherNames says what the cohort could be called as well.
func (e *Engine) otherNames(b *beside) string {
	var out []string
	for i := range b.others {
		c := &b.others[i]
		out = append(out, fmt.Sprintf("%s (%.0f of %s)", phrase(e.terms(c.terms)), c.o, count(int64(math.Round(c.n)), "client")))
	}
	return strings.Join(out, "; ")
}
