package detect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/denylens/denylens/ingest"
)

// requests makes lines of a client, one for each of the minutes that it asks in.
func requests(addr, user, agent, request string, minutes int, status func(m int) int) (out []string) {
	for m := range minutes {
		code := status(m)
		if code == 0 {
			continue
		}
		v := visit{m, 0, 0, "/", code}
		_, rest, _ := strings.Cut(v.line(0), " [")
		at, _, _ := strings.Cut(rest, "]")
		out = append(out, fmt.Sprintf("%s - %s [%s] \"%s HTTP/1.1\" %d 512 \"-\" %q\n", addr, user, at, request, code, agent))
	}
	return out
}

func TestAPollerOfManyHoursIsKnownWithoutAName(t *testing.T) {
	const refusedFrom = 500
	poller := requests("198.51.100.9", "-", "monitor/2.0", "GET /docs/start", 600, func(m int) int {
		switch {
		case m%5 != 0:
			return 0
		case m >= refusedFrom:
			return 403
		}
		return 200
	})
	found := analyse(t, ingest.Options{}, inOrder(append(site(41, 600, nil), poller...))).Incidents
	if len(found) != 1 || found[0].Kind != Overblock || found[0].Severity != Low || found[0].Impact.DeniedClients != 1 {
		t.Errorf("%v", titles(Summary{Incidents: found}))
	}
}

// What is refused by turns is one incident from its first turn to the last, with
// all whom it met in it.
func TestARefusalByTurnsIsToldOnce(t *testing.T) {
	sum := analyse(t, ingest.Options{}, site(42, 420, func(v *visit) {
		if strings.HasPrefix(v.path, "/docs/") && v.minute >= 200 && v.minute < 380 && v.minute/15%2 == 0 {
			v.status = 403
		}
	}))
	if len(sum.Incidents) != 1 || !strings.Contains(cohortOf(sum.Incidents[0]), "/docs") {
		t.Errorf("%v, want one incident", titles(sum))
	}
}

// On a site of few visitors the minute in which several come whom it has always
// refused its pictures is no incident.
func TestAThinSiteKeepsQuietAboutWhatItAlwaysRefused(t *testing.T) {
	const agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
	var lines []string
	visitor := func(who, minute int) {
		status := 200
		if who%3 == 0 {
			status = 403
		}
		addr := fmt.Sprintf("%d.%d.%d.7", 60+who%90, who%200, who%250)
		in := func(code int) func(int) int {
			return func(m int) int {
				if m == minute {
					return code
				}
				return 0
			}
		}
		lines = append(lines, requests(addr, "-", agent, "GET /", minute+1, in(200))...)
		for k := range 5 {
			lines = append(lines, requests(addr, "-", agent, fmt.Sprintf("GET /pictures/p%d.jpg", k), minute+1, in(status))...)
		}
	}
	for who := range 60 {
		visitor(who, 40*who)
	}
	for k := range 3 {
		visitor(300+3*k, 1700)
	}
	for _, in := range analyse(t, ingest.Options{}, inOrder(lines)).Incidents {
		t.Errorf("%s %s: %s", in.Severity, in.Kind, in.Title)
	}
}

func TestWhatIsSentToAPathHasCountsOfItsOwn(t *testing.T) {
	e := New(Config{})
	lines := requests("198.51.100.9", "-", "monitor/2.0", "POST /shop/order/7", 5, func(int) int { return 200 })
	lines = append(lines, requests("198.51.100.10", "-", "monitor/2.0", "POST /shop/order/8", 5, func(int) int { return 200 })...)
	lines = append(lines, requests("198.51.100.11", "-", "monitor/2.0", "GET /shop/order/8", 5, func(int) int { return 200 })...)
	analyseWith(t, e, ingest.Options{}, inOrder(lines))
	id, ok := e.syms.ids[symKey{DimWrite, "POST /shop/order"}]
	if !ok || e.series.at(id) == 0 {
		t.Fatal("no series of what is sent to /shop/order")
	}
	if s := &e.series.list[e.series.at(id)]; s.served != 9 {
		t.Errorf("%d client-minutes, want those of the two that sent something but for the first, 9", s.served)
	}
	for key := range e.syms.ids {
		if key.dim == DimWrite && strings.HasPrefix(key.text, "GET") {
			t.Errorf("%s sends nothing", key.text)
		}
	}
}

// A program with a key that is refused whatever it asks for, from the first line
// on, counts nothing through.
func TestALockedOutUserIsNoEnumerator(t *testing.T) {
	lines := site(43, 200, nil)
	for k := range 60 {
		only := func(m int) int {
			if m == 20+k {
				return 403
			}
			return 0
		}
		lines = append(lines, requests("198.51.100.9", "depot", "axios/1.7", fmt.Sprintf("GET /api/items/%d", 1000+37*k), 100, only)...)
		lines = append(lines, requests("198.51.100.9", "depot", "axios/1.7", "GET /api/search", 100, only)...)
	}
	for _, in := range analyse(t, ingest.Options{}, inOrder(lines)).Incidents {
		if in.Kind == Misuse {
			t.Errorf("misuse: %s", in.Title)
		}
	}
}
