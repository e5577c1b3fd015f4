package detect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/denylens/denylens/ingest"
)

const googlebot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

// alone is a client that asks four times a minute and is refused from minute 60 on,
// refusals times, while the rest of the site goes on as ever.
func alone(t *testing.T, addr, user, agent string, refusals int) []Incident {
	t.Helper()
	lines := site(7, 100, nil)
	left := refusals
	for i := range 400 {
		m := i / 4
		status := 200
		if m >= 60 {
			if left == 0 {
				break
			}
			status, left = 403, left-1
		}
		v := visit{m, i % 4 * 15, 0, "/docs/start", status}
		line := v.line(0)
		_, rest, _ := strings.Cut(line, " [")
		rest = rest[:strings.Index(rest, ` "https://`)]
		lines = append(lines, fmt.Sprintf("%s - %s [%s \"-\" %q\n", addr, user, rest, agent))
	}
	return analyse(t, ingest.Options{}, inOrder(lines)).Incidents
}

// inOrder sorts lines by the minute and second of their stamps.
func inOrder(lines []string) []string {
	stamp := func(l string) string { _, s, _ := strings.Cut(l, " ["); return s[:20] }
	out := append([]string{}, lines...)
	slices.SortStableFunc(out, func(a, b string) int { return strings.Compare(stamp(a), stamp(b)) })
	return out
}

func TestAUserTurnedAwayAloneIsReportedFromThreeRefusalsOn(t *testing.T) {
	for refusals, want := range map[int]bool{1: false, 2: false, 3: true, 12: true} {
		found := alone(t, "198.51.100.9", "key-17", "acme-sync/1.8", refusals)
		if !want {
			if len(found) > 0 {
				t.Errorf("%d refusals: %s", refusals, found[0].Title)
			}
			continue
		}
		if len(found) != 1 || found[0].Kind != Overblock || found[0].Severity != Low || !strings.Contains(cohortOf(found[0]), "user=key-17") {
			t.Errorf("%d refusals: %+v", refusals, found)
		}
	}
}

func TestANamelessClientTurnedAwayAloneNeedsSurerSigns(t *testing.T) {
	for agent, told := range map[string]bool{
		"acme-sync/1.8": true, "Mozilla/5.0 (compatible; MJ12bot/v1.4.8; http://mj12bot.com/)": true, // they say who they are
		"curl/8.5.0": false, "-": false, "sqlmap/1.7": false,
	} {
		found := alone(t, "198.51.100.9", "-", agent, 12)
		if told && (len(found) != 1 || found[0].Kind == Misuse || found[0].Severity != Low) || !told && len(found) != 0 {
			t.Errorf("%s: %v", agent, titles(Summary{Incidents: found}))
		}
	}
}

func TestATrueCrawlerRefusedIsAnOverblockOfWeight(t *testing.T) {
	found := alone(t, "66.249.66.1", "-", googlebot, 4)
	if len(found) != 1 || found[0].Kind != Overblock || found[0].Severity != Medium || !strings.Contains(found[0].Title, "crawler") {
		t.Errorf("%+v", found)
	}
	for _, inc := range alone(t, "198.51.100.9", "-", googlebot, 12) {
		if inc.Kind == Overblock {
			t.Errorf("a false crawler: %s", inc.Title)
		}
	}
}

// pageOf makes lines of a browser that loads a page with its pictures: as many as
// are served in one second, and as many as are refused in another.
func pageOf(addr string, minute, served, servedAt, refused, refusedAt int) (out []string) {
	const agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
	one := func(second, status int, path, from string) {
		v := visit{minute, second, 0, path, status}
		_, rest, _ := strings.Cut(v.line(0), " [")
		rest = rest[:strings.Index(rest, ` "https://`)]
		out = append(out, fmt.Sprintf("%s - - [%s %q %q\n", addr, rest, from, agent))
	}
	one(min(servedAt, refusedAt), 200, "/docs/start", "-")
	for i := range served {
		one(servedAt, 200, fmt.Sprintf("/img/served-%d.png", i), "https://www.example.com/docs/start")
	}
	for i := range refused {
		one(refusedAt, 403, fmt.Sprintf("/img/refused-%d.png", i), "https://www.example.com/docs/start")
	}
	return out
}

