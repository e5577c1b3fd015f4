package detect

import (
	"cmp"
	"slices"
)

// Parameters of the split of everyone.
const (
	splitClean = 0.15 // of the clients must be as expected
	splitRest  = 0.05 // of the excess may lie outside the values named
	splitLeast = 0.1  // of the excess must lie in each of them
	splitGain  = 3.0  // nats
)

// split names a few values of one axis in place of everyone, if they hold the
// excess between them, explain more than what is told already, and the rest is
// as expected: two bit rates of five, two versions of an API. Everyone is where
// climb ends when several values are refused alike. A cohort that says
// something is not split: one name is the better explanation than two. Each
// value must be as evident as what is peeled off: a limit of rates refuses
// everyone, and first those who ask most.
func (x *explainer) split(told float64) []cohortScore {
	var best []cohortScore
	top := told + splitGain
	all := x.eval(nil)
	for a := range numAxes {
		if x.space.prefer[a] < 0 || x.values[a] < 3 {
			continue
		}
		if parts, sum := x.splitOn(uint8(a), &all); sum > top {
			best, top = parts, sum
		}
	}
	return best
}

// splitOn returns the elevated values of an axis and the sum of their scores;
// nothing unless the rest is clean.
func (x *explainer) splitOn(axis uint8, all *cohortScore) (parts []cohortScore, sum float64) {
	var of []cohortScore
	index := map[uint32]int{}
	for i := range x.cells {
		v := x.cells[i].v[axis]
		k, ok := index[v]
		if !ok {
			k = len(of)
			index[v] = k
			of = append(of, cohortScore{terms: conj{{axis, v}}})
		}
		of[k].add(&x.cells[i])
	}
	rest := *all
	for i := range of {
		c := &of[i]
		if c.terms[0].value == 0 || c.excess() < splitLeast*all.excess() || elevation(c.o, c.e, all) < climbRho || x.llr(c) < peelLLR {
			continue
		}
		if len(parts) == maxPeels {
			return nil, 0
		}
		x.rate(c)
		parts = append(parts, *c)
		rest.n, rest.o, rest.e = rest.n-c.n, rest.o-c.o, rest.e-c.e
		sum += c.score
	}
	clean := rest.n >= splitClean*all.n && rest.excess() <= splitRest*all.excess() && elevation(rest.o, rest.e, all) < climbRho
	if len(parts) < 2 || !clean {
		return nil, 0
	}
	slices.SortFunc(parts, byExcess)
	return parts, sum
}

// byExcess orders by excess, the largest first.
func byExcess(a, b cohortScore) int {
	if a.excess() != b.excess() {
		return cmp.Compare(b.excess(), a.excess())
	}
	return cmp.Compare(a.terms[0].value, b.terms[0].value)
}
