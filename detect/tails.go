package detect

import "math"

// tails watches how large the evidence M gets where nothing is wrong. If the
// model holds, M lies beyond x in at most one window of x. Real traffic may be
// wilder than the model: then the tail of M, which by extreme value theory is
// about a power law, is extrapolated from its 99.9 % and 99.99 % quantiles to
// the threshold, and the threshold is raised until the promise holds again
// (peaks over threshold, as SPOT, Siffer et al. 2017, in its exponential form
// for ln M).
type tails struct {
	family  [2]tail // where clients come from; what they ask for
	pending []grown
	today   int32
}

// tail is a histogram of M by powers of two.
type tail struct {
	tests float64
	count [tailBins]float64
	raise float64 // of the threshold, nats
}

// grown is evidence that waits to be counted: it may belong to an incident.
type grown struct {
	minute int32
	series int32
	bin    uint8
}

const (
	tailBins    = 88
	tailTests   = 1e5 // fewer say nothing of the 99.99 % quantile
	tailPending = 1 << 14
	tailMost    = 7 // nats of raise: beyond that a cohort is lost, not calm
)

func (d Dim) family() int {
	if dims[d].client {
		return 0
	}
	return 1
}

// grow notes the evidence of a series after a refusal.
func (t *tails) grow(series int32, minute int32, lnM float64) {
	if len(t.pending) < tailPending {
		t.pending = append(t.pending, grown{minute, series, uint8(max(0, min(tailBins-1, int(lnM/math.Ln2))))})
	}
}

// settle counts what waited as long as counts wait before they are learned, but
// for series that an event has claimed since.
func (t *tails) settle(st *seriesTable, minute int32) {
	k := 0
	for ; k < len(t.pending) && minute-t.pending[k].minute > guard; k++ {
		g := &t.pending[k]
		if s := &st.list[g.series]; s.event == 0 && s.held < g.minute {
			t.family[s.dim.family()].count[g.bin]++
		}
	}
	t.pending = t.pending[:copy(t.pending, t.pending[k:])]
}

// day lets a day's counts fade by half, and looks at the tails anew.
func (t *tails) day(limit float64) {
	for i := range t.family {
		f := &t.family[i]
		f.raise = f.needed(limit)
		f.tests /= 2
		for b := range f.count {
			f.count[b] /= 2
		}
	}
}

// quantile is the evidence, in nats, that a part p of all tests exceeds.
func (t *tail) quantile(p float64) float64 {
	above := 0.0
	for b := tailBins - 1; b >= 0; b-- {
		if n := t.count[b]; above+n >= p*t.tests && n > 0 {
			return (float64(b) + 1 - (p*t.tests-above)/n) * math.Ln2
		}
		above += t.count[b]
	}
	return 0
}

// needed is by how much the threshold must rise so that it is passed as seldom
// as its value promises; 0 unless it is passed more than twice as often.
func (t *tail) needed(limit float64) float64 {
	if t.tests < tailTests {
		return 0
	}
	q3, q4 := t.quantile(1e-3), t.quantile(1e-4)
	slope := (q4 - q3) / math.Log(10) // 1 for a tail of 1/x
	if slope <= 0 {
		return 0
	}
	ln := func(y float64) float64 { return math.Log(1e-4) - (y-q4)/slope } // of the part beyond y
	if ln(limit) <= -limit+math.Ln2 {
		return 0
	}
	return min(tailMost, q4+slope*(limit+math.Log(1e-4))-limit)
}

// extra is by how much the threshold of a series is raised.
func (t *tails) extra(d Dim) float64 { return t.family[d.family()].raise }

// most is the larger raise of the two families.
func (t *tails) most() float64 { return max(t.family[0].raise, t.family[1].raise) }
