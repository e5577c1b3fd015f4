package detect

import (
	"math"

	"github.com/denylens/denylens/detect/internal/stat"
)

// edetector accumulates evidence that a rate has risen above p0: a uniform
// mixture of Shiryaev-Roberts statistics over effect sizes. Under any rate up
// to p0 its expectation after t steps is at most t, whenever one looks (Shin,
// Ramdas and Rinaldo 2024, e-detectors).
type edetector struct {
	last  int32               // minute of the latest step
	risen bool                // some W is above one
	r     [components]float64 // R_t = (R_{t-1} + 1) L_t
	cusum [components]float64 // W_t = max(1, W_{t-1} L_t)
	onset [components]int32   // minute after which W was last one, where it is above one
}

const (
	components = 8
	maxR       = 1e26 // e^60: beyond it all is certain
)

var fixedRates = [5]float64{.03, .1, .3, .6, .95}
var lifts = [3]float64{2, 4, 10}

func (e *edetector) reset(minute int32) {
	*e = edetector{last: minute}
	for i := range e.r {
		e.cusum[i] = 1
	}
}

// alternative is the rate of the i-th component.
func alternative(i int, p0 float64) float64 {
	if i < len(fixedRates) {
		return fixedRates[i]
	}
	if p1 := lifts[i-len(fixedRates)] * p0; p1 < maxRate {
		return p1
	}
	return maxRate
}

// step takes one minute in: d first refusals among n clients at risk.
func (e *edetector) step(minute int32, d, n int, p0, c float64) {
	was := e.skip(minute)
	for i := range e.r {
		l := 1.0
		switch p1 := alternative(i, p0); {
		case p1 <= 1.3*p0:
		case d == 0 && n == 1: // by far the commonest
			l = (1 - p1) / (1 - p0)
		default:
			l = stat.BetaBinomialRatio(d, n, p1, p0, c)
		}
		e.push(i, was, l)
	}
}

// push multiplies up what a step says to one component; was is the minute of the
// step before.
func (e *edetector) push(i int, was int32, l float64) {
	// Plain comparisons: no value is NaN, and math.Min minds that.
	if e.r[i] = (e.r[i] + 1) * l; e.r[i] > maxR {
		e.r[i] = maxR
	}
	if l > 1 || e.risen {
		e.climb(i, was, l)
	}
}

// climb is seldom called: without refusals every W is one, and stays so.
func (e *edetector) climb(i int, was int32, l float64) {
	if e.cusum[i] == 1 {
		e.onset[i] = was + 1
	}
	if e.cusum[i] *= l; e.cusum[i] > maxR {
		e.cusum[i] = maxR
	}
	e.cusum[i] = max(e.cusum[i], 1)
	if i == components-1 || l > 1 {
		e.risen = e.cusum != [components]float64{1, 1, 1, 1, 1, 1, 1, 1}
	}
}

// skip lets the minutes without clients at risk pass: each adds one to R. It
// returns the minute of the step before.
func (e *edetector) skip(minute int32) (was int32) {
	was = e.last
	if k := minute - was - 1; k > 0 {
		for i := range e.r {
			if e.r[i] += float64(k); e.r[i] > maxR {
				e.r[i] = maxR
			}
		}
	}
	e.last = minute
	return was
}

// lnM is ln of the mixture, the e-value to be compared with the threshold.
func (e *edetector) lnM() float64 {
	sum := 0.0
	for _, r := range e.r {
		sum += r
	}
	return math.Log(sum / components)
}

// start is the onset according to the strongest component.
func (e *edetector) start() int32 {
	best := 0
	for i := range e.r {
		if e.r[i] > e.r[best] {
			best = i
		}
	}
	if e.cusum[best] == 1 {
		return e.last + 1
	}
	return e.onset[best]
}
