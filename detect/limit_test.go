package detect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/denylens/denylens/ingest"
)

// heavies adds to the site, four a minute, readers who open pages with many
// pictures. answer gives the status of the n-th request of a client in a minute.
func heavies(minutes int, answer func(minute, nth int, client int, path string) int) []string {
	lines := site(9, minutes, func(v *visit) { v.status = answer(v.minute, 0, v.client, v.path) })
	for m := range minutes {
		for k := range 4 {
			client := (m*4 + k) * 7 % 2400
			for n := range 24 {
				path := fmt.Sprintf("/img/icon%d.png", n%8)
				if n%6 == 5 {
					path = []string{"/docs/api", "/shop/list"}[n/6%2]
				}
				v := visit{minute: m, second: 41 + n/3, client: client, path: path}
				v.status = answer(m, n, client, path)
				lines = append(lines, v.line(0))
			}
		}
	}
	return byTime(lines)
}

func TestALimitOfRatesIsOneIncidentOfEveryone(t *testing.T) {
	lines := heavies(240, func(m, nth, _ int, _ string) int {
		if m >= 120 && m < 200 && nth >= 10 {
			return 403
		}
		return 200
	})
	s := analyse(t, ingest.Options{}, lines)
	if len(s.Incidents) != 1 {
		t.Fatalf("found %v, want one incident", titles(s))
	}
	inc := s.Incidents[0]
	if len(inc.Cohort) != 0 || inc.Cause.ID != "rate_limit" || inc.Kind != Overblock {
		t.Errorf("%s %s%s, want an over-blocking of everyone by a limit of rates", inc.Kind, cohortOf(inc), inc.Cause.ID)
	}
	if got := inc.End.Format("15:04"); got != "09:20" {
		t.Errorf("it ends at %s, want 09:20", got)
	}
}

func TestPicturesRefusedToAllAreNoLimitOfRates(t *testing.T) {
	lines := heavies(240, func(m, _, _ int, path string) int {
		if m >= 120 && m < 200 && strings.HasPrefix(path, "/img/") {
			return 403
		}
		return 200
	})
	s := analyse(t, ingest.Options{}, lines)
	if len(s.Incidents) != 1 || cohortOf(s.Incidents[0]) != "path=/img " || s.Incidents[0].Cause.ID == "rate_limit" {
		t.Errorf("found %v, want /img alone, and no limit", titles(s))
	}
}

func TestWhoIsHeavyAndRefusedByNetworkIsNoLimitOfRates(t *testing.T) {
	lines := heavies(240, func(m, _, client int, _ string) int {
		if v := (visit{client: client}); m >= 120 && m < 200 && v.network() < 6 {
			return 403
		}
		return 200
	})
	s := analyse(t, ingest.Options{}, lines)
	if len(s.Incidents) == 0 {
		t.Error("no incident is found")
	}
	for _, inc := range s.Incidents {
		if inc.Cause.ID == "rate_limit" {
			t.Errorf("%s: who asks decides, and not how often", inc.Title)
		}
	}
}
