package detect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// The table that these tests explain: 3 countries with 2 systems each, 4 wide
// networks, 24 networks, 6 paths (of which /api/v1 and version v1 are the
// same), 3 agents. 20 clients a cell of whom one in a hundred is expected to
// be refused.
func plantedCells(refused func(v *[numAxes]uint32) float64) []cell {
	var out []cell
	for country := uint32(1); country <= 3; country++ {
		for net := uint32(0); net < 8; net++ {
			for path := uint32(0); path < 6; path++ {
				for agent := uint32(0); agent < 3; agent++ {
					var v [numAxes]uint32
					v[axCountry], v[axASN] = country, 100+country*10+net/4
					v[axWide], v[axNetwork] = 200+country*10+net/2, 300+country*10+net
					v[axPath1], v[axPath2] = 400+path/3, 410+path
					v[axVersion] = 500 + path
					v[axMethod] = 600 + (path+agent)%2
					v[axAgent], v[axMajor], v[axOS] = 700+agent, 710+agent, 720+agent
					n := 20.0
					out = append(out, cell{v: v, n: n, e: 0.01 * n, o: n * refused(&v)})
				}
			}
		}
	}
	return out
}

func names(found []cohortScore) string {
	var out []string
	for _, c := range found {
		s := ""
		for _, t := range c.terms {
			s += fmt.Sprintf("%s=%d ", axisDim[t.axis], t.value)
		}
		out = append(out, s)
	}
	return fmt.Sprintf("%q", out)
}

func wantCohorts(t *testing.T, found []cohortScore, want ...conj) {
	t.Helper()
	ok := len(found) == len(want)
	for i := 0; ok && i < len(want); i++ {
		ok = found[i].terms.equal(want[i])
	}
	if !ok {
		t.Errorf("found %s, want %v", names(found), want)
	}
}

func TestOnePlantedValueIsNamed(t *testing.T) {
	for _, p := range []term{{axNetwork, 314}, {axAgent, 701}, {axCountry, 2}, {axPath1, 401}, {axMethod, 601}} {
		share := 0.9
		found := explain(&siteSpace, plantedCells(func(v *[numAxes]uint32) float64 {
			if v[p.axis] == p.value {
				return share
			}
			return 0.01
		}))
		if len(found) != 1 || len(found[0].terms) != 1 || axisDim[found[0].terms[0].axis] != axisDim[p.axis] {
			t.Errorf("planted %v, found %s", p, names(found))
			continue
		}
		for _, c := range plantedCells(func(*[numAxes]uint32) float64 { return 0 }) {
			if found[0].terms.matches(&c.v) != (c.v[p.axis] == p.value) {
				t.Errorf("planted %v, found another set of clients, %s", p, names(found))
				break
			}
		}
	}
}

func TestAConjunctionIsNamedWhole(t *testing.T) {
	found := explain(&siteSpace, plantedCells(func(v *[numAxes]uint32) float64 {
		if v[axCountry] == 2 && v[axPath1] == 401 {
			return 0.9
		}
		return 0.01
	}))
	wantCohorts(t, found, conj{{axCountry, 2}, {axPath1, 401}})
	found = explain(&siteSpace, plantedCells(func(v *[numAxes]uint32) float64 {
		if v[axCountry] == 3 && v[axVersion] == 504 && v[axOS] == 722 {
			return 1
		}
		return 0.01
	}))
	if len(found) != 1 || len(found[0].terms) != 3 {
		t.Errorf("three terms planted, found %s", names(found))
	}
}

func TestAVersionIsPreferredToThePathThatIsTheSame(t *testing.T) {
	found := explain(&siteSpace, plantedCells(func(v *[numAxes]uint32) float64 {
		if v[axPath2] == 412 {
			return 0.95
		}
		return 0.01
	}))
	wantCohorts(t, found, conj{{axVersion, 502}})
}

func TestACountryIsNamedRatherThanItsNetworks(t *testing.T) {
	found := explain(&siteSpace, plantedCells(func(v *[numAxes]uint32) float64 {
		if v[axCountry] == 2 {
			return 0.6 + 0.05*float64(v[axNetwork]%4)
		}
		return 0.01
	}))
	wantCohorts(t, found, conj{{axCountry, 2}})
}

func TestANetworkIsNamedRatherThanItsCountry(t *testing.T) {
	found := explain(&siteSpace, plantedCells(func(v *[numAxes]uint32) float64 {
		if v[axNetwork] == 325 {
			return 0.8
		}
		return 0.01
	}))
	wantCohorts(t, found, conj{{axNetwork, 325}})
}

