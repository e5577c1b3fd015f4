package detect

import (
	"math"
	"math/rand/v2"
	"testing"
)

// contest is an engine with some series of weight one and evidence of each.
func contest(lnM ...float64) (*Engine, []alarm) {
	e := New(Config{})
	e.series.root(0)
	var list []alarm
	for i, m := range lnM {
		e.series.list = append(e.series.list, series{dim: DimMethod})
		e.series.byDim[DimMethod]++
		list = append(list, alarm{int32(i + 1), m, 0})
	}
	return e, list
}

func TestManyCohortsNeedLessEvidenceEach(t *testing.T) {
	e, _ := contest(make([]float64, 100)...)
	limit := e.threshold()
	if got := len(e.decide([]alarm{{1, limit - 0.1, 0}})); got != 0 {
		t.Errorf("%d alarms below the threshold", got)
	}
	if got := len(e.decide([]alarm{{1, limit, 0}})); got != 1 {
		t.Errorf("%d alarms at the threshold", got)
	}
	var ten []alarm
	for i := range int32(10) {
		ten = append(ten, alarm{i + 1, limit - math.Log(10) + 0.01, 0})
	}
	if got := len(e.decide(ten)); got != 10 {
		t.Errorf("%d alarms of ten at a tenth of the threshold", got)
	}
	ten[9].lnM -= 0.02
	if got := len(e.decide(ten)); got != 0 {
		t.Errorf("%d alarms of ten, the last below a tenth of the threshold: nine need a ninth", got)
	}
}

func TestWhatThereIsLittleOfIsBelievedSooner(t *testing.T) {
	e, list := contest(0, 0)
	e.series.list[1].dim, e.series.list[2].dim = DimHost, DimNetwork
	for i := range list {
		list[i].lnM = e.threshold() - 1
	}
	got := e.decide(list)
	if len(got) != 1 || got[0].series != 1 {
		t.Errorf("alarms %v, want the host's alone", got)
	}
}

func tailOf(rng *rand.Rand, n int, slope float64) *tail {
	t := &tail{tests: float64(n)}
	for range n {
		t.count[min(tailBins-1, int(rng.ExpFloat64()*slope/math.Ln2))]++
	}
	return t
}

func TestThresholdsRiseWithWildTails(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 403))
	if r := tailOf(rng, 1e6, 1).needed(20); r != 0 {
		t.Errorf("a tail of 1/x raises the threshold by %v", r)
	}
	if r := tailOf(rng, 1e6, 0.4).needed(20); r != 0 {
		t.Errorf("a light tail raises the threshold by %v", r)
	}
	if r := tailOf(rng, 1e6, 1.3).needed(20); r < 3 || r > tailMost {
		t.Errorf("a tail of x^-0.77 raises the threshold by %v, want about 6", r)
	}
	if r := tailOf(rng, 5e4, 3).needed(20); r != 0 {
		t.Errorf("too few tests raise the threshold by %v", r)
	}
}

func TestEvidenceOfIncidentsIsNoTail(t *testing.T) {
	e, _ := contest(0, 0)
	for _, s := range []int{1, 2} {
		e.series.list[s].held = never
	}
	e.tails.grow(1, 100, 12)
	e.tails.grow(2, 100, 12)
	e.tails.settle(e.series, 110)
	if len(e.tails.pending) != 2 {
		t.Fatalf("%d wait after ten minutes, want both", len(e.tails.pending))
	}
	e.series.list[2].held = 101
	e.tails.settle(e.series, 100+guard+1)
	sum := 0.0
	for _, n := range e.tails.family[1].count {
		sum += n
	}
	if sum != 1 || len(e.tails.pending) != 0 {
		t.Errorf("%v counted, %d wait: want the one without an incident", sum, len(e.tails.pending))
	}
}

func TestOneNetworkMakesNoCountrysIncident(t *testing.T) {
	e := New(Config{})
	e.series.byDim[DimNetwork] = 50
	of := func(refused ...float64) gathered {
		g := gathered{networks: map[uint32]*inNetwork{}}
		for i := range 30 {
			x := &inNetwork{minutes: 10}
			if i < len(refused) {
				x.refused = refused[i]
			}
			g.networks[uint32(i+1)] = x
		}
		return g
	}
	for _, c := range []struct {
		g    gathered
		want bool
		what string
	}{
		{of(9), false, "nine clients of one network"},
		{of(9, 1), false, "one more of another, as by chance"},
		{of(3, 2, 2, 1), true, "four networks"},
		{of(20, 5), true, "two networks, both refused beyond chance"},
	} {
		if got := e.manyNetworks(c.g, 0.003); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
	e.series.byDim[DimNetwork] = 1
	if !e.manyNetworks(of(9), 0.003) {
		t.Error("an intranet has one network, and its users are refused too")
	}
}

// Many refused clients in one network are no incident of all the networks that a
// country has; of a crawler, which has hardly another one, they are.
func TestOneNetworkIsAllOfACrawler(t *testing.T) {
	e := New(Config{})
	e.series.byDim[DimNetwork] = fewNetworks + 1
	for elsewhere, want := range map[float64]bool{5: true, 100: false} {
		g := gathered{networks: map[uint32]*inNetwork{1: {refused: 20, minutes: 100}, 2: {minutes: elsewhere}, 3: {}}}
		if got := e.manyNetworks(g, 0.01); got != want {
			t.Errorf("with %.0f minutes of clients elsewhere: %v", elsewhere, got)
		}
	}
}
