package detect

// kind is all cells that lie in the same one-term candidates: they count as
// one in every conjunction of those.
type kind struct {
	in uint64 // bit i = single[i]
	cohortScore
}

// kinds sums the cells by the candidates that they lie in.
func (x *explainer) kinds() []kind {
	in := make([]uint64, len(x.cells))
	for i := range x.single {
		for _, k := range x.posts[x.single[i].terms[0]] {
			in[k] |= 1 << i
		}
	}
	var out []kind
	index := map[uint64]int{}
	for i, set := range in {
		if set&(set-1) == 0 {
			continue // in no conjunction
		}
		k, ok := index[set]
		if !ok {
			k = len(out)
			index[set] = k
			out = append(out, kind{in: set})
		}
		out[k].add(&x.cells[i])
	}
	return out
}

// combine joins one-term candidates to all cohorts of two and three terms that
// have at least so many refused.
func (x *explainer) combine(least float64) []cohortScore {
	var out []cohortScore
	kinds := x.kinds()
	for i := range x.single {
		for j := i + 1; j < len(x.single); j++ {
			pair, both := x.join(x.single[i].terms, j, 1<<i|1<<j, kinds, least)
			if both == nil {
				continue
			}
			out = append(out, pair)
			for k := j + 1; k < len(x.single); k++ {
				if c, in := x.join(pair.terms, k, 1<<k, both, least); in != nil {
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// join returns c with the term of single[i], and the kinds of cells, of those
// given, that lie in all of in; none if too few are refused.
func (x *explainer) join(c conj, i int, in uint64, of []kind, least float64) (cohortScore, []kind) {
	t := x.single[i].terms[0]
	if !x.compatible(c, t) {
		return cohortScore{}, nil
	}
	var s cohortScore
	var inside []kind
	for k := range of {
		if of[k].in&in == in {
			s.n, s.o, s.e = s.n+of[k].n, s.o+of[k].o, s.e+of[k].e
			inside = append(inside, of[k])
		}
	}
	if s.o < least {
		return s, nil
	}
	s.terms = c.with(t)
	x.rate(&s)
	return s, inside
}
