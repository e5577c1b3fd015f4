package detect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/denylens/denylens/ingest"
)

// partners are programs of one network with a key each, of which one after the
// other is refused, half an hour apart.
func partners(networks func(i int) string) []string {
	lines := site(31, 600, nil)
	for i := range 6 {
		for m := range 600 {
			if m%10 != i {
				continue
			}
			status := 200
			if m >= 300+30*i {
				status = 403
			}
			v := visit{m, 7 * i, 0, "/shop/list", status}
			_, rest, _ := strings.Cut(v.line(0), " [")
			rest = rest[:strings.Index(rest, ` "https://`)]
			lines = append(lines, fmt.Sprintf("%s - key-%d [%s \"-\" \"acme-sync/1.8\"\n", networks(i), i, rest))
		}
	}
	return inOrder(lines)
}

func TestPartnersOfOneNetworkTurnedAwayOneByOneAreOneIncident(t *testing.T) {
	found := analyse(t, ingest.Options{}, partners(func(i int) string { return fmt.Sprintf("198.51.100.%d", 10+i) })).Incidents
	if len(found) != 1 {
		for _, inc := range found {
			t.Log(inc.Title)
		}
		t.Fatalf("%d incidents, want one", len(found))
	}
	in := found[0]
	if in.Kind != Overblock || in.Impact.DeniedClients != 6 {
		t.Errorf("%s, %d clients", in.Kind, in.Impact.DeniedClients)
	}
	for _, c := range in.Cohort {
		if c.Dim == "user" || c.Dim == "ip" {
			t.Errorf("all of them are named by one: %s", cohortOf(in))
		}
	}
}

// A part of the site that one client in three has always been refused is how
// things are, and is listed apart.
func TestWhatSomeAreRefusedFromTheFirstLineOnIsNoIncident(t *testing.T) {
	sum := analyse(t, ingest.Options{}, site(32, 400, func(v *visit) {
		if strings.HasPrefix(v.path, "/docs/") && v.client/180%3 == 0 {
			v.status = 403
		}
	}))
	for _, inc := range sum.Incidents {
		t.Errorf("incident: %s", inc.Title)
	}
	listed := false
	for _, s := range sum.Standing {
		if s.Cohort[0].Value == "/docs" {
			listed = s.Share > 0.2 && s.Share < 0.5
		}
	}
	if !listed {
		t.Errorf("not listed as refused all along: %+v", sum.Standing)
	}
}

// What begins a quarter of an hour after the log is no standing refusal, though
// only some are refused.
func TestWhatBeginsSoonAfterTheFirstLineIsAnIncident(t *testing.T) {
	sum := analyse(t, ingest.Options{}, site(35, 200, func(v *visit) {
		if strings.HasPrefix(v.path, "/docs/") && v.client/180%2 == 0 && v.minute >= 20 {
			v.status = 403
		}
	}))
	if len(sum.Incidents) != 1 || cohortOf(sum.Incidents[0]) != "path=/docs " || len(sum.Standing) != 0 {
		t.Errorf("%d incidents, standing %v", len(sum.Incidents), sum.Standing)
	}
}

// What is served when an incident is over says nothing of it.
func TestAShortIncidentIsJudgedByItsOwnMinutes(t *testing.T) {
	found := analyse(t, ingest.Options{}, site(33, 300, func(v *visit) {
		if strings.HasPrefix(v.path, "/docs/") && v.minute >= 200 && v.minute < 210 {
			v.status = 403
		}
	})).Incidents
	if len(found) != 1 {
		t.Fatalf("%d incidents, want one", len(found))
	}
	in := found[0]
	if in.Impact.ShareDuring < 0.95 {
		t.Errorf("%.2f of the cohort refused while it lasted, want all", in.Impact.ShareDuring)
	}
	if in.Cause.ID != "server_config" {
		t.Errorf("cause %s", in.Cause.ID)
	}
	if in.End == nil || in.End.Minute() != 30 {
		t.Errorf("ended %v, want 09:30", in.End)
	}
}

// Botnets that have asked all along are no news; one that begins is.
func TestABotnetIsAWaveOnlyIfItBegins(t *testing.T) {
	knock := func(m, i int) string {
		return request(m*60+i%60, fmt.Sprintf("%d.%d.%d.9", 20+i%150, i%200, i%250), "-", "GET", "/.env", 404, "-")
	}
	for _, c := range []struct{ from, want int }{{0, 0}, {100, 1}} {
		lines := site(34, 300, nil)
		for m := c.from; m < 300; m++ {
			lines = append(lines, knock(m, 2*m), knock(m, 2*m+1))
		}
		waves := 0
		for _, inc := range analyse(t, ingest.Options{}, inOrder(lines)).Incidents {
			if strings.Contains(inc.Title, "addresses ask for") {
				waves++
			}
		}
		if waves != c.want {
			t.Errorf("from minute %d on: %d waves, want %d", c.from, waves, c.want)
		}
	}
}
