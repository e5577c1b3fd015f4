// Package stat holds the few distributions that the detectors need.
package stat

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// LnRising is ln of x(x+1)...(x+n-1), the rising factorial.
func LnRising(x float64, n int) float64 {
	if n <= 0 {
		return 0
	}
	if n <= 24 {
		sum, prod := 0.0, 1.0
		for j := 0; j < n; j++ {
			prod *= x + float64(j)
			if prod > 1e250 {
				sum, prod = sum+math.Log(prod), 1
			}
		}
		return sum + math.Log(prod)
	}
	hi, _ := math.Lgamma(x + float64(n))
	lo, _ := math.Lgamma(x)
	return hi - lo
}

// LnBetaBinomialRatio is ln BB(d; n, p1, c) - ln BB(d; n, p0, c), the
// log-likelihood ratio of d events among n under two means with the same
// concentration c. The binomial coefficient and the normaliser cancel.
func LnBetaBinomialRatio(d, n int, p1, p0, c float64) float64 {
	return LnRising(p1*c, d) - LnRising(p0*c, d) + LnRising((1-p1)*c, n-d) - LnRising((1-p0)*c, n-d)
}

// BetaQuantile is the q-quantile of Beta(a, b).
func BetaQuantile(q, a, b float64) float64 { return mathext.InvRegIncBeta(a, b, q) }

// BetaBinomialRatio is BB(d; n, p1, c) / BB(d; n, p0, c). Without events and
// with few trials, by far the most frequent case, it needs no logarithm.
func BetaBinomialRatio(d, n int, p1, p0, c float64) float64 {
	if d > 0 || n > 64 {
		return math.Exp(LnBetaBinomialRatio(d, n, p1, p0, c))
	}
	a, b, r := (1-p1)*c, (1-p0)*c, 1.0
	for range n {
		r *= a / b
		a, b = a+1, b+1
	}
	return r
}

// PoissonLLR is the expectation-based Poisson log-likelihood ratio of o events
// where e were expected (Neill 2009), 0 unless o > e.
func PoissonLLR(o, e float64) float64 {
	if o <= e || e <= 0 {
		return 0
	}
	return o*math.Log(o/e) - (o - e)
}

// BinomialLLR is the same for o of n.
func BinomialLLR(o, n, e float64) float64 {
	if o <= e || e <= 0 || n <= e {
		return 0
	}
	l := o * math.Log(o/e)
	if n > o {
		l += (n - o) * math.Log((n-o)/(n-e))
	}
	return l
}

// BetaBinomialTail returns P(D > d) and P(D = d) of D events among n under mean
// p and concentration c.
func BetaBinomialTail(d, n int, p, c float64) (above, at float64) {
	a, b := p*c, (1-p)*c
	at = 1.0 // P(D = 0), for few trials without logarithms
	if n <= 64 {
		for j := range n {
			at *= (b + float64(j)) / (a + b + float64(j))
		}
	} else {
		at = math.Exp(LnRising(b, n) - LnRising(a+b, n))
	}
	above = 1 - at
	for k := 0; k < d; k++ {
		at *= float64(n-k) / float64(k+1) * (a + float64(k)) / (b + float64(n-k-1))
		above -= at
	}
	return max(0, above), at
}

// PoissonTail is the chance of n events or more where e are expected.
func PoissonTail(n int, e float64) float64 {
	if n <= 0 {
		return 1
	}
	if e <= 0 {
		return 0
	}
	return mathext.GammaIncReg(float64(n), e)
}
