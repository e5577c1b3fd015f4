package detect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/denylens/denylens/ingest"
)

// refuseDocs refuses a part of the site to all from minute lo until hi.
func refuseDocs(lo, hi int) func(*visit) {
	return func(v *visit) {
		if v.minute >= lo && v.minute < hi && strings.HasPrefix(v.path, "/docs") {
			v.status = 403
		}
	}
}

// refuseNetwork refuses one network everything.
func refuseNetwork(n, lo, hi int) func(*visit) {
	return func(v *visit) {
		if v.minute >= lo && v.minute < hi && v.network() < n {
			v.status = 403
		}
	}
}

func TestAQuietSiteHasNoIncident(t *testing.T) {
	for seed := range uint64(4) {
		if s := analyse(t, ingest.Options{}, site(seed, 300, nil)); len(s.Incidents) != 0 {
			t.Errorf("seed %d: %s", seed, s.Incidents[0].Title)
		}
	}
}

func TestARefusedPartOfTheSiteIsOneIncident(t *testing.T) {
	s := analyse(t, ingest.Options{}, site(1, 300, refuseDocs(150, 210)))
	if len(s.Incidents) != 1 {
		t.Fatalf("%d incidents, want one", len(s.Incidents))
	}
	inc := s.Incidents[0]
	if inc.Kind != Overblock || cohortOf(inc) != "path=/docs " || inc.Cause.ID != "server_config" || inc.State != "resolved" {
		t.Errorf("%s %s%s %s, want an over-blocking of /docs by the server's configuration, resolved", inc.Kind, cohortOf(inc), inc.Cause.ID, inc.State)
	}
	if got := inc.Start.Format("15:04"); got != "08:30" {
		t.Errorf("it starts at %s, want 08:30", got)
	}
	if got := inc.End.Format("15:04"); got != "09:30" {
		t.Errorf("it ends at %s, want 09:30", got)
	}
	if late := inc.DetectedAt.Sub(inc.Start).Minutes(); late > 5 {
		t.Errorf("it is detected after %.1f minutes, want at most 5", late)
	}
}

func TestARefusedNetworkIsNamed(t *testing.T) {
	s := analyse(t, ingest.Options{}, site(2, 300, refuseNetwork(1, 120, 300)))
	if len(s.Incidents) != 1 || cohortOf(s.Incidents[0]) != "network=60.10.0.0/24 " || s.Incidents[0].Cause.ID != "ip_block" {
		t.Fatalf("found %v, want the network 60.10.0.0/24", titles(s))
	}
	if s.Incidents[0].State != "open" || s.Incidents[0].End != nil {
		t.Error("it is not open though it goes on at the end of the log")
	}
}

func TestWhatRanAtTheFirstLineIsAnIncidentOnceItEnds(t *testing.T) {
	s := analyse(t, ingest.Options{}, site(3, 300, refuseDocs(0, 120)))
	if len(s.Incidents) != 1 || cohortOf(s.Incidents[0]) != "path=/docs " || s.Incidents[0].End == nil {
		t.Fatalf("found %v, want the refusal of /docs until 08:00", titles(s))
	}
	if got := s.Incidents[0].End.Format("15:04"); got != "08:00" {
		t.Errorf("it ends at %s, want 08:00", got)
	}
	s = analyse(t, ingest.Options{}, site(3, 300, refuseDocs(0, 300)))
	if len(s.Incidents) != 0 || len(s.Standing) != 1 || s.Standing[0].Cohort[0].Value != "/docs" {
		t.Errorf("what is refused from the first line to the last: %v, standing %v; want standing alone", titles(s), s.Standing)
	}
}

// Two of the few who come for something are served in the first minutes, then all
// are refused: that began after the log did. Where one in four is served all the
// time, nobody can tell.
func TestWhatWasServedToTheFirstFewWasNotInForceThen(t *testing.T) {
	for name, c := range map[string]struct {
		served func(visitor int) bool
		want   int
	}{
		"then refused": {func(v int) bool { return v < 2 }, 1},
		"by turns":     {func(v int) bool { return v%4 < 1 }, 0},
	} {
		var lines []string
		for v := range 60 { // and some who want nothing of it
			lines = append(lines, request(v*170, geoAddr(v).String(), "-", "GET", "/docs/start", 200, "-"), request(v*170+2, geoAddr(v).String(), "-", "GET", "/css/site.css", 200, "https://www.example.com/docs/start"))
		}
		for v := range 24 {
			second, addr, status := v*400, fmt.Sprintf("%d.%d.7.9", 20+7*v, v), 403
			if c.served(v) {
				status = 200
			}
			lines = append(lines, request(second, addr, "-", "GET", "/", 200, "-"), request(second+1, addr, "-", "GET", "/fonts/awesome.woff2", status, "https://www.example.com/"))
		}
		found := analyse(t, ingest.Options{}, inOrder(lines)).Incidents
		if len(found) != c.want || c.want > 0 && (found[0].Kind != Overblock || !strings.Contains(cohortOf(found[0]), "/fonts")) {
			t.Errorf("%s: %v", name, titles(Summary{Incidents: found}))
		}
	}
}

