package detect

import "math"

// baseline is the learned rate of first refusals of one series: a discounted
// conjugate beta with the parent's rate as its prior (after
// West and Harrison's power discounting), a Pearson dispersion, and the wander
// of the rate from quarter hour to quarter hour.
type baseline struct {
	a, b     float64 // refused and served clients, discounted
	phi      float64 // dispersion, >= 1
	wander   float64 // sum of squared log deviations of quarter hours, net of chance, discounted ...
	quarters float64 // ... and of their weights
	d15      float64 // this quarter hour: refusals and their expectation
	e15      float64
	quarter  int32
	last     int32   // minute of the last update
	p0       float64 // the envelope since then, 0 = not yet computed
}

const (
	halfLife    = 360.0 // minutes of the fast baseline
	priorWeight = 30.0  // clients that the parent's rate is worth
	rootRate    = 0.01  // what is assumed of a site nothing is known of
	maxRate     = 0.95
)

var discount = math.Exp2(-1 / halfLife)

// fadedTable holds the discount of up to an hour: what is asked for mostly.
var fadedTable = func() (t [64]float64) {
	for k := range t {
		t[k] = math.Pow(discount, float64(k))
	}
	return t
}()

// faded is what is left of a count after some minutes.
func faded(minutes int32) float64 {
	if minutes < 0 {
		return 1
	}
	if int(minutes) < len(fadedTable) {
		return fadedTable[minutes]
	}
	return math.Pow(discount, float64(minutes))
}

func newBaseline(parentRate float64, minute int32) baseline {
	return baseline{a: priorWeight * parentRate, b: priorWeight * (1 - parentRate), phi: 1.05, quarter: minute / 15, last: minute}
}

// rate is the expected share of at-risk clients that a minute refuses anew.
func (bl *baseline) rate() float64 { return bl.a / (bl.a + bl.b) }

// sigma is the standard deviation of the log rate, shrunk to 0.2 with the
// weight of eight quarter hours.
func (bl *baseline) sigma() float64 {
	return math.Sqrt(math.Max(0.01, (8*0.04+bl.wander)/(8+bl.quarters)))
}

// envelope is the highest rate that still counts as normal: the null is not a
// point but everything below it.
func (bl *baseline) envelope() float64 {
	if bl.p0 == 0 {
		pi := bl.rate()
		wide := math.Max(1.5, math.Exp(3*bl.sigma()))
		bl.p0 = math.Min(maxRate, pi*wide+math.Sqrt(pi*(1-pi)/(bl.a+bl.b+1)))
	}
	return bl.p0
}

// concentration is that of the beta-binomial with dispersion phi for n clients.
func (bl *baseline) concentration(n int) float64 {
	if n < 2 || bl.phi <= 1 {
		return 1e6
	}
	return math.Min(1e6, math.Max(2, float64(n-1)/(bl.phi-1)-1))
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
			x := math.Min(25, (D-A*pi)*(D-A*pi)/v)
			g := 1 - math.Exp2(-1/(4*halfLife))
			bl.phi = math.Max(1.05, bl.phi+g*(x-bl.phi))
		}
	}
	if k := minute - bl.last; k > 0 {
		f := faded(k)
		bl.a = f*bl.a + (1-f)*priorWeight*parentRate
		bl.b = f*bl.b + (1-f)*priorWeight*(1-parentRate)
		bl.last = minute
	}
	bl.a += weight * D / bl.phi
	bl.b += weight * (A - D) / bl.phi
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
		x := math.Min(4, u*u-bl.phi/(bl.e15+1))
		w := math.Min(1, bl.e15/3)
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
