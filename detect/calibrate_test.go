package detect

import (
	"math"
	"math/rand/v2"
	"testing"
)

// draw is the number of events among n at rate p.
func draw(rng *rand.Rand, n int, p float64) (d int) {
	for range n {
		if rng.Float64() < p {
			d++
		}
	}
	return d
}

// Where the model holds, chances of a thousandth come once in a thousand
// windows, whatever the size of the cohort and the rate.
func TestPromisesAreKeptWhereTheModelHolds(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 403))
	var all calibration
	for _, c := range []struct {
		n int
		p float64
	}{{1, 0.02}, {5, 0.002}, {20, 0.01}, {60, 0.05}, {300, 0.004}} {
		bl := newBaseline(c.p, 0)
		for m := int32(1); m <= 12000; m++ {
			d := draw(rng, c.n, c.p)
			if m > 2000 {
				all.add(&bl, m, d, c.n)
			}
			bl.learn(m, c.n, d, c.p, bl.trust(c.n, d))
		}
	}
	for i, most := range []float64{1.3, 2, 4} {
		if r := all.ratio(i); r > most || r < 1/most {
			t.Errorf("of %d windows %.1f lie beyond %g: %.2f times as many as promised", all.tests, all.found[i], calibrationLevels[i], r)
		}
	}
}

func TestABrokenPromiseIsSeen(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 403))
	bl := newBaseline(0.01, 0)
	var c, half calibration
	for m := int32(1); m <= 20000; m++ {
		p := 0.005
		if rng.IntN(50) == 0 {
			p = 0.2 // bursts that the model knows nothing of
		}
		d := draw(rng, 30, p)
		to := &c
		if m > 10000 {
			to = &half
		}
		to.add(&bl, m, d, 30)
	}
	c.Merge(&half)
	if c.tests != 20000 || c.ratio(1) < 5 {
		t.Errorf("%d tests, %.1f times as many beyond a thousandth as promised", c.tests, c.ratio(1))
	}
}

// seasonal teaches a baseline days of which one hour is different.
func seasonal(days int, rate func(day, hour int) float64) *baseline {
	rng := rand.New(rand.NewPCG(13, 403))
	bl := newBaseline(0.01, 0)
	for m := int32(0); m < int32(days)*24*60; m += blockMinutes {
		p := rate(int(m)/1440, int(m)/60%24)
		n := 100
		d := draw(rng, n, p)
		bl.learn(m, n, d, 0.01, bl.trust(n, d))
	}
	return &bl
}

func TestAnHourThatIsAlwaysWorseIsExpected(t *testing.T) {
	bl := seasonal(6, func(_, hour int) float64 {
		if hour == 3 {
			return 0.06
		}
		return 0.01
	})
	night, noon := bl.expected(6*1440+3*60+10), bl.expected(6*1440+12*60+10)
	if night < 0.03 || noon > 0.015 {
		t.Errorf("expected at three %.4f, at noon %.4f", night, noon)
	}
	if bl.envelope(6*1440+3*60+10) <= bl.envelope(6*1440+12*60+10) {
		t.Error("the envelope does not follow the hour")
	}
}

func TestAFlatRateHasNoSeason(t *testing.T) {
	bl := seasonal(6, func(int, int) float64 { return 0.02 })
	if f := bl.season.of(6*1440, bl.rate()); f != 1 {
		t.Errorf("factor %v, score %v", f, bl.season.score)
	}
}

func TestWhatHappenedOnceIsNoSeason(t *testing.T) {
	bl := seasonal(6, func(day, hour int) float64 {
		if day == 2 && hour == 3 {
			return 0.3
		}
		return 0.01
	})
	if f := bl.season.of(6*1440+3*60, bl.rate()); f != 1 {
		t.Errorf("factor %v, score %v", f, bl.season.score)
	}
}

func TestTheLongMemoryIsBelievedUntilItIsContradicted(t *testing.T) {
	bl := newBaseline(0.01, 0)
	for m := int32(1); m <= 3*1440; m++ {
		bl.learn(m, 20, 0, 0.01, 1)
	}
	if r := bl.rate(); r > 1e-4 {
		t.Errorf("rate %v after 86,400 clients without a refusal", r)
	}
	for m := int32(3*1440 + 1); m <= 4*1440; m++ {
		bl.learn(m, 20, int(m%5), 0.01, 1) // ten in a hundred
	}
	if r := bl.rate(); math.Abs(r-0.1) > 0.02 {
		t.Errorf("rate %v after a day of 0.1", r)
	}
}
