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

// The first visitor to meet a refusal is told before there are enough of them to
// see what it is; then it is a part of that.
func TestWhoWasTurnedAwayFirstIsAPartOfTheSurge(t *testing.T) {
	lines := site(12, 300, nil)
	for k := range 40 {
		minute, refused := 5+3*k, 0
		if k >= 30 {
			minute, refused = 170+k, 30
		}
		if k == 30 {
			minute = 160 // forty minutes before the others
		}
		addr := fmt.Sprintf("%d.%d.7.9", 60+k, 3*k)
		lines = append(lines, pageOf(addr, minute, 40, 5, refused, 7)...)
		if refused == 0 {
			for i := range 30 {
				v := visit{minute, 7, 0, fmt.Sprintf("/img/refused-%d.png", i), 200}
				_, rest, _ := strings.Cut(v.line(0), " [")
				lines = append(lines, fmt.Sprintf("%s - - [%s", addr, rest))
			}
		}
	}
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], "/img/refused", "/film/part")
	}
	e := New(Config{})
	found := analyseWith(t, e, ingest.Options{}, inOrder(lines)).Incidents
	if len(found) != 1 || found[0].Impact.DeniedClients < 9 {
		t.Fatalf("%v, want one incident", titles(Summary{Incidents: found}))
	}
	surge := *e.track.events[len(e.track.events)-1]
	first := &event{origin: byTurn, onset: 1 << 30}
	for key, c := range surge.clients {
		if c.denied && c.first < first.onset {
			first.onset, first.lastD, first.members = c.first, c.first, map[uint64]bool{key: true}
		}
	}
	for minutes, want := range map[int32]bool{40: true, 70: false} { // had it shown so much later
		surge.onset = first.onset + minutes
		if got := e.turnedIn(first, &surge); got != want {
			t.Errorf("%d minutes before: a part of it %v", minutes, got)
		}
	}
	surge.onset, surge.cohorts = first.onset+40, []conj{{{axPath1, 1 << 30}}}
	if e.turnedIn(first, &surge) {
		t.Error("a part of a surge somewhere else")
	}
}

// One refusal among many is no reason to leave the others untold.
func TestAnEventShadowsOnlyWhoLostLittleElse(t *testing.T) {
	for inOther, want := range map[int32]bool{1: false, 30: true} {
		alone := &event{origin: byTurn, onset: 100, lastD: 140, members: map[uint64]bool{7: true}, clients: map[uint64]clientSeen{7: {denied: true, requests: 40}}}
		other := &event{origin: byStart, hidden: true, onset: 10, lastD: 200, clients: map[uint64]clientSeen{7: {denied: true, requests: inOther}}}
		if got := (&tracker{events: []*event{alone, other}}).shadowed(alone); got != want {
			t.Errorf("%d of 40 requests in the other event: shadowed %v", inOther, got)
		}
	}
}

// What was looked into and is nothing is what a series is like from then on.
func TestADismissedAlarmIsLearned(t *testing.T) {
	rate := func(decided func(*series, int32)) float64 {
		st, s := newSeriesTable(leastSeries), &series{base: newBaseline(rootRate, 0), parent: -1}
		for m := int32(0); m < 60; m++ {
			s.A, s.D = 10, 5
			s.ed.step(m, 5, 10, rootRate, 100)
			s.remember(m)
			if m%10 == 9 {
				decided(s, m)
			}
			st.learn(s, m, m)
		}
		return s.base.rate()
	}
	mere, dismissed := rate(func(s *series, m int32) { s.ed.reset(m) }), rate((*series).dismiss)
	if dismissed < .3 || mere > .15 {
		t.Errorf("half are refused: %.2f is learned when it is dismissed, %.2f when it is only put off", dismissed, mere)
	}
}

// Newcomers whom nothing vouches for, all of whom came for one thing: when it is
// what everybody else comes for and is given, a rule refuses them; when nobody
// else asks for it, they are a botnet.
func TestWhatEverybodyComesForIsNoErrand(t *testing.T) {
	const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:60.0) Gecko/20100101 Firefox/60.0"
	for path, want := range map[string]Kind{"/docs/start": Overblock, "/docs/plugins/uploader": Misuse, "/docs/start?q=node/add": Misuse} {
		lines := site(43, 80, nil)
		once := func(who, minute int, path string, status int) {
			addr := fmt.Sprintf("%d.%d.%d.7", 60+3*who, 7*who%256, who)
			lines = append(lines, requests(addr, "-", agent, "GET "+path, minute+1, func(m int) int {
				if m == minute {
					return status
				}
				return 0
			})...)
		}
		for who := range 30 { // who they are was welcome before, and what they ask for is there
			once(who, 2*who, "/docs/api", 200)
			v := visit{2 * who, 41, who, path, 200}
			lines = append(lines, v.line(0))
		}
		for who := range 24 {
			once(30+who, 60+who/4, path, 403)
		}
		found := analyse(t, ingest.Options{}, inOrder(lines)).Incidents
		if len(found) != 1 || found[0].Kind != want {
			t.Errorf("%s: %v, want one incident of kind %s", path, titles(Summary{Incidents: found}), want)
		}
	}
}

// The pages of a wiki are asked for once each: that nobody else was served the
// very page does not mean that nobody misses it.
func TestPagesAskedForOnceEachAreMissed(t *testing.T) {
	page := 0
	lines := site(44, 160, func(v *visit) {
		if !strings.HasPrefix(v.path, "/shop/item/") {
			return
		}
		v.path = fmt.Sprintf("/wiki/page-%c%c%c", 'a'+page%26, 'a'+page/26%26, 'a'+page/676%26)
		page++
		if v.minute >= 120 && v.minute < 150 {
			v.status = 403
		}
	})
	found := analyse(t, ingest.Options{}, lines).Incidents
	if len(found) != 1 || found[0].Kind != Overblock || !strings.Contains(cohortOf(found[0]), "path=/wiki") {
		t.Errorf("%v, want the refusal of /wiki", titles(Summary{Incidents: found}))
	}
}
