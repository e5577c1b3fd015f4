package detect

import (
	"math"
	"math/rand/v2"
	"testing"
)

// crossings counts how often the detector passes ln(arl) in steps minutes of n
// clients refused at the rate p, and reset each time.
func crossings(rng *rand.Rand, steps, n int, p, p0, c, arl float64) int {
	var ed edetector
	ed.reset(0)
	hits := 0
	for m := int32(1); m <= int32(steps); m++ {
		d := 0
		for range n {
			if rng.Float64() < p {
				d++
			}
		}
		ed.step(m, d, n, p0, c)
		if ed.lnM() >= math.Log(arl) {
			hits++
			ed.reset(m)
		}
	}
	return hits
}

// Under the null an e-detector at threshold A runs A steps on average until it
// cries: of S steps at most S/A cries are expected. The bound for the count is
// that expectation plus four standard deviations of a Poisson variable.
func TestFalseAlarmsAreNoMoreThanPromised(t *testing.T) {
	const steps = 40000
	for i, c := range []struct {
		n          int
		p0, c, arl float64
	}{{3, 0.01, 1e6, 500}, {20, 0.05, 1e6, 500}, {200, 0.02, 1e6, 500}, {20, 0.3, 40, 200}, {1, 0.2, 1e6, 200}} {
		rng := rand.New(rand.NewPCG(7, uint64(i)))
		nominal := steps / c.arl
		if hits := crossings(rng, steps, c.n, c.p0, c.p0, c.c, c.arl); float64(hits) > nominal+4*math.Sqrt(nominal) {
			t.Errorf("%d clients at %v: %d alarms, nominal %v", c.n, c.p0, hits, nominal)
		}
		if below := crossings(rng, steps, c.n, c.p0/3, c.p0, c.c, c.arl); float64(below) > nominal {
			t.Errorf("%d clients at a third of %v: %d alarms, nominal %v", c.n, c.p0, below, nominal)
		}
	}
}

func TestABlockOfSixClientsIsFoundWithinThreeMinutes(t *testing.T) {
	var ed edetector
	ed.reset(0)
	for m := int32(1); m <= 600; m++ {
		ed.step(m, 0, 6, 0.015, 1e6)
	}
	limit := math.Log(100 * 86400 / bucket / 0.1)
	if ed.lnM() >= limit {
		t.Fatalf("evidence %v without a refusal", ed.lnM())
	}
	for m := int32(601); ; m++ {
		ed.step(m, 6, 6, 0.015, 1e6)
		if ed.lnM() >= limit {
			if s := ed.start(); s != 601 {
				t.Errorf("onset at minute %d, want 601", s)
			}
			return
		}
		if m == 603 {
			t.Fatalf("evidence %v after three minutes, need %v", ed.lnM(), limit)
		}
	}
}

func TestALiftedRateIsFoundByItsOwnComponent(t *testing.T) {
	for _, lift := range []float64{3, 10, 60} {
		rng := rand.New(rand.NewPCG(3, uint64(lift)))
		if hits := crossings(rng, 60, 300, 0.015*lift, 0.015, 1e6, 1e6); hits == 0 {
			t.Errorf("a rate of %v times the expected one is not found in an hour", lift)
		}
	}
}

func TestEvidenceNeverOverflows(t *testing.T) {
	var ed edetector
	ed.reset(0)
	for m := int32(1); m <= 5000; m++ {
		ed.step(m, 1000, 1000, 1e-6, 1e6)
	}
	if x := ed.lnM(); x > 61 || math.IsNaN(x) {
		t.Errorf("evidence %v", x)
	}
	for m := int32(5001); m <= 5200; m++ {
		ed.step(m, 0, 1000, 0.01, 1e6)
	}
	if x := ed.lnM(); math.IsNaN(x) || x > 10 {
		t.Errorf("evidence %v long after", x)
	}
}

func TestAGapAddsOneAMinute(t *testing.T) {
	var a, b edetector
	a.reset(0)
	b.reset(0)
	a.step(1, 1, 5, 0.1, 1e6)
	b.step(1, 1, 5, 0.1, 1e6)
	for m := int32(2); m < 100; m++ {
		a.step(m, 0, 0, 0.1, 1e6)
	}
	b.skip(100)
	if math.Abs(a.lnM()-b.lnM()) > 1e-9 {
		t.Errorf("98 minutes one by one give %v, at once %v", a.lnM(), b.lnM())
	}
	if a.lnM() < math.Log(98) || a.lnM() > math.Log(98+10) {
		t.Errorf("evidence %v after 98 empty minutes, want about ln 99", a.lnM())
	}
}

func TestNothingIsEvidenceAgainstARateNearOne(t *testing.T) {
	var ed edetector
	ed.reset(0)
	for m := int32(1); m <= 200; m++ {
		ed.step(m, 10, 10, 0.9, 1e6)
	}
	if x := ed.lnM(); x > math.Log(201)+1e-9 {
		t.Errorf("evidence %v: what is refused always cannot be refused more", x)
	}
}
