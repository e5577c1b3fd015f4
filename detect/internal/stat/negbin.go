package stat

import "gonum.org/v1/gonum/mathext"

// NegBinomialTail is the chance of n events or more in a negative binomial
// distribution: the prediction for a Poisson count whose rate is known by r
// events (Gamma with shape r) over a time of which the one looked at is the part
// q of both together.
func NegBinomialTail(n int, r, q float64) float64 {
	if n <= 0 {
		return 1
	}
	return mathext.RegIncBeta(float64(n), r, q)
}
