package detect

import (
	"cmp"
	"slices"
)

// partDiscount is how much of its score a candidate loses that is wholly a part
// of a wider one.
const partDiscount = 0.5

// candidate is what a cohort could be called, with the score discounted for
// being a part.
type candidate struct {
	*cohortScore
	worth float64
}

// runnersUp lists up to k further names for what was explained, best first.
// Each has other clients than those before it. What is a mere part of a wider
// candidate, the rest of which is refused alike, counts less: the wider one
// stands for it.
func (x *explainer) runnersUp(named []cohortScore, k int) []cohortScore {
	slices.SortFunc(x.pool, func(a, b cohortScore) int { return compare(&a, &b) })
	var list []candidate
	for i := range x.pool {
		c := &x.pool[i]
		if len(list) >= k && list[k-1].worth >= c.score {
			break // no later one can be worth more
		}
		if c.excess() <= 0 || slices.ContainsFunc(named, func(n cohortScore) bool { return n.terms.equal(c.terms) }) {
			continue
		}
		if slices.ContainsFunc(list, func(o candidate) bool { return x.same(c, o.cohortScore) }) {
			continue
		}
		list = append(list, candidate{c, c.score * (1 - partDiscount*x.partly(c))})
		slices.SortStableFunc(list, func(a, b candidate) int { return cmp.Compare(b.worth, a.worth) })
	}
	out := make([]cohortScore, 0, k)
	for _, c := range list[:min(k, len(list))] {
		out = append(out, *c.cohortScore)
	}
	return out
}

// partly is how far c is a part of one of its parents: how elevated the rest of
// the parent is, 1 = as c or more.
func (x *explainer) partly(c *cohortScore) float64 {
	top := 0.0
	for _, p := range x.parents(c.terms) {
		s := x.eval(p)
		ro, rn, re := s.o-c.o, s.n-c.n, s.e-c.e
		if llr(ro, rn, re) >= climbLLR {
			top = max(top, elevation(ro, re, c))
		}
	}
	return min(1, top)
}
