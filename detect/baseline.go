package detect

import "math"

// baseline is the learned rate of first refusals of one series: a discounted
// conjugate beta with the parent's rate as its prior (after
// West and Harrison's power discounting), a Pearson dispersion, and the wander
// of the rate from quarter hour to quarter hour.
type baseline struct {
	a, b     float64 // refused and served clients, discounted
	A, B     float64 // the same with a long memory
	phi      float64 // dispersion, >= 1
	p0       float64 // the envelope in that hour, 0 = not yet computed
	p0Hour   int32
	last     int32 // minute of the last update
	season   season
	quarter  int32
	wander   float64 // sum of squared log deviations of quarter hours, net of chance, discounted ...
	quarters float64 // ... and of their weights
	d15      float64 // this quarter hour: refusals and their expectation
	e15      float64
}

const (
	halfLife    = 360.0 // minutes of the fast memory
	longLife    = 7 * 24 * 60.0
	longTrusted = 200  // clients that the long memory must have seen
	mostSigma   = 0.5  // a rate that has changed for good looks like one that wanders
	priorWeight = 30.0 // clients that the parent's rate is worth
	rootRate    = 0.01 // what is assumed of a site nothing is known of
	maxRate     = 0.95
)

// fading is what is left of a count after so many minutes, for the minutes that
// are asked for mostly.
type fading struct {
	life  float64
	table [64]float64
}

func newFading(life float64) (f fading) {
	f.life = life
	for k := range f.table {
		f.table[k] = math.Exp2(-float64(k) / life)
	}
	return f
}

var fast, long = newFading(halfLife), newFading(longLife)

// phiGain is the weight of one block in the dispersion.
var phiGain = 1 - math.Exp2(-1/(4*halfLife))

func (f *fading) after(minutes int32) float64 {
	if minutes < 0 {
		return 1
	}
	if int(minutes) < len(f.table) {
		return f.table[minutes]
	}
	return math.Exp2(-float64(minutes) / f.life)
}

func newBaseline(parentRate float64, minute int32) baseline {
	a, b := priorWeight*parentRate, priorWeight*(1-parentRate)
	return baseline{a: a, b: b, A: a, B: b, phi: 1.05, quarter: minute / 15, last: minute, season: season{hour: minute / 60}}
}

// rate is the expected share of at-risk clients that a minute refuses anew. It
// is that of the long memory as long as the short one does not contradict it.
func (bl *baseline) rate() float64 {
	if a, b := bl.memory(); a > 0 {
		return a / (a + b)
	}
	return 0
}

// memory returns the refused and the served clients of the memory that counts.
// The short one contradicts the long one if their rates differ by more than the
// rate wanders, and by more than chance makes of its few counts.
func (bl *baseline) memory() (a, b float64) {
	if bl.A+bl.B < longTrusted {
		return bl.a, bl.b
	}
	want := bl.A / (bl.A + bl.B) * (bl.a + bl.b)
	if off := bl.a - want; off*off <= 9*max(1, want) {
		return bl.A, bl.B // by far the commonest, and needs no exponential
	}
	if limit := math.Exp(3 * min(bl.sigma(), mostSigma)); bl.a > limit*want || bl.a*limit < want {
		return bl.a, bl.b
	}
	return bl.A, bl.B
}

// expected is the rate in the hour of minute.
func (bl *baseline) expected(minute int32) float64 {
	pi := bl.rate()
	return min(maxRate, pi*bl.season.of(minute, pi))
}

// sigma is the standard deviation of the log rate, shrunk to 0.2 with the
// weight of eight quarter hours.
func (bl *baseline) sigma() float64 {
	return math.Sqrt(max(0.01, (8*0.04+bl.wander)/(8+bl.quarters)))
}

// envelope is the highest rate that still counts as normal: the null is not a
// point but everything below it.
func (bl *baseline) envelope(minute int32) float64 {
	if bl.p0 == 0 || bl.p0Hour != minute/60 {
		a, b := bl.memory()
		pi := bl.expected(minute)
		wide := max(1.5, math.Exp(3*bl.sigma()))
		bl.p0 = min(maxRate, pi*wide+math.Sqrt(pi*(1-pi)/(a+b+1)))
		bl.p0Hour = minute / 60
	}
	return bl.p0
}

// concentration is that of the beta-binomial with dispersion phi for n clients.
func (bl *baseline) concentration(n int) float64 {
	if n < 2 || bl.phi <= 1 {
		return 1e6
	}
	return min(1e6, max(2, float64(n-1)/(bl.phi-1)-1))
}

// predictive is the concentration of what is to be expected of n clients: that
// of the beta-binomial, and what is not yet known of the rate.
func (bl *baseline) predictive(n int) float64 {
	a, b := bl.memory()
	return 1 / (1/bl.concentration(n) + 1/(a+b))
}

// learn takes one minute's counts in. weight 0 leaves the rate alone (while an
// incident is open) but lets time pass.
func (bl *baseline) learn(minute int32, n, d int, parentRate, weight float64) {
	pi := bl.rate()
	bl.p0 = 0
	A, D := float64(n), float64(d)
	if weight > 0 {
		v := A * pi * (1 - pi)
		if v > 0 {
			x := min(25, (D-A*pi)*(D-A*pi)/v)
			bl.phi = max(1.05, bl.phi+phiGain*(x-bl.phi))
		}
	}
	bl.season.learn(minute, weight*A, weight*D, pi, bl.concentration(n))
	if k := minute - bl.last; k > 0 {
		f, g := fast.after(k), long.after(k)
		bl.A, bl.B = g*bl.A+(1-g)*priorWeight*parentRate, g*bl.B+(1-g)*priorWeight*(1-parentRate)
		near := parentRate // what the short memory falls back on
		if bl.A+bl.B >= longTrusted {
			near = bl.A / (bl.A + bl.B)
		}
		bl.a, bl.b = f*bl.a+(1-f)*priorWeight*near, f*bl.b+(1-f)*priorWeight*(1-near)
		bl.last = minute
	}
	refused, served := weight*D/bl.phi, weight*(A-D)/bl.phi
	bl.a, bl.b, bl.A, bl.B = bl.a+refused, bl.b+served, bl.A+refused, bl.B+served
	if q := minute / 15; q != bl.quarter {
		bl.closeQuarter()
		bl.quarter = q
	}
	if weight > 0 {
		bl.d15 += D
		bl.e15 += A * pi
	}
}

func (bl *baseline) closeQuarter() {
	if bl.e15 > 0 {
		u := math.Log((bl.d15 + 1) / (bl.e15 + 1))
		x := min(4, u*u-bl.phi/(bl.e15+1))
		w := min(1, bl.e15/3)
		bl.wander = 0.995*bl.wander + w*x
		bl.quarters = 0.995*bl.quarters + w
	}
	bl.d15, bl.e15 = 0, 0
}

// trust is the weight with which a minute is learned: 1 for an ordinary one,
// less for one far above expectation (Farrington's re-weighting by the
// residual beyond 2.58).
func (bl *baseline) trust(n, d int) float64 {
	pi := bl.rate()
	v := float64(n) * pi * (1 - pi) * bl.phi
	if v <= 0 {
		return 1
	}
	r := (float64(d) - float64(n)*pi) / math.Sqrt(v)
	if r <= 2.58 || d < 2 {
		return 1
	}
	return (2.58 / r) * (2.58 / r)
}
