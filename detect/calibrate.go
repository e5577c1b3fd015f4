package detect

import (
	"math"

	"github.com/denylens/denylens/detect/internal/stat"
)

// Calibration compares what the statistics promise with what they meet. For
// each cohort and window without an incident, the chance of so many newly
// refused clients or more is computed from what was learned before; if the
// model holds, one window in a thousand has a chance of a thousandth or less.
// Counts are discrete, so a window counts with the part of its probability that
// lies beyond the level, which has the right expectation without a die (the
// randomized probability integral transform, averaged over its randomness).
type Calibration struct {
	Tests    int64      // cohorts times windows
	Observed [4]float64 // how many lie beyond each level
}

// CalibrationLevels are the levels of Calibration.Observed.
var CalibrationLevels = [4]float64{1e-2, 1e-3, 1e-4, 1e-5}

// Ratio is observed over promised at the i-th level.
func (c *Calibration) Ratio(i int) float64 {
	return c.Observed[i] / (float64(c.Tests) * CalibrationLevels[i])
}

// Merge adds what another run met.
func (c *Calibration) Merge(o *Calibration) {
	c.Tests += o.Tests
	for i, n := range o.Observed {
		c.Observed[i] += n
	}
}

// add takes one window of one cohort in: d of n where the baseline expects its rate.
func (c *Calibration) add(bl *baseline, minute int32, d, n int) {
	c.Tests++
	p := bl.expected(minute)
	if d == 0 && float64(n)*p > 2*CalibrationLevels[0] {
		return
	}
	above, at := stat.BetaBinomialTail(d, n, p, bl.predictive(n))
	for i, level := range CalibrationLevels {
		if above >= level {
			break
		}
		c.Observed[i] += math.Min(1, (level-above)/at)
	}
}
