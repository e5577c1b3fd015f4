package detect

import (
	"math"

	"github.com/denylens/denylens/detect/internal/stat"
)

// calibration compares what the statistics promise with what they meet. For
// each cohort and window without an incident, the chance of so many newly
// refused clients or more is computed from what was learned before; if the
// model holds, one window in a thousand has a chance of a thousandth or less.
// Counts are discrete, so a window counts with the part of its probability that
// lies beyond the level, which has the right expectation without a die (the
// randomized probability integral transform, averaged over its randomness).
type calibration struct {
	tests int64 // cohorts times windows
	found [4]float64
}

var calibrationLevels = [4]float64{1e-2, 1e-3, 1e-4, 1e-5}

// ratio is observed over promised at the i-th level.
func (c *calibration) ratio(i int) float64 {
	return c.found[i] / (float64(c.tests) * calibrationLevels[i])
}

// public is what a report says of it.
func (c *calibration) public(cohorts int, raised float64) Calibration {
	out := Calibration{Tests: c.tests, Cohorts: cohorts, Levels: []CalibrationLevel{}, Raised: round2(raised)}
	if c.tests == 0 {
		return out
	}
	for i, level := range calibrationLevels {
		x := c.found[i] / float64(c.tests)
		scale := math.Pow(10, 3-math.Floor(math.Log10(max(x, 1e-12))))
		out.Levels = append(out.Levels, CalibrationLevel{level, math.Round(x*scale) / scale})
	}
	return out
}

// Merge adds what another run met.
func (c *calibration) Merge(o *calibration) {
	c.tests += o.tests
	for i, n := range o.found {
		c.found[i] += n
	}
}

// add takes one window of one cohort in: d of n where the baseline expects its rate.
func (c *calibration) add(bl *baseline, minute int32, d, n int) {
	c.tests++
	p := bl.expected(minute)
	if d == 0 && float64(n)*p > 2*calibrationLevels[0] {
		return
	}
	above, at := stat.BetaBinomialTail(d, n, p, bl.predictive(n))
	for i, level := range calibrationLevels {
		if above >= level {
			break
		}
		c.found[i] += min(1, (level-above)/at)
	}
}