func TestAClientThatIsRefusedWhereItWasServedIsTold(t *testing.T) {
	lines := site(4, 300, nil)
	partner := visit{client: 59 + 60*200}
	for m := range 300 {
		partner.minute, partner.second, partner.path, partner.status = m, 50, "/shop/list", 200
		if m >= 200 {
			partner.status = 403
		}
		lines = append(lines, partner.line(0))
	}
	s := analyse(t, ingest.Options{}, byTime(lines))
	if len(s.Incidents) != 1 || s.Incidents[0].Kind != Overblock || s.Incidents[0].Cohort[0].Value != partner.addr() {
		t.Errorf("found %v, want the client %s alone", titles(s), partner.addr())
	}
}

func TestAScannerIsMisuseAndNoOverblocking(t *testing.T) {
	lines := site(5, 200, nil)
	for i := range 120 {
		v := visit{minute: 100 + i/30, second: i % 30, client: 30 + 60*210, path: fmt.Sprintf("/wp-%d/admin%d.php", i, i*7), status: 403 + i%2}
		lines = append(lines, v.line(0))
	}
	s := analyse(t, ingest.Options{}, byTime(lines))
	if len(s.Incidents) != 1 || s.Incidents[0].Kind != Misuse || s.Incidents[0].Cause.ID != "scan" {
		t.Errorf("found %v, want one scan", titles(s))
	}
}

func TestTheSameRecordsGiveTheSameResult(t *testing.T) {
	lines := site(6, 300, func(v *visit) {
		refuseDocs(150, 210)(v)
		refuseNetwork(2, 220, 300)(v)
	})
	want := gist(t, analyse(t, ingest.Options{Workers: 1}, lines))
	if !strings.Contains(want, "/docs") || !strings.Contains(want, "60.10.0.0/24") {
		t.Fatal("the log's own incidents are not found")
	}
	for _, o := range []ingest.Options{{Workers: 2}, {Workers: 8}, {Workers: 3, BlockSize: 4 << 10}, {Workers: 2, BlockSize: 4 << 20}} {
		if got := gist(t, analyse(t, o, lines)); got != want {
			t.Errorf("%d workers, blocks of %d bytes: another result", o.Workers, o.BlockSize)
		}
	}
	n := len(lines)
	for _, cut := range [][]int{{n / 2}, {n / 3, 2 * n / 3}, {1, n - 1}} {
		var parts [][]string
		at := 0
		for _, c := range append(cut, n) {
			parts, at = append(parts, lines[at:c]), c
		}
		slices.Reverse(parts)
		if got := gist(t, analyse(t, ingest.Options{}, parts...)); got != want {
			t.Errorf("cut at %v: another result", cut)
		}
	}
}

// Records that come in another order, but none later than a minute, make the
// same incidents.
func TestTheOrderWithinAMinuteDoesNotMatter(t *testing.T) {
	lines := site(7, 300, func(v *visit) {
		refuseDocs(150, 210)(v)
		refuseNetwork(2, 220, 300)(v)
	})
	want := essence(analyse(t, ingest.Options{}, lines))
	rng := rand.New(rand.NewPCG(7, 7))
	type late struct {
		line string
		at   int
	}
	var mixed []late
	for i, l := range lines {
		mixed = append(mixed, late{l, i + rng.IntN(20)}) // sixty lines a minute, so up to twenty seconds
	}
	sort.SliceStable(mixed, func(i, j int) bool { return mixed[i].at < mixed[j].at })
	var again []string
	for _, m := range mixed {
		again = append(again, m.line)
	}
	if got := essence(analyse(t, ingest.Options{}, again)); got != want {
		t.Errorf("mixed within half a minute:\n%s\nwant\n%s", got, want)
	}
}

func essence(s Summary) string {
	var out []string
	for _, i := range s.Incidents {
		out = append(out, fmt.Sprintf("%s %s %s%s %v %v %+v", i.ID, i.Kind, cohortOf(i), i.Cause.ID, i.Start, i.End, i.Impact))
	}
	return strings.Join(out, "\n")
}

func titles(s Summary) []string {
	var out []string
	for _, i := range s.Incidents {
		out = append(out, i.Title)
	}
	return out
}

// byTime orders lines by their time stamp, all of one day.
func byTime(lines []string) []string {
	key := func(l string) string { return l[strings.IndexByte(l, '['):][:30] }
	sort.SliceStable(lines, func(i, j int) bool { return key(lines[i]) < key(lines[j]) })
	return lines
}

func TestNothingIsSaidOfClientsBehindAProxy(t *testing.T) {
	lines := site(8, 200, refuseDocs(100, 160))
	for i, l := range lines {
		lines[i] = "10.0.0." + fmt.Sprint(1+i%3) + l[strings.IndexByte(l, ' '):]
	}
	s := analyse(t, ingest.Options{}, lines)
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "X-Forwarded-For") {
		t.Errorf("warnings %q, want the header to log", s.Warnings)
	}
	for _, i := range s.Incidents {
		for _, c := range i.Cohort {
			if c.Dim == "ip" || c.Dim == "network" || c.Dim == "country" || c.Dim == "asn" {
				t.Errorf("%s: a claim about clients", i.Title)
			}
		}
	}
	lines = site(8, 200, nil)
	for i, l := range lines {
		lines[i] = fmt.Sprintf("172.64.%d.%d", i%7, i%200) + l[strings.IndexByte(l, ' '):]
	}
	if s = analyse(t, ingest.Options{}, lines); len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "CF-Connecting-IP") {
		t.Errorf("warnings %q, want the header of Cloudflare", s.Warnings)
	}
}
