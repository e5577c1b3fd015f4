package stat

import (
	"math"
	"testing"
)

// bruteBetaBinomial is ln P(d) under a beta-binomial of mean p and
// concentration c: the integral of the binomial over the beta density, summed
// on a grid in the logistic scale, where both ends fall off exponentially.
func bruteBetaBinomial(d, n int, p, c float64) float64 {
	a, b := p*c, (1-p)*c
	lg := func(x float64) float64 { v, _ := math.Lgamma(x); return v }
	lnB := lg(a) + lg(b) - lg(a+b)
	lnC := lg(float64(n+1)) - lg(float64(d+1)) - lg(float64(n-d+1))
	const h = 0.02
	sum := 0.0
	for x := -400.0; x <= 400; x += h {
		q, r := -math.Log1p(math.Exp(-x)), -math.Log1p(math.Exp(x)) // ln of the rate and of its complement
		sum += math.Exp(lnC + (a+float64(d))*q + (b+float64(n-d))*r - lnB)
	}
	return math.Log(sum * h)
}

func TestBetaBinomialRatioEqualsTheIntegral(t *testing.T) {
	for _, c := range []float64{2, 7.5, 60} {
		for _, k := range [][2]int{{0, 1}, {1, 1}, {3, 5}, {0, 30}, {30, 30}, {17, 40}, {26, 90}} {
			for _, p := range [][2]float64{{0.3, 0.1}, {0.95, 0.4}, {0.6, 0.2}} {
				d, n := k[0], k[1]
				want := bruteBetaBinomial(d, n, p[0], c) - bruteBetaBinomial(d, n, p[1], c)
				got := LnBetaBinomialRatio(d, n, p[0], p[1], c)
				if math.Abs(got-want) > 1e-6*(1+math.Abs(want)) {
					t.Errorf("ratio(%d of %d, %v against %v, concentration %v) = %v, want %v", d, n, p[0], p[1], c, got, want)
				}
			}
		}
	}
}

// An e-value has expectation one under its null: that is all the detectors
// rest on.
func TestBetaBinomialRatioHasExpectationOne(t *testing.T) {
	const n = 25
	lg := func(x float64) float64 { v, _ := math.Lgamma(x); return v }
	for _, c := range []float64{2, 20, 1e6} {
		sum := 0.0
		for d := 0; d <= n; d++ {
			p0 := 0.07
			lnP := lg(n+1) - lg(float64(d+1)) - lg(float64(n-d+1)) + LnRising(p0*c, d) + LnRising((1-p0)*c, n-d) - LnRising(c, n)
			sum += math.Exp(lnP + LnBetaBinomialRatio(d, n, 0.5, p0, c))
		}
		if math.Abs(sum-1) > 1e-6 {
			t.Errorf("concentration %v: expectation of the ratio = %v, want 1", c, sum)
		}
	}
}

func TestRisingFactorialAgreesAcrossItsTwoFormulas(t *testing.T) {
	for _, x := range []float64{1e-3, 0.4, 3, 1e3, 9e5} {
		want := 0.0
		for n := range 60 {
			if got := LnRising(x, n); math.Abs(got-want) > 1e-8*(1+math.Abs(want)) {
				t.Errorf("LnRising(%v, %d) = %v, want %v", x, n, got, want)
			}
			want += math.Log(x + float64(n))
		}
	}
	if LnRising(3, -2) != 0 {
		t.Error("an empty product is one")
	}
}

func TestTheRatioAndItsLogarithmAgree(t *testing.T) {
	for _, c := range []float64{2, 30, 1e6} {
		for _, n := range []int{0, 1, 2, 25, 63, 64, 65, 300} {
			for d := 0; d <= n; d += 1 + n/3 {
				for _, p := range [][2]float64{{0.03, 0.01}, {0.95, 0.4}, {0.3, 0.2}} {
					got, want := math.Log(BetaBinomialRatio(d, n, p[0], p[1], c)), LnBetaBinomialRatio(d, n, p[0], p[1], c)
					if math.Abs(got-want) > 1e-6*(1+math.Abs(want)) && want > -700 && want < 700 {
						t.Errorf("ratio of %d of %d, %v against %v, concentration %v: ln %v, want %v", d, n, p[0], p[1], c, got, want)
					}
				}
			}
		}
	}
}

func TestLikelihoodRatiosSpeakOnlyForExcess(t *testing.T) {
	if PoissonLLR(3, 3) != 0 || PoissonLLR(2, 5) != 0 || PoissonLLR(4, 0) != 0 {
		t.Error("Poisson: no excess, or no expectation, must say nothing")
	}
	if BinomialLLR(3, 10, 3) != 0 || BinomialLLR(2, 10, 5) != 0 || BinomialLLR(4, 10, 0) != 0 || BinomialLLR(5, 5, 5) != 0 {
		t.Error("binomial: no excess must say nothing")
	}
	if got, want := PoissonLLR(8, 2), 8*math.Log(4)-6; math.Abs(got-want) > 1e-12 {
		t.Errorf("PoissonLLR(8, 2) = %v, want %v", got, want)
	}
	if got, want := BinomialLLR(8, 10, 2), 8*math.Log(4)+2*math.Log(0.25); math.Abs(got-want) > 1e-12 {
		t.Errorf("BinomialLLR(8, 10, 2) = %v, want %v", got, want)
	}
	if got, want := BinomialLLR(10, 10, 2), 10*math.Log(5); math.Abs(got-want) > 1e-12 {
		t.Errorf("BinomialLLR(10, 10, 2) = %v, want %v", got, want)
	}
	if r := BinomialLLR(8, 1e9, 2) / PoissonLLR(8, 2); math.Abs(r-1) > 1e-6 {
		t.Errorf("of very many, the binomial is Poisson's: ratio %v", r)
	}
}

func TestBetaQuantilesLeaveTheirShareBelow(t *testing.T) {
	if got := BetaQuantile(0.95, 1, 1); math.Abs(got-0.95) > 1e-9 {
		t.Errorf("the uniform's 95 %% quantile = %v", got)
	}
	if got, want := BetaQuantile(0.5, 1, 4), 1-math.Pow(0.5, 0.25); math.Abs(got-want) > 1e-9 {
		t.Errorf("median of Beta(1, 4) = %v, want %v", got, want)
	}
	if lo, hi := BetaQuantile(0.95, 0.5, 500.5), BetaQuantile(0.95, 5.5, 500.5); !(0 < lo && lo < hi && hi < 0.05) {
		t.Errorf("more refusals must raise the bound: %v, %v", lo, hi)
	}
}
