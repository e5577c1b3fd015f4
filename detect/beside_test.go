package detect

import (
	"slices"
	"strings"
	"testing"

	"github.com/denylens/denylens/ingest"
)

func TestRunnersUpAreOtherNamesInOrder(t *testing.T) {
	x := newExplainer(&siteSpace, plantedCells(func(v *[numAxes]uint32) float64 {
		if v[axCountry] == 2 && v[axPath1] == 401 {
			return 0.9
		}
		return 0.01
	}))
	named := x.explain()
	wantCohorts(t, named, conj{{axCountry, 2}, {axPath1, 401}})
	others := x.runnersUp(named, 4)
	if len(others) != 4 {
		t.Fatalf("%d runners-up, want 4: %s", len(others), names(others))
	}
	for i := range others {
		if others[i].terms.equal(named[0].terms) {
			t.Errorf("%s is the name itself", names(others[i:i+1]))
		}
		if others[i].excess() <= 0 {
			t.Errorf("%s explains nothing", names(others[i:i+1]))
		}
		for k := range i {
			if x.same(&others[i], &others[k]) {
				t.Errorf("%s has the clients of %s", names(others[i:i+1]), names(others[k:k+1]))
			}
		}
	}
	wider := func(c cohortScore) bool {
		return c.terms.equal(conj{{axCountry, 2}}) || c.terms.equal(conj{{axPath1, 401}})
	}
	if !slices.ContainsFunc(others, wider) {
		t.Errorf("neither of the wider cohorts is among %s", names(others))
	}
}

// A part of a cohort that is refused as a whole is no other name for it,
// unless it is clearly purer.
func TestAPartIsIdle(t *testing.T) {
	named := []cohortScore{{terms: conj{{axCountry, 2}}, n: 100, o: 60}}
	for _, c := range []struct {
		cohortScore
		want bool
	}{
		{cohortScore{terms: conj{{axCountry, 2}, {axMethod, 600}}, n: 50, o: 35}, true},
		{cohortScore{terms: conj{{axCountry, 2}, {axMethod, 600}}, n: 50, o: 45}, false},
		{cohortScore{terms: conj{{axPath1, 400}}, n: 50, o: 20}, false},
	} {
		if got := idle(&c.cohortScore, named); got != c.want {
			t.Errorf("idle %s with %.0f of %.0f: %v", names([]cohortScore{c.cohortScore}), c.o, c.n, got)
		}
	}
}

func TestTheSparedAreExplained(t *testing.T) {
	x := newExplainer(&siteSpace, plantedCells(func(v *[numAxes]uint32) float64 {
		switch {
		case v[axCountry] != 2:
			return 0.01
		case v[axVersion] == 503:
			return 0.02
		}
		return 0.97
	}))
	named := []cohortScore{x.eval(conj{{axCountry, 2}})}
	if got := x.spared(named); !got.equal(conj{{axVersion, 503}}) {
		t.Errorf("spared %v, want version 503", got)
	}
	x = newExplainer(&siteSpace, plantedCells(func(*[numAxes]uint32) float64 { return 0.9 }))
	if got := x.spared([]cohortScore{x.eval(nil)}); got != nil {
		t.Errorf("spared %v, where all are refused alike", got)
	}
}

func TestAnIncidentSaysHowOthersFareOnTheSamePaths(t *testing.T) {
	s := analyse(t, ingest.Options{}, site(6, 300, refuseNetwork(1, 220, 300)))
	if len(s.Incidents) != 1 {
		t.Fatalf("found %v, want one", titles(s))
	}
	if !slices.ContainsFunc(s.Incidents[0].Evidence, func(e Text) bool {
		return strings.HasPrefix(e.Text, "the same paths, everybody else: 0.0 %")
	}) {
		t.Errorf("no control on the same paths among %v", s.Incidents[0].Evidence)
	}
}
