package detect

import (
	"math"
	"slices"
)

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
				if x.wins(p, c.terms) {
					to = &s
					break
				}
				continue
			}
			if rho := elevation(ro, re, &c); rho >= top && llr(ro, rn, re) >= climbLLR {
				if x.another(c, p) {
					x.held = x.held || len(p) == 0
				} else {
					to, top = &s, rho
				}
			}
		}
		if to == nil {
			return c
		}
		c = *to
	}
	return c
}

// elevation is how elevated o is where e are expected, as a share of how
// elevated c is, in logarithms: 0 = as expected, 1 = as c.
func elevation(o, e float64, c *cohortScore) float64 {
	if o <= e || c.o <= c.e {
		return 0
	}
	return math.Log(o/max(e, 1e-9)) / math.Log(c.o/c.e)
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

// wins tells whether a parent of the same support is the better name: with
// fewer terms, or on an axis that is not less preferred. A /16 of which the log
// shows one /24 only is that /24.
func (x *explainer) wins(parent, child conj) bool {
	if len(parent) < len(child) {
		return true
	}
	sum := 0
	for i := range parent {
		sum += x.space.preference(parent[i]) - x.space.preference(child[i])
	}
	return sum >= 0
}

// parents lists the wider cohorts: a term replaced by a wider one of its
// group, or left out where there is none.
func (x *explainer) parents(c conj) []conj {
	var out []conj
	for i, t := range c {
		rest := c.without(i)
		g := x.space.group[t.axis]
		top := true
		for a := int(t.axis) - 1; g >= 0 && a >= 0 && x.space.group[a] == g; a-- {
			if v := x.common(c, a); v != 0 {
				out, top = append(out, rest.with(term{uint8(a), v})), false
			}
		}
		if top {
			out = append(out, rest)
		}
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

// vague tells whether a cohort names only what nearly everything has.
func (x *explainer) vague(c conj) bool {
	return len(c) == 1 && x.space.vague[c[0].axis]
}

// descend moves to a child that holds nearly all of the excess and is clearly
// purer, if what it leaves behind is clean.
func (x *explainer) descend(c cohortScore) cohortScore {
	for len(c.terms) < maxOrder {
		var to *cohortScore
		need := purer
		if x.vague(c.terms) {
			need = 1
		}
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
			if s.excess() < 0.95*c.excess() || s.n == 0 || s.o/s.n < need*c.o/c.n {
				continue
			}
			if llr(c.o-s.o, c.n-s.n, max(c.e-s.e, 1e-9)) >= 3 {
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

// rename replaces terms by others with the same support: by the one that
// explains most by itself, /api/v2/events rather than v2 for what is posted
// there, and of about equal ones by the one nearest to a cause, the version v1
// rather than the prefix /api/v1.
func (x *explainer) rename(c cohortScore) cohortScore {
	for i := range c.terms {
		rest := c.terms.without(i)
		best, top := c, x.eval(conj{c.terms[i]}).score
		prefer := x.space.preference(c.terms[i])
		for j := range x.single {
			t, alone := x.single[j].terms[0], x.single[j].score
			p := x.space.preference(t)
			if alone < top-renameGap || alone <= top+renameGap && p <= prefer || !x.compatible(rest, t) {
				continue
			}
			if s := x.eval(rest.with(t)); x.same(&s, &c) {
				best, top, prefer = s, max(top, alone), p
			}
		}
		c = best
	}
	return c
}

// widen moves to a value of another axis, or to one of several, that holds all of the
// refused and more, if a block of one share of its clients explains all of it
// better than a block of the first. The ratio that candidates are ranked by takes
// refusals to rise in proportion to what is expected, which those of a block do
// not: clients of whom some are refused anyway would speak against it. A value
// that nearly all have is none.
func (x *explainer) widen(c, all cohortScore) cohortScore {
	best, top := c, 0.0
	for i := range x.single {
		wide, both := x.single[i], c
		switch t := wide.terms[0]; {
		case len(c.terms) == 0 || wide.n > (1-otherShare)*all.n || wide.n <= c.n || wide.o <= c.o || x.vague(wide.terms):
			continue
		case slices.Contains(c.terms, t):
		case !x.compatible(c.terms, t):
			continue
		default:
			both = x.eval(c.terms.with(t))
		}
		if both.o < (1-sameSupport)*c.o || both.n < (1-otherShare)*c.n {
			continue
		}
		gain := blockLLR(both, wide.less(&both)) - x.mdl(wide.terms) - blockLLR(both, c.less(&both)) + x.mdl(c.terms)
		if gain > max(widenGap, top) {
			best, top = wide, gain
		}
	}
	return best
}

// less is what is left of a cohort without a part of it.
func (c *cohortScore) less(part *cohortScore) cohortScore {
	return cohortScore{n: max(0, c.n-part.n), o: max(0, c.o-part.o), e: max(0, c.e-part.e)}
}

// blockLLR is the logarithm of how much likelier what was refused in some parts
// is if the same share of all clients is refused on top of what is expected:
// Poisson's, at the share that there is.
func blockLLR(parts ...cohortScore) (sum float64) {
	q := onTop(parts)
	for _, p := range parts {
		sum += p.o*math.Log1p(q*p.n/max(p.e, 1e-9)) - q*p.n
	}
	return sum
}

// shareLLR is blockLLR with those who are served held against a share: the
// binomial ratio, for parts of which nearly all may be refused.
func shareLLR(parts ...cohortScore) (sum float64) {
	q := onTop(parts)
	for _, p := range parts {
		usual := min(0.5, max(p.e, 1e-9)/max(p.n, 1e-9))
		now := min(0.999, usual+q*(1-usual))
		sum += p.o*math.Log(now/usual) + max(0, p.n-p.o)*math.Log((1-now)/(1-usual))
	}
	return sum
}

// onTop is the share of all clients of some parts that is refused on top of what
// is expected.
func onTop(parts []cohortScore) float64 {
	var all cohortScore
	for _, p := range parts {
		all.n, all.o, all.e = all.n+p.n, all.o+p.o, all.e+p.e
	}
	return max(0, all.excess()/max(all.n, 1e-9))
}

// mdl is what it costs to name a cohort.
func (x *explainer) mdl(c conj) (nats float64) {
	for _, t := range c {
		nats += lambdaMDL * math.Log(float64(x.values[t.axis]))
	}
	return nats
}

// better tells whether a cohort found now should replace the one named before:
// it is clearly better, or another name of the same clients. Names would
// flicker otherwise.
func (x *explainer) better(found *cohortScore, before conj) bool {
	old := x.eval(before)
	return found.terms.equal(before) || found.score >= old.score+renameGap || x.same(found, &old)
}

// same tells whether two cohorts have the same clients, but for a few.
func (x *explainer) same(a, b *cohortScore) bool {
	return math.Abs(a.o-b.o) <= sameSupport*b.o && math.Abs(a.n-b.n) <= sameSupport*b.n
}
