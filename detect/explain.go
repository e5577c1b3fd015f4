package detect

import (
	"cmp"
	"slices"
	"sort"

	"github.com/denylens/denylens/detect/internal/stat"
)

// Axes are the levels at which a cell can be named; those of one group are
// nested in each other, wider first, and a cohort names at most one of a group.
const (
	axCountry = iota
	axASN
	axWide // /16, /32
	axNetwork
	axUser
	axHost
	axPath1
	axPath2
	axPath3
	axVersion
	axMethod
	axAgent
	axMajor
	axOS
	axWrite
	axReferer
	axRule
	numAxes
)

// cell is a smallest unit of the explanation: n clients, o of them refused,
// e expected to be. Weights make it fractional.
type cell struct {
	v       [numAxes]uint32
	n, o, e float64
}

// term names one value on one axis.
type term struct {
	axis  uint8
	value uint32
}

// conj is a conjunction of terms, ordered by axis; empty = everyone.
type conj []term

func (c conj) matches(v *[numAxes]uint32) bool {
	for _, t := range c {
		if v[t.axis] != t.value {
			return false
		}
	}
	return true
}

func (c conj) equal(o conj) bool { return slices.Equal(c, o) }

// with returns c and t, in order.
func (c conj) with(t term) conj {
	out := append(append(conj{}, c...), t)
	sort.Slice(out, func(i, j int) bool { return out[i].axis < out[j].axis })
	return out
}

// without returns c less its i-th term.
func (c conj) without(i int) conj {
	return append(append(conj{}, c[:i]...), c[i+1:]...)
}

// space describes the axes to the explainer, so that it serves any table of
// counts.
type space struct {
	group  []int           // axes of one group are nested; -1 = stands alone
	prefer []int           // which of two equally good names is kept: the higher; an axis below 0 names no cohort
	thing  func(term) bool // a value that stands for one of many things alike: the place where they are is the better name; nil = none
	vague  [numAxes]bool   // a value on this axis alone says little: it is named only if nothing else holds nearly all of it
}

// preference is how near to a cause a value is as a name.
func (sp *space) preference(t term) int {
	if sp.thing != nil && sp.thing(t) {
		return sp.prefer[t.axis] - 4
	}
	return sp.prefer[t.axis]
}

// cohortScore is a candidate with its sums.
type cohortScore struct {
	terms   conj
	n, o, e float64
	score   float64
}

func (c *cohortScore) excess() float64 { return c.o - c.e }

func (c *cohortScore) add(x *cell) { c.n, c.o, c.e = c.n+x.n, c.o+x.o, c.e+x.e }

// Parameters of the explanation.
const (
	lambdaMDL   = 0.4  // nats for naming one value among V: lambda ln V
	climbRho    = 0.35 // how elevated the rest of a parent must be, relative to the child, to climb
	climbLLR    = 10.0
	otherShare  = 0.2 // of the rest of a parent: less is left of clients, or of excess, without another cohort
	peelShare   = 0.25
	peelLLR     = 30.0
	maxOrder    = 3
	beamValues  = 28
	leastShare  = 0.05 // of the excess, as many refused must a candidate have, and three
	maxPeels    = 3
	sameSupport = 0.02
	purer       = 1.25 // times the share refused makes a narrower cohort clearly purer
	widenGap    = 1.0  // nats by which a wider value must explain more
	renameGap   = 3.0  // nats by which a value alone must explain more to be the better name
)

// explainer finds the smallest responsible cohort of a set of cells: ranked by
// the expectation-based likelihood ratio (Neill 2009; MacroBase's order of
// pruning by what was refused, Bailis et al. 2017), then climbing to a parent
// while the rest of the parent is elevated too, then peeling for further
// cohorts. Everyone gives way to a few values of one axis that explain more.
type explainer struct {
	space  *space
	cells  []cell
	values [numAxes]int     // distinct values on each axis
	single []cohortScore    // one-term candidates with enough refused, best first
	pool   []cohortScore    // all candidates
	held   bool             // climb would have reached everyone but for another cohort
	posts  map[term][]int32 // the cells of each of the one-term candidates
}

func newExplainer(sp *space, cells []cell) *explainer {
	x := &explainer{space: sp, cells: cells}
	var seen [numAxes]bitset
	for i := range cells {
		for a, v := range cells[i].v {
			if v != 0 && seen[a].add(v) {
				x.values[a]++
			}
		}
	}
	return x
}

// bitset is a set of small numbers.
type bitset []uint64

// add tells whether v is new.
func (b *bitset) add(v uint32) bool {
	for int(v>>6) >= len(*b) {
		*b = append(*b, 0)
	}
	w, bit := &(*b)[v>>6], uint64(1)<<(v&63)
	if *w&bit != 0 {
		return false
	}
	*w |= bit
	return true
}

func (b bitset) has(v uint32) bool { return int(v>>6) < len(b) && b[v>>6]&(1<<(v&63)) != 0 }

// explain returns up to maxPeels cohorts, the most responsible first.
func explain(sp *space, cells []cell) []cohortScore { return newExplainer(sp, cells).explain() }

