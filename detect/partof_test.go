package detect

import (
	"slices"
	"strings"
	"testing"

	"github.com/denylens/denylens/ingest"
)

func firefox(v *visit) bool { return v.client%3 == 1 }

func during(v *visit, from, to int) bool { return v.minute >= from && v.minute < to }

// Two causes at once are two incidents, each by its own name, whichever comes
// first and whichever ends first.
func TestTwoCausesAtOnceAreTwoIncidents(t *testing.T) {
	docs := func(v *visit) bool { return strings.HasPrefix(v.path, "/docs/") }
	everything := func(*visit) bool { return true }
	posts := func(v *visit) bool { return strings.HasPrefix(v.path, "/shop/item") && v.client%10 < 5 }
	for name, c := range map[string]struct {
		first, second       func(v *visit) bool
		firstEnd, secondEnd int
		cohorts             []string
	}{
		"a browser, then a folder":                 {firefox, docs, 200, 220, []string{"path=/docs ", "ua=Firefox "}},
		"a folder, then a browser":                 {docs, firefox, 200, 220, []string{"path=/docs ", "ua=Firefox "}},
		"a folder ends while a browser is refused": {docs, firefox, 160, 230, []string{"path=/docs ", "ua=Firefox "}},
		"a browser, then the whole site":           {firefox, everything, 220, 200, []string{"", "ua=Firefox "}},
		"two folders":                              {docs, posts, 200, 220, []string{"path=/docs ", "path=/shop/item "}},
	} {
		sum := analyse(t, ingest.Options{}, site(61, 260, func(v *visit) {
			if c.first(v) && during(v, 120, c.firstEnd) || c.second(v) && during(v, 150, c.secondEnd) {
				v.status = 403
			}
		}))
		var got []string
		for _, inc := range sum.Incidents {
			got = append(got, cohortOf(inc))
		}
		slices.Sort(got)
		if !slices.Equal(got, c.cohorts) {
			t.Errorf("%s: %q, want %q", name, got, c.cohorts)
		}
	}
}

// One cause is one incident, even if a part of it is seen first.
func TestAPartThatIsSeenFirstIsNoIncidentOfItsOwn(t *testing.T) {
	for name, refused := range map[string]func(v *visit) bool{
		"the whole site":          func(*visit) bool { return true },
		"a folder":                func(v *visit) bool { return strings.HasPrefix(v.path, "/shop/") },
		"half of the clients":     func(v *visit) bool { return v.client/7%2 == 0 },
		"a browser, by and by":    func(v *visit) bool { return firefox(v) && v.client/60 < 40*(v.minute-115)/60 },
		"the whole site by turns": func(v *visit) bool { return v.minute/5%2 == 0 },
	} {
		sum := analyse(t, ingest.Options{}, site(62, 260, func(v *visit) {
			if refused(v) && during(v, 120, 200) {
				v.status = 403
			}
		}))
		if len(sum.Incidents) != 1 {
			t.Errorf("%s: %v, want one incident", name, titles(sum))
		}
	}
}

// Who asks for nothing but what is refused anyway is a part of it.
func TestPartsAreTold(t *testing.T) {
	e := New(Config{})
	asks := func(minute int32, client uint32, path, agent uint32, denied uint16) {
		e.ring.pages = append(e.ring.pages, page{minute: minute, facts: []fact{{client: client, leaf: e.leaves.number(&leaf{path: [3]uint32{path}, ua: agent}), denied: denied, weight: 1, known: true}}})
	}
	const docs, news, chrome = 7, 8, 9
	o := &event{onset: 10, cohorts: []conj{{{axAgent, chrome}}}, clients: map[uint64]clientSeen{}, nDenied: 8}
	ev := &event{onset: 10, cohorts: []conj{{{axPath1, docs}}}, clients: map[uint64]clientSeen{}, nDenied: 8}
	for k := range uint64(8) {
		o.clients[k], ev.clients[k] = clientSeen{denied: true}, clientSeen{denied: true}
	}
	for c := range uint32(8) {
		asks(10, c, docs, chrome, 1)
		asks(11, c, news, chrome, 0)
	}
	if !e.partOf(o, ev) {
		t.Error("what is refused in one folder only is no part of the folder")
	}
	for c := range uint32(6) {
		asks(12, c, news, chrome, 1)
	}
	if e.partOf(o, ev) {
		t.Error("who is refused everything is a part of a folder")
	}
}

// A share of the clients that is refused as it was before, as far as the pages
// reach, may always have been; a larger one was not.
func TestWhatRose(t *testing.T) {
	for refusedBefore, want := range map[uint32]bool{2: true, 30: false} {
		e := New(Config{})
		p := page{minute: 10}
		for c := range uint32(100) {
			f := fact{client: c, leaf: e.leaves.number(&leaf{path: [3]uint32{7}}), weight: 1}
			if c < refusedBefore {
				f.denied = 1
			}
			p.facts = append(p.facts, f)
		}
		e.ring.pages = append(e.ring.pages, p)
		ev := &event{cohorts: []conj{{{axPath1, 7}}}, nDenied: 3, clients: map[uint64]clientSeen{}}
		for c := range uint64(10) { // three in ten since
			ev.clients[c] = clientSeen{denied: c < 3}
		}
		if got := e.rose(ev, 11); got != want {
			t.Errorf("%d in 100 before: %v", refusedBefore, got)
		}
		if e.rose(ev, 10) {
			t.Error("without a page before it nothing can be told")
		}
	}
}

// A form that few use is refused for a day. When somebody comes again after hours
// it is the same incident, by a wider name if more of its folder is refused then;
// if it was served meanwhile, it is another one.
func TestAnIncidentGoesOnAfterHoursWithoutAVisitor(t *testing.T) {
	for name, c := range map[string]struct {
		healed bool
		want   int
	}{"nobody came": {false, 1}, "it was served": {true, 2}} {
		sum := analyse(t, ingest.Options{}, site(65, 1300, func(v *visit) {
			hour := v.minute / 60
			form := strings.HasPrefix(v.path, "/docs/")
			switch {
			case !form:
			case hour < 4: // as always
			case hour < 5 && v.path == "/docs/start", hour >= 19:
				v.status = 403
			case c.healed:
			default:
				v.path = "/shop/list" // nobody comes
			}
		}))
		if len(sum.Incidents) != c.want || cohortOf(sum.Incidents[0]) != "path=/docs " {
			t.Errorf("%s: %v, want %d", name, titles(sum), c.want)
		}
	}
}
