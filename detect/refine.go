package detect

import "math"

// climb moves to a parent while the part of the parent outside the child is
// elevated as well, or is nothing.
func (x *explainer) climb(c cohortScore) cohortScore {
	for len(c.terms) > 0 {
		var to *cohortScore
		top := climbRho
		for _, p := range x.parents(c.terms) {
			s := x.eval(p)
			ro, rn, re := s.o-c.o, s.n-c.n, s.e-c.e
			if rn <= sameSupport*c.n && ro >= -1e-9 {
				to = &s
				break
			}
			if re <= 0 || ro <= re || c.o <= c.e {
				continue
			}
			rho := math.Log(ro/re) / math.Log(c.o/c.e)
			if rho >= top && llr(ro, rn, re) >= climbLLR && !x.another(c, p) {
				to, top = &s, rho
			}
		}
		if to == nil {
			return c
		}
		c = *to
	}
	return c
}

// another tells whether what is elevated in the rest of a parent is another
// cohort, without which a fair part of the rest remains and is as expected:
// two causes at once must not climb to everyone.
func (x *explainer) another(child cohortScore, parent conj) bool {
	for i := range x.single {
		t := x.single[i].terms[0]
		if x.nests(child.terms, t) {
			continue
		}
		var all, left cohortScore
		for k := range x.cells {
			c := &x.cells[k]
			if !parent.matches(&c.v) || child.terms.matches(&c.v) {
				continue
			}
			all.add(c)
			if c.v[t.axis] != t.value {
				left.add(c)
			}
		}
		if left.n >= otherShare*all.n && left.excess() <= otherShare*all.excess() && llr(left.o, left.n, left.e) < climbLLR {
			return true
		}
	}
	return false
}

// nests tells whether t is a part or a whole of one of the child's terms.
func (x *explainer) nests(child conj, t term) bool {
	for _, u := range child {
		if u.axis != t.axis && x.space.group[u.axis] >= 0 && x.space.group[u.axis] == x.space.group[t.axis] {
			return true
		}
	}
	return false
}

// parents lists the cohorts one step wider.
func (x *explainer) parents(c conj) []conj {
	var out []conj
	for i, t := range c {
		rest := c.without(i)
		g := x.space.group[t.axis]
		wider := -1
		for a := int(t.axis) - 1; g >= 0 && a >= 0 && x.space.group[a] == g; a-- {
			wider = a
			break
		}
		if wider >= 0 {
			if v := x.common(c, wider); v != 0 {
				out = append(out, rest.with(term{uint8(wider), v}))
				continue
			}
		}
		out = append(out, rest)
	}
	return out
}

// common is the value on an axis that the refused cells of c share mostly.
func (x *explainer) common(c conj, axis int) uint32 {
	sums := map[uint32]float64{}
	best, top := uint32(0), 0.0
	for i := range x.cells {
		if c.matches(&x.cells[i].v) {
			v := x.cells[i].v[axis]
			sums[v] += x.cells[i].o + 1e-6*x.cells[i].n
			if s := sums[v]; s > top || s == top && v < best {
				best, top = v, s
			}
		}
	}
	return best
}

// descend moves to a child that holds nearly all of the excess and is clearly
// purer, if what it leaves behind is clean.
func (x *explainer) descend(c cohortScore) cohortScore {
	for len(c.terms) < maxOrder {
		var to *cohortScore
		for i := range x.single {
			t := x.single[i].terms[0]
			child := c.terms
			if g := x.space.group[t.axis]; g >= 0 {
				for k, u := range c.terms {
					if x.space.group[u.axis] == g && u.axis < t.axis {
						child = c.terms.without(k)
					}
				}
			}
			if !x.compatible(child, t) {
				continue
			}
			s := x.eval(child.with(t))
			if s.excess() < 0.95*c.excess() || s.n == 0 || s.o/s.n < 1.25*c.o/c.n {
				continue
			}
			if llr(c.o-s.o, c.n-s.n, math.Max(c.e-s.e, 1e-9)) >= 3 {
				continue
			}
			if to == nil || better(&s, to) {
				to = &s
			}
		}
		if to == nil {
			return c
		}
		c = *to
	}
	return c
}

// rename replaces a term by another one with the same support that is nearer
// to a cause: the version v1 rather than the prefix /api/v1.
func (x *explainer) rename(c cohortScore) cohortScore {
	for i := 0; i < len(c.terms); i++ {
		for j := range x.single {
			t := x.single[j].terms[0]
			rest := c.terms.without(i)
			if x.space.prefer[t.axis] <= x.space.prefer[c.terms[i].axis] || !x.compatible(rest, t) {
				continue
			}
			s := x.eval(rest.with(t))
			if math.Abs(s.o-c.o) <= sameSupport*c.o && math.Abs(s.n-c.n) <= sameSupport*c.n {
				c, i = s, -1
				break
			}
		}
	}
	return c
}
