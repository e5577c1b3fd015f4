package detect

import (
	"strings"
	"testing"

	"github.com/denylens/denylens/geo"
	"github.com/denylens/denylens/ingest"
)

// without leaves out, of the lines of some minutes, those of a country.
func without(lines []string, country string, from, to int) []string {
	db := geo.Embedded()
	var out []string
	for _, l := range lines {
		addr, _, _ := strings.Cut(l, " ")
		at := stamp(l).Sub(stamp(lines[0])).Minutes()
		if int(at) >= from && int(at) < to && db.Lookup(geoParse(addr)).Country == [2]byte([]byte(country)) {
			continue
		}
		out = append(out, l)
	}
	return out
}

func absent(s Summary) (out []Incident) {
	for _, i := range s.Incidents {
		if strings.HasPrefix(i.Title, "Visitors have stopped coming") {
			out = append(out, i)
		}
	}
	return out
}

// A country that an edge turns away is not in the log of the origin: only that
// it is missing tells.
func TestACountryThatStopsComingIsMissed(t *testing.T) {
	lines := site(21, 3*1440, nil)
	if got := absent(analyse(t, ingest.Options{}, lines)); len(got) != 0 {
		t.Fatalf("everybody is there, but: %s", got[0].Title)
	}
	const from, to = 2*1440 + 600, 2*1440 + 780
	got := absent(analyse(t, ingest.Options{}, without(lines, "JP", from, to)))
	if len(got) != 1 {
		t.Fatalf("%d absences, want one", len(got))
	}
	in := got[0]
	if cohortOf(in) != "country=JP " || in.Kind != Overblock || in.Cause.ID != "geo_block" {
		t.Errorf("%s %s %s", in.Kind, cohortOf(in), in.Cause.ID)
	}
	zero := stamp(lines[0])
	if d := in.Start.Sub(zero).Minutes() - from; d < -16 || d > 16 {
		t.Errorf("began %.0f minutes off", d)
	}
	if d := in.DetectedAt.Sub(zero).Minutes() - from; d > 120 {
		t.Errorf("noticed after %.0f minutes", d)
	}
	if in.End == nil {
		t.Error("they are back, but it is open")
	} else if d := in.End.Sub(zero).Minutes() - to; d < -16 || d > 31 {
		t.Errorf("ended %.0f minutes off", d)
	}
}

// When nobody comes, nobody in particular is missing.
func TestASilentSiteMissesNobody(t *testing.T) {
	lines := site(22, 3*1440, nil)
	var out []string
	for _, l := range lines {
		if m := int(stamp(l).Sub(stamp(lines[0])).Minutes()); m < 2*1440+600 || m > 2*1440+900 {
			out = append(out, l)
		}
	}
	if got := absent(analyse(t, ingest.Options{}, out)); len(got) != 0 {
		t.Errorf("a gap in the log makes: %s", got[0].Title)
	}
}
