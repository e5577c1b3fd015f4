package detect

import "testing"

// valuesTable is the planted table with one more axis, that of the referring
// site: six sites in turn, the clients of each spread over all else.
func valuesTable(refused func(site uint32) float64) []cell {
	var out []cell
	for site := uint32(1); site <= 6; site++ {
		for _, c := range plantedCells(func(*[numAxes]uint32) float64 { return refused(site) }) {
			c.v[axReferer] = 800 + site
			out = append(out, c)
		}
	}
	return out
}

func TestEveryoneGivesWayToAFewValuesOfOneAxis(t *testing.T) {
	found := explain(&siteSpace, valuesTable(func(site uint32) float64 {
		if site == 2 || site == 5 || site == 6 {
			return 0.3 + 0.1*float64(site)
		}
		return 0.01
	}))
	wantCohorts(t, found, conj{{axReferer, 806}}, conj{{axReferer, 805}}, conj{{axReferer, 802}})
}

// Four of six are more than a name can hold: everyone it is.
func TestManyValuesAreEveryone(t *testing.T) {
	found := explain(&siteSpace, valuesTable(func(site uint32) float64 {
		if site > 2 {
			return 0.6
		}
		return 0.01
	}))
	wantCohorts(t, found, conj{})
}

// The rest of everyone is refused as well, less.
func TestValuesAreNotNamedWhileTheRestIsRefused(t *testing.T) {
	x := newExplainer(&siteSpace, valuesTable(func(site uint32) float64 {
		if site > 3 {
			return 0.9
		}
		return 0.2
	}))
	if parts := x.split(0); parts != nil {
		t.Errorf("split into %s, though the others are refused as well", names(parts))
	}
}

// No one of the three values is refused half again as often as expected, for
// elsewhere each is served better than ever.
func TestACohortOfOrdinaryValuesIsFound(t *testing.T) {
	cells := plantedCells(func(v *[numAxes]uint32) float64 {
		country, method, agent := v[axCountry] == 2, v[axMethod] == 600, v[axAgent] == 701
		switch {
		case country && method && agent:
			return 0.09
		case country || method || agent:
			return 0.016
		}
		return 0.02
	})
	for i := range cells {
		cells[i].e = 0.02 * cells[i].n
	}
	found := explain(&siteSpace, cells)
	if len(found) != 1 || len(found[0].terms) != 3 || found[0].n != 480 {
		t.Errorf("found %s, want the three values together", names(found))
	}
}