func TestAVisitorCutOffInTheMiddleOfAPageIsTold(t *testing.T) {
	everybody := func() []string { // the same pictures are served to others
		var out []string
		for k := range 3 {
			out = append(out, pageOf(fmt.Sprintf("192.0.2.%d", k+1), 20+10*k, 40, 5, 0, 0)...)
			for i := range 40 {
				v := visit{20 + 10*k, 6, 0, fmt.Sprintf("/img/refused-%d.png", i), 200}
				_, rest, _ := strings.Cut(v.line(0), " [")
				out = append(out, fmt.Sprintf("192.0.2.%d - - [%s", k+1, rest))
			}
		}
		return out
	}
	for name, at := range map[string]struct {
		served, refused int
		told            bool
	}{"served, then refused": {10, 12, true}, "refused, then served": {12, 10, false}} {
		lines := append(site(8, 100, nil), everybody()...)
		lines = append(lines, pageOf("198.51.100.9", 70, 40, at.served, 40, at.refused)...)
		found := analyse(t, ingest.Options{}, inOrder(lines)).Incidents
		if told := len(found) == 1 && found[0].Kind == Overblock && found[0].Severity == Low; told != at.told {
			t.Errorf("%s: %v", name, titles(Summary{Incidents: found}))
		}
	}
}

// What one in four of those who ask is refused, whoever asks, says nothing of one
// more.
func TestWhatManyAreRefusedSaysNothingOfOne(t *testing.T) {
	lines := site(9, 300, nil)
	for k := range 96 {
		refused := 0
		if k%4 == 3 {
			refused = 12
		}
		page := pageOf(fmt.Sprintf("203.0.113.%d", k+1), 3+3*k, 30, 5, refused, 20)
		for i := range page {
			page[i] = strings.ReplaceAll(page[i], "/img/refused-", "/film/part-")
		}
		if refused == 0 {
			for i := range 12 {
				v := visit{3 + 3*k, 20, 0, fmt.Sprintf("/film/part-%d.png", i), 200}
				_, rest, _ := strings.Cut(v.line(0), " [")
				page = append(page, fmt.Sprintf("203.0.113.%d - - [%s", k+1, rest))
			}
		}
		lines = append(lines, page...)
	}
	for _, inc := range analyse(t, ingest.Options{}, inOrder(lines)).Incidents {
		if inc.Severity.Rank() >= Medium.Rank() || inc.Impact.DeniedClients > usualClients {
			t.Errorf("%s %s", inc.Severity, inc.Title)
		}
	}
}

// A client that comes back after hours and is still refused is the same incident;
// one that was served in between is another.
func TestAClientTurnedAwayIsToldOnceUntilItIsServedAgain(t *testing.T) {
	for name, want := range map[string]int{"refused all along": 1, "served in between": 2} {
		key := requests("198.51.100.9", "key-17", "acme-sync/1.8", "GET /docs/start", 560, func(m int) int {
			switch {
			case m < 60:
				return 200
			case m < 80 || m >= 540:
				return 403
			case m >= 400 && m < 440 && want == 2:
				return 200
			}
			return 0
		})
		if got := analyse(t, ingest.Options{}, inOrder(append(site(11, 600, nil), key...))).Incidents; len(got) != want {
			t.Errorf("%s: %v, want %d", name, titles(Summary{Incidents: got}), want)
		}
	}
}

func TestWhatComesLateKeepsTheSecondOfItsMinute(t *testing.T) {
	r := row{first: 255}
	r.count(&obs{t: 90*bucket + 59, class: clOK})
	r.count(&obs{t: 89*bucket + 7, class: clDenied})
	if r.okLast != 60 || r.first != 7 {
		t.Errorf("served up to %d, first refused at %d", r.okLast, r.first)
	}
}

// Alarms that never pass the gates keep their evidence. However many there are,
// each of the others has its turn.
func TestAlarmsTooManyForAWindowHaveTheirTurns(t *testing.T) {
	st := &seriesTable{list: make([]series, 3*maxLooks)}
	looked := map[int32]bool{}
	for minute := int32(1); minute <= 3; minute++ {
		var alarms []alarm
		for i := range st.list {
			alarms = append(alarms, alarm{series: int32(i), lnM: float64(len(st.list) - i)})
		}
		for _, a := range st.inTurn(alarms)[:maxLooks] {
			st.list[a.series].looked = minute
			looked[a.series] = true
		}
	}
	if len(looked) != len(st.list) {
		t.Errorf("%d of %d were looked into", len(looked), len(st.list))
	}
}
