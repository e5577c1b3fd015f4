package rules

import "math"

// negbin is the predictive test on counts of requests: refusals of a minute
// against a negative binomial with the exponentially weighted mean and variance
// of what went before (half-life six hours), at p < 1/(K*1440) for K series.
type negbin struct{}

const (
	nbHalfLife = 360.0 // minutes
	nbWarm     = 30    // minutes that must have gone before
)

func (negbin) Name() string { return "NB predictive on requests" }

func (negbin) Run(s *Stream) (out []Alarm) {
	level := 1 / (float64(max(1, len(s.series))) * 1440)
	for i := range s.series {
		k := &s.series[i]
		var over []int
		var weight, mean, square float64
		keep := math.Exp2(-1 / nbHalfLife)
		for t, n := range k.refused {
			y := float64(n)
			if t >= nbWarm && y > mean/max(weight, 1e-9) {
				m := max(mean/weight, 1e-3)
				v := max(square/weight-m*m, m*1.05)
				if tail(int(n), m, v) < level {
					over = append(over, t)
				}
			}
			weight, mean, square = weight*keep+1, mean*keep+y, square*keep+y*y
		}
		out = append(out, s.episodes(k.terms, over, 1, stillOne)...)
	}
	return out
}

// tail is P(Y >= n) of a negative binomial with mean m and variance v > m.
func tail(n int, m, v float64) float64 {
	size := m * m / (v - m)
	p := size / (size + m)
	lg := func(x float64) float64 { r, _ := math.Lgamma(x); return r }
	logOf := func(k float64) float64 {
		return lg(k+size) - lg(size) - lg(k+1) + size*math.Log(p) + k*math.Log1p(-p)
	}
	sum := 0.0
	term := math.Exp(logOf(float64(n)))
	for k := float64(n); k < float64(n)+10_000; k++ {
		sum += term
		term *= (k + size) / (k + 1) * (1 - p)
		if term < sum*1e-12 {
			break
		}
	}
	return sum
}