// explain names the cohorts of x's cells. What is peeled off is left out for
// the next one only: x remains what it was, for its runners-up.
func (x *explainer) explain() []cohortScore {
	first, ok := x.best()
	if !ok {
		return nil
	}
	out, told := []cohortScore{first}, first.score
	rest := *x
	for next := first; len(out) < maxPeels && len(next.terms) > 0; {
		rest.single, rest.pool, rest.posts = nil, nil, nil
		rest.cells = slices.DeleteFunc(slices.Clone(rest.cells), func(c cell) bool { return next.terms.matches(&c.v) })
		if next, ok = rest.best(); !ok || next.excess() < peelShare*first.excess() || rest.llr(&next) < peelLLR {
			break
		}
		out = append(out, next)
		told += next.score
	}
	if len(first.terms) == 0 || x.held {
		if parts := x.split(told); parts != nil {
			return parts
		}
	}
	return out
}

func (x *explainer) llr(c *cohortScore) float64 { return llr(c.o, c.n, c.e) }

// llr is Poisson's ratio for rare refusals, the binomial's otherwise.
func llr(o, n, e float64) float64 {
	e = max(e, 1e-9)
	if e < 0.05*n {
		return stat.PoissonLLR(o, e)
	}
	return stat.BinomialLLR(o, n, e)
}

func (x *explainer) rate(c *cohortScore) {
	c.score = llr(c.o, c.n, c.e) - x.mdl(c.terms)
}

func (x *explainer) eval(c conj) cohortScore {
	s := cohortScore{terms: c}
	if list, ok := x.shortest(c); ok {
		for _, i := range list {
			if c.matches(&x.cells[i].v) {
				s.add(&x.cells[i])
			}
		}
	} else {
		for i := range x.cells {
			if c.matches(&x.cells[i].v) {
				s.add(&x.cells[i])
			}
		}
	}
	x.rate(&s)
	return s
}

// shortest returns the shortest list of cells among which all of c's are.
func (x *explainer) shortest(c conj) (list []int32, ok bool) {
	for _, t := range c {
		if p, has := x.posts[t]; has && (!ok || len(p) < len(list)) {
			list, ok = p, true
		}
	}
	return list, ok
}

// best finds the best cohort among the present cells.
func (x *explainer) best() (cohortScore, bool) {
	all := x.eval(nil)
	if all.o == 0 {
		return all, false
	}
	least := max(min(3, all.o), leastShare*all.excess()) - 1e-9
	x.findSingles(least)
	x.pool = append(slices.Clone(x.single), x.combine(least)...)
	best := all
	for i := range x.pool {
		if c := &x.pool[i]; c.score > best.score+1e-9 {
			best = *c
		}
	}
	if best.o <= best.e {
		return all, false
	}
	if len(best.terms) == 0 && len(x.single) > 0 && x.another(x.single[0], nil) {
		best = x.single[0]
	}
	best = x.climb(best)
	best = x.descend(best)
	best = x.rename(best)
	if left := all.less(&best); x.vague(best.terms) && shareLLR(best, left) >= shareLLR(best)-x.mdl(best.terms)-splitGain {
		return all, true // others are refused alike, or too few came to tell
	}
	return x.widen(best, all), true
}

// findSingles lists one-term candidates with enough refused, best first. What
// was refused is looked at first: it is little, and a candidate needs some.
func (x *explainer) findSingles(least float64) {
	var may [numAxes]bitset
	refused := map[term]float64{}
	for i := range x.cells {
		for a, v := range x.cells[i].v {
			if o := x.cells[i].o; o > 0 && v != 0 && x.space.prefer[a] >= 0 {
				t := term{uint8(a), v}
				if refused[t] += o; refused[t] >= least {
					may[a].add(v)
				}
			}
		}
	}
	sums := map[term]*cohortScore{}
	for i := range x.cells {
		for a, v := range x.cells[i].v {
			if !may[a].has(v) {
				continue
			}
			t := term{uint8(a), v}
			s := sums[t]
			if s == nil {
				s = &cohortScore{terms: conj{t}}
				sums[t] = s
			}
			s.add(&x.cells[i])
		}
	}
	x.keepSingles(sums)
}

func (x *explainer) keepSingles(sums map[term]*cohortScore) {
	x.single = x.single[:0]
	for _, s := range sums {
		x.rate(s)
		x.single = append(x.single, *s)
	}
	sort.Slice(x.single, func(i, j int) bool { return better(&x.single[i], &x.single[j]) })
	if len(x.single) > beamValues {
		x.single = x.single[:beamValues]
	}
	x.posts = make(map[term][]int32, len(x.single))
	for i := range x.single {
		t := x.single[i].terms[0]
		list := []int32{}
		for k := range x.cells {
			if x.cells[k].v[t.axis] == t.value {
				list = append(list, int32(k))
			}
		}
		x.posts[t] = list
	}
}

// compare orders candidates by score, then by their terms, so that no map's
// order shows.
func compare(a, b *cohortScore) int {
	if a.score != b.score {
		return cmp.Compare(b.score, a.score)
	}
	return slices.CompareFunc(a.terms, b.terms, func(s, t term) int {
		if s.axis != t.axis {
			return int(s.axis) - int(t.axis)
		}
		return int(s.value) - int(t.value)
	})
}

// better tells whether a comes before b.
func better(a, b *cohortScore) bool { return compare(a, b) < 0 }

// compatible tells whether t may join c: another axis, of another group.
func (x *explainer) compatible(c conj, t term) bool {
	for _, u := range c {
		if u.axis == t.axis || x.space.group[u.axis] >= 0 && x.space.group[u.axis] == x.space.group[t.axis] {
			return false
		}
	}
	return true
}
