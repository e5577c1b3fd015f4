package inject

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

// inserted are the lines of a log that its background does not have.
func inserted(s *Sample) (list []Line) {
	old := map[string]int{}
	for i := range s.Base.Lines {
		old[string(s.Base.Lines[i].Text)]++
	}
	log, err := Read(s.Log.Bytes(), s.Log.Format)
	if err != nil {
		panic(err)
	}
	for _, l := range log.Lines {
		if old[string(l.Text)]--; old[string(l.Text)] < 0 {
			list = append(list, l)
		}
	}
	return list
}

func TestMisuseIsWrittenInTheFormOfTheLog(t *testing.T) {
	for format, load := range backgrounds {
		for _, kind := range Misuses {
			if kind == "key_sharing" && format == "cloudflare" {
				continue // it names no users
			}
			s := some(t, load(), "misuse", kind)
			in := s.Truth.Incidents[0]
			clients, denied := map[netip.Addr]bool{}, int64(0)
			list := inserted(s)
			for _, l := range list {
				if !l.Request || l.Path == "" && kind != "bypass_probe" {
					t.Fatalf("%s %s: cannot be read: %s", format, kind, l.Text)
				}
				if at := time.Unix(0, l.Time); at.Before(in.Start) || at.After(*in.End) {
					t.Errorf("%s %s: %v is not between %v and %v", format, kind, at, in.Start, in.End)
				}
				clients[l.Client] = true
				if l.Refused() {
					denied++
				}
			}
			if len(list) < 40 || denied != in.Denied || !slices.Equal(addresses(clients), in.Clients) {
				t.Errorf("%s %s: %d lines, %d refused, %d clients; the truth says %d and %d", format, kind, len(list), denied, len(clients), in.Denied, len(in.Clients))
			}
		}
	}
}

func TestHarmlessThingsHaveNoIncident(t *testing.T) {
	log := backgrounds["combined"]()
	for _, kind := range Harmless {
		s := some(t, log, "harmless", kind)
		if len(s.Truth.Incidents) != 0 || slices.Equal(s.Log.Bytes(), s.Base.Bytes()) {
			t.Errorf("%s: %d incidents, or nothing has changed", kind, len(s.Truth.Incidents))
		}
		switch n, m := len(s.Log.Lines), len(s.Base.Lines); kind {
		case "log_gap":
			if n >= m {
				t.Errorf("%s: %d lines became %d", kind, m, n)
			}
		case "office_nat", "slow_drift", "edge_addresses", "standing", "deploy", "clock_skew":
			if n != m {
				t.Errorf("%s: %d lines became %d", kind, m, n)
			}
		default:
			if n <= m {
				t.Errorf("%s: %d lines became %d", kind, m, n)
			}
		}
	}
}

func TestLinesThatStayAwayAreThoseOfTheCohort(t *testing.T) {
	s := some(t, backgrounds["combined"](), "absence", "country")
	if s.Effect.Lines != len(s.Base.Lines)-len(s.Log.Lines) || s.Effect.Lines == 0 {
		t.Errorf("%d lines are gone, %d counted", len(s.Base.Lines)-len(s.Log.Lines), s.Effect.Lines)
	}
	in := s.Truth.Incidents[0]
	cohort := CohortOf(s.Cohort.Terms)
	for i := range s.Log.Lines {
		if l := &s.Log.Lines[i]; cohort.Has(l) && l.Time >= in.Start.UnixNano() && l.Time < in.End.UnixNano() {
			t.Fatalf("still there: %s", l.Text)
		}
	}
}

func TestOtherDescriptionsOfTheSameLinesAreFound(t *testing.T) {
	line := func(client, agent, path string) Line {
		a := netip.MustParseAddr(client)
		l := Line{Client: a, Agent: agent, Path: path, Method: "GET", Request: true, Status: 200}
		copy(l.Country[:], CountryOf(a))
		return l
	}
	var lines []Line
	for i := range 40 {
		lines = append(lines, line("66.249.66.1", "Mozilla/5.0 (compatible; Googlebot/2.1)", "/a/x"))
		lines = append(lines, line(netip.AddrFrom4([4]byte{200, 147, 3, byte(i)}).String(), "Mozilla/5.0 Firefox/140.0", []string{"/a/x", "/b/y"}[i%2]))
	}
	has := func(want []Term) bool {
		return slices.ContainsFunc(Same(lines, []Term{{"network", "66.249.66.0/24"}}), func(c []Term) bool { return slices.Equal(c, want) })
	}
	if !has([]Term{{"ua", "Googlebot"}}) || !has([]Term{{"country", "US"}}) || !has([]Term{{"ip", "66.249.66.1"}}) {
		t.Error("the crawler, its country or its address does not stand for its network")
	}
	if has([]Term{{"path", "/a"}}) || !has([]Term{{"network", "66.249.66.0/24"}, {"path", "/a"}}) {
		t.Error("a folder that others read as well stands for the network, or may not be named beside it")
	}
}

// What is sent to a version of an API is sent to its folder: the log cannot tell
// which of the two is refused.
func TestOneOfSeveralTermsMayHaveAnotherName(t *testing.T) {
	var lines []Line
	for i := range 40 {
		a := netip.AddrFrom4([4]byte{200, 147, 3, byte(i)})
		path := []string{"/api/v2/items", "/shop/items"}[i%2]
		for _, method := range []string{"GET", "POST"} {
			lines = append(lines, Line{Client: a, Path: path, Method: method, Request: true, Status: 200})
		}
	}
	same := Same(lines, []Term{{"path", "/api/v2"}, {"method", "POST"}})
	has := func(want ...Term) bool {
		return slices.ContainsFunc(same, func(c []Term) bool { return slices.Equal(c, want) })
	}
	if !has(Term{"method", "POST"}, Term{"api_version", "v2"}) || has(Term{"method", "POST"}, Term{"path", "/shop"}) {
		t.Errorf("%v", same)
	}
}

// Of two refusals at once each is told from the other by whom it meets, and both
// go on at the same time.
func TestAPairIsTwoIncidents(t *testing.T) {
	log := backgrounds["combined"]()
	site := &Site{Name: "x"}
	made := 0
	for _, c := range Cases(site, "pair", 24, 5) {
		s, ok := Realize(c, log, always)
		if !ok {
			continue
		}
		made++
		in := s.Truth.Incidents
		if len(in) != 2 || mingled(in[0].Clients, in[1].Clients) || !s.Above() || in[1].Start.Before(in[0].Start) || in[0].End != nil && !in[1].Start.Before(*in[0].End) {
			t.Errorf("%s: %d incidents, %+v", c.ID, len(in), in)
		}
	}
	if made < 3 {
		t.Errorf("%d of 24 pairs came to something", made)
	}
}
