package simulate

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// dice is a seeded source of random numbers with the distributions that
// traffic is made of.
type dice struct{ *rand.Rand }

// derive returns the dice of one part of a simulation, so that a change in one
// part leaves the others as they were.
func derive(seed uint64, part string) dice {
	h := fnv.New64a()
	h.Write([]byte(part))
	return dice{rand.New(rand.NewPCG(seed*0x9e3779b97f4a7c15+1, h.Sum64()))}
}

// chance is true with probability p.
func (d dice) chance(p float64) bool { return d.Float64() < p }

// between is uniform in [lo, hi).
func (d dice) between(lo, hi float64) float64 { return lo + (hi-lo)*d.Float64() }

// whole is a uniform integer in [lo, hi].
func (d dice) whole(lo, hi int) int { return lo + d.IntN(hi-lo+1) }

// spread is lognormal with the given median and spread of its logarithm.
func (d dice) spread(median, sigma float64) float64 {
	return median * math.Exp(sigma*d.NormFloat64())
}

// wait is exponential with the given mean.
func (d dice) wait(mean float64) float64 { return mean * d.ExpFloat64() }

// geometric is at least 1, with the given mean.
func (d dice) geometric(mean float64) int {
	if mean <= 1 {
		return 1
	}
	n := 1 + int(math.Log(1-d.Float64())/math.Log(1-1/mean))
	return min(n, 10_000)
}

// oneOf is any element of list.
func oneOf[T any](d dice, list []T) T { return list[d.IntN(len(list))] }

// skewed is an index below n that prefers small ones: popularity.
func (d dice) skewed(n int, power float64) int {
	return min(n-1, int(float64(n)*math.Pow(d.Float64(), power)))
}

// weighted chooses by cumulative weights, whose last is the sum.
func weighted(u float64, cumulative []float64) int {
	x := u * cumulative[len(cumulative)-1]
	lo, hi := 0, len(cumulative)-1
	for lo < hi {
		mid := (lo + hi) / 2
		if cumulative[mid] > x {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}