func TestARefusalOfAllIsEveryone(t *testing.T) {
	found := explain(&siteSpace, plantedCells(func(v *[numAxes]uint32) float64 { return 0.5 + 0.02*float64(v[axNetwork]%3) }))
	wantCohorts(t, found, conj{})
}

func TestTwoCausesArePeeled(t *testing.T) {
	found := explain(&siteSpace, plantedCells(func(v *[numAxes]uint32) float64 {
		if v[axNetwork] == 314 || v[axCountry] == 3 && v[axVersion] == 503 && v[axOS] == 720 {
			return 0.9
		}
		return 0.01
	}))
	if len(found) != 2 || len(found[1].terms) != 3 || found[1].o < 140 || found[1].n > 160 {
		t.Fatalf("found %s, want a network and a conjunction of three", names(found))
	}
	wantCohorts(t, found[:1], conj{{axNetwork, 314}})
}

func TestNothingIsExplainedWithoutExcess(t *testing.T) {
	if found := explain(&siteSpace, plantedCells(func(*[numAxes]uint32) float64 { return 0.01 })); len(found) != 0 {
		t.Errorf("found %s where all is as expected", names(found))
	}
	if found := explain(&siteSpace, nil); len(found) != 0 {
		t.Errorf("found %s in nothing", names(found))
	}
}

func TestTheOrderOfCellsDoesNotMatter(t *testing.T) {
	plant := func(v *[numAxes]uint32) float64 {
		if v[axCountry] == 1 && v[axMethod] == 600 || v[axVersion] == 503 {
			return 0.75
		}
		return 0.01
	}
	cells := plantedCells(plant)
	want := names(explain(&siteSpace, cells))
	rng := rand.New(rand.NewPCG(1, 2))
	for range 12 {
		mixed := slices.Clone(cells)
		rng.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if got := names(explain(&siteSpace, mixed)); got != want {
			t.Fatalf("found %s in one order, %s in another", want, got)
		}
	}
}

func TestChanceDoesNotHideACohort(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 11))
		cells := plantedCells(func(v *[numAxes]uint32) float64 {
			p := 0.01
			if v[axCountry] == 3 && v[axPath1] == 400 {
				p = 0.5
			}
			d := 0
			for range 20 {
				if rng.Float64() < p {
					d++
				}
			}
			return float64(d) / 20
		})
		wantCohorts(t, explain(&siteSpace, cells), conj{{axCountry, 3}, {axPath1, 400}})
	}
}

func TestARuleNamesNoCohort(t *testing.T) {
	cells := plantedCells(func(v *[numAxes]uint32) float64 {
		if v[axCountry] == 2 {
			return 0.9
		}
		return 0.01
	})
	for i := range cells {
		if cells[i].v[axCountry] == 2 {
			cells[i].v[axRule] = 999
		}
	}
	wantCohorts(t, explain(&siteSpace, cells), conj{{axCountry, 2}})
}

// The rest of every parent is elevated by the other cause, so climb ends at
// everyone: two thirds of whose clients are served as ever.
func TestTwoLargeCausesArePeeled(t *testing.T) {
	found := explain(&siteSpace, plantedCells(func(v *[numAxes]uint32) float64 {
		if v[axCountry] == 1 || v[axVersion] == 503 {
			return 0.9
		}
		return 0.01
	}))
	wantCohorts(t, found, conj{{axCountry, 1}}, conj{{axVersion, 503}})
}

// Most of a version's clients are one app. The few others are refused often in
// any case; whether they are refused more now tells the version from the app.
func TestAFewOthersTellAVersionFromItsApp(t *testing.T) {
	const version, app = 502, 715 // the app has one release, so its family names it as well
	for name, c := range map[string]struct {
		others float64 // refused of twelve, where one and a half are expected
		want   term
	}{"the version": {6, term{axVersion, version}}, "the app": {1.5, term{axAgent, app - 10}}} {
		add := func(ver, agent uint32, n, o, e float64) cell {
			x := cell{n: n, o: o, e: e}
			x.v[axVersion], x.v[axAgent], x.v[axMajor], x.v[axMethod] = ver, agent-10, agent, 600+agent%2
			return x
		}
		cells := []cell{add(version, app, 250, 54, 3.1), add(version, 716, 7, c.others*.6, .9), add(version, 717, 5, c.others*.4, .6)}
		for k := range uint32(8) {
			cells = append(cells, add(501, 711+k%4, 180, 2, 2), add(0, 716+k%2, 20, 4, 4))
		}
		if found := explain(&siteSpace, cells); len(found) == 0 || !found[0].terms.equal(conj{c.want}) {
			t.Errorf("%s: %s", name, names(found))
		}
	}
}
