package inject

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// backgrounds are simulated once for all tests.
var backgrounds = map[string]func() *Log{}

func init() {
	for _, format := range []string{"combined", "vhost_combined", "main", "json", "cloudflare"} {
		backgrounds[format] = sync.OnceValue(func() *Log {
			log, err := Simulated(format, 7, 40_000, 25*time.Hour).Load(context.Background())
			if err != nil {
				panic(err)
			}
			return log
		})
	}
}

func always(*Log, time.Time, time.Time) bool { return true }

// some makes the first of some cases real that can be.
func some(t *testing.T, log *Log, class, scope string) *Sample {
	t.Helper()
	for seed := range uint64(30) {
		c := Case{ID: "x", Class: class, Scope: scope, Seed: seed, Fraction: 1, Shape: "step", Duration: time.Hour, History: 20 * time.Hour}
		if s, ok := Realize(c, log, always); ok {
			return s
		}
	}
	t.Fatalf("no %s of %s", class, scope)
	return nil
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	log := backgrounds["combined"]()
	for _, class := range []string{"refusal", "pair", "misuse", "absence", "harmless"} {
		site := &Site{Name: "x"}
		for _, c := range Cases(site, class, 4, 3) {
			a, okA := Realize(c, log, always)
			b, okB := Realize(c, log, always)
			if okA != okB || okA && !bytes.Equal(a.Log.Bytes(), b.Log.Bytes()) {
				t.Errorf("%s: two runs differ", c.ID)
			}
		}
	}
}

// The truth of a refusal is just what stands in the lines that differ, and they
// differ in nothing but the answer.
func TestTruthAgreesWithTheChangedLines(t *testing.T) {
	for format, load := range backgrounds {
		for _, scope := range []string{"country", "path", "rate", "ua"} {
			s := some(t, load(), "refusal", scope)
			before, err := Read(s.Base.Bytes(), s.Base.Format)
			if err != nil {
				t.Fatal(err)
			}
			after, err := Read(s.Log.Bytes(), s.Log.Format)
			if err != nil || len(after.Lines) != len(before.Lines) {
				t.Fatalf("%s %s: %d lines became %d, %v", format, scope, len(before.Lines), len(after.Lines), err)
			}
			checkLines(t, s, before, after)
		}
	}
}

func checkLines(t *testing.T, s *Sample, before, after *Log) {
	t.Helper()
	clients, changed := map[netip.Addr]bool{}, 0
	var first int64
	for i := range after.Lines {
		a, b := after.Lines[i], before.Lines[i]
		if bytes.Equal(a.Text, b.Text) {
			continue
		}
		if first == 0 {
			first = a.Time
		}
		if changed++; int(a.Status) != s.plans[0].Answer.Status || !CohortOf(s.plans[0].Cohort).Has(&a) {
			t.Fatalf("changed, but no refusal of the cohort:\n%s\n%s", b.Text, a.Text)
		}
		clients[a.Client] = true
		a.Text, a.Status, a.Bytes, a.Rule = b.Text, b.Status, b.Bytes, b.Rule
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Fatalf("more has changed than the answer:\n%+v\n%+v", b, a)
		}
	}
	in := s.Truth.Incidents[0]
	if int64(changed) != in.Denied || !slices.Equal(addresses(clients), in.Clients) || in.Start.UnixNano() != first {
		t.Errorf("%s: %d lines of %d clients since %d; the truth says %d, %d, %v", s.Scope, changed, len(clients), first, in.Denied, len(in.Clients), in.Start)
	}
}

func TestEveryClientOfARefusalIsRefusedOrNot(t *testing.T) {
	log := backgrounds["combined"]()
	from, _ := log.Span()
	p := &Plan{Cohort: nil, Fraction: .4, Shape: "step", Onset: from.Add(9 * time.Hour), Duration: 2 * time.Hour, Answer: Answer{Status: 403, Bytes: 1}}
	out, _, e := p.Apply(log)
	refused, served := map[netip.Addr]bool{}, map[netip.Addr]bool{}
	for i := range out.Lines {
		if l := &out.Lines[i]; l.Time >= p.Onset.UnixNano() && l.Time < p.Onset.Add(p.Duration).UnixNano() {
			if l.Status == 403 && l.Bytes == 1 {
				refused[unitOf(l.Client)] = true
			} else if l.Served() {
				served[unitOf(l.Client)] = true
			}
		}
	}
	for a := range refused {
		if served[a] {
			t.Errorf("%v is refused and served", a)
		}
	}
	if share := float64(e.Refused) / float64(e.Active); share < .3 || share > .5 || e.Refused != len(refused) {
		t.Errorf("%d of %d refused, %d counted", e.Refused, e.Active, len(refused))
	}
}

func TestRetriesAndThoseWhoGiveUp(t *testing.T) {
	log := backgrounds["json"]()
	from, _ := log.Span()
	p := &Plan{Fraction: 1, Shape: "step", Onset: from.Add(9 * time.Hour), Duration: time.Hour, Retries: 3, Answer: Answer{Status: 403}}
	more, truth, _ := p.Apply(log)
	if len(more.Lines) <= len(log.Lines) || !slices.IsSortedFunc(more.Lines, func(a, b Line) int { return int((a.Time - b.Time) / 1e9) }) {
		t.Errorf("%d lines became %d, in order: they must be more", len(log.Lines), len(more.Lines))
	}
	p.Retries, p.Truncate = 0, true
	less, fewer, _ := p.Apply(log)
	if len(less.Lines) >= len(log.Lines) || fewer.Denied >= truth.Denied {
		t.Errorf("%d lines became %d, %d refusals", len(log.Lines), len(less.Lines), fewer.Denied)
	}
}

func TestShapes(t *testing.T) {
	a := netip.MustParseAddr("200.1.2.3")
	onset := time.Unix(1_000_000_020, 0)
	p := &Plan{Fraction: 1, Onset: onset, Duration: time.Hour, Shape: "brownout"}
	at := func(m time.Duration) bool { return p.hits(a, onset.Add(m*time.Minute).UnixNano()) }
	if !at(1) || at(6) || !at(11) || at(61) || at(-1) {
		t.Error("a brown-out is five minutes in ten, and only while it lasts")
	}
	p.Shape = "ramp"
	hit := 0
	for i := range 200 {
		b := netip.AddrFrom4([4]byte{9, 9, byte(i), 1})
		if p.hits(b, onset.Add(15*time.Minute).UnixNano()) {
			hit++
		}
		if !p.hits(b, onset.Add(31*time.Minute).UnixNano()) {
			t.Error("not everybody is refused after half of a ramp")
		}
	}
	if hit < 70 || hit > 130 {
		t.Errorf("%d of 200 are refused after a quarter, want about half", hit)
	}
}

func TestTheFloor(t *testing.T) {
	for _, c := range []struct {
		e    Effect
		want bool
	}{
		{Effect{Refused: 6, Newly: 6, Active: 6}, true},
		{Effect{Refused: 5, Newly: 5, Active: 5}, false},
		{Effect{Refused: 9, Newly: 5, Active: 9}, false},
		{Effect{Refused: 6, Newly: 6, Active: 120}, false}, // one in twenty of so few
		{Effect{Refused: 30, Newly: 30, Active: 60, Before: .4}, false},
		{Effect{Single: true, Earlier: 20, Sound: 1, Denied: 5, Shared: .5}, true},
		{Effect{Single: true, Earlier: 20, Sound: 1, Denied: 5, Shared: .4}, false}, // it looked for what nobody else is served
		{Effect{Single: true, Earlier: 20, Sound: .5, Denied: 5, Shared: 1}, false},
	} {
		if got := c.e.Above(); got != c.want {
			t.Errorf("%+v (%.1f nats): %v", c.e, c.e.Nats(), got)
		}
	}
}

// Whether a client uses a site as others do is told by what they are served too.
func TestWhatAClientSharesWithOthers(t *testing.T) {
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	line := func(addr, path string, hours, status, size int) string {
		return fmt.Sprintf("%s - - [%s] \"GET %s HTTP/1.1\" %d %d \"-\" \"x/1\"\n", addr, at.Add(time.Duration(hours)*time.Hour).Format("02/Jan/2006:15:04:05 -0700"), path, status, size)
	}
	const one, other = "203.0.113.9", "198.51.100.7"
	all := func(addr, path string, hours, status int, size func(k int) int) (out string) { // of many pages
		for k := range floorServed + 2 {
			out += line(addr, fmt.Sprintf("%s/%d", path, k), hours, status, size(k))
		}
		return out
	}
	growing := func(k int) int { return 512 + k }
	same := func(int) int { return 858 }
	jobs := line(other, "/a", 0, 200, 512)
	for h := range floorHours {
		jobs += line(one, "/job.php", h, 200, 512) + line(one, "/job.php", h, 200, 512)
	}
	for name, c := range map[string]struct {
		text string
		want float64
	}{
		"half":                {all(one, "/a", 0, 200, growing) + all(one, "/holes", 0, 200, growing) + all(other, "/a", 1, 200, growing), .5},
		"nothing":             {all(one, "/a", 0, 200, growing) + all(other, "/c", 0, 200, growing), 0},
		"after the onset":     {all(one, "/a", 0, 200, growing) + all(one, "/b", 50, 200, growing) + all(other, "/a", 0, 200, growing), 1},
		"a job of many hours": {jobs, 1},
		"one page for all":    {all(one, "/a", 0, 200, same) + all(other, "/a", 0, 200, same), 0},
		"redirects":           {all(one, "/a", 0, 301, growing) + all(other, "/a", 0, 301, growing), 0},
		"hardly anything":     {line(one, "/a", 0, 200, 512) + line(other, "/a", 0, 200, 512), 0},
	} {
		log, err := Read([]byte(c.text), "combined")
		if err != nil {
			t.Fatal(err)
		}
		p := Plan{Scope: "client", Cohort: []Term{{"ip", one}}, Onset: at.Add(40 * time.Hour), Duration: time.Hour, Fraction: 1}
		if _, _, e := p.Apply(log); e.Shared != c.want {
			t.Errorf("%s: %.2f, want %.2f", name, e.Shared, c.want)
		}
	}
}

// A log that is in two folders is one site.
func TestASiteIsMeasuredOnce(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	for _, dir := range []string{a, b} {
		if err := os.WriteFile(filepath.Join(dir, "shop.log.gz"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	list, err := RealSites(a + string(os.PathListSeparator) + b)
	if err != nil || len(list) != 1 {
		t.Errorf("%d sites, %v", len(list), err)
	}
}

func TestLinesOfOtherFormsAreRewritten(t *testing.T) {
	const head = `203.0.113.9 - - [02/Mar/2026:10:00:00 +0100] "GET /a\"b?x=1 HTTP/1.1" `
	for _, c := range []struct{ line, want string }{
		{head + `200 512`, head + `403 7`},
		{head + `304 - "-" "x"`, head + `403 7 "-" "x"`},
		{head + `200 512 www.example.com "-" "x" "-"`, head + `403 7 www.example.com "-" "x" "-"`},
		{"www.example.com " + head + `200 512 "http://a/200 512" "x"`, "www.example.com " + head + `403 7 "http://a/200 512" "x"`},
	} {
		l := Line{Text: []byte(c.line), Status: 200}
		if c.line[len(head):len(head)+3] == "304" {
			l.Status = 304
		}
		got, ok := Answer{Status: 403, Bytes: 7}.Rewrite(&l)
		if !ok || string(got.Text) != c.want {
			t.Errorf("%s\nbecame %s", c.line, got.Text)
		}
	}
	if _, ok := (Answer{Status: 403}).Rewrite(&Line{Text: []byte("203.0.113.9 something else"), Status: 200}); ok {
		t.Error("a line of no known form was rewritten")
	}
}

func TestASiteNeverMovesFromOnePartToTheOther(t *testing.T) {
	for name, test := range map[string]bool{"sim-combined-101-100k": true, "sim-vhost_combined-102-60k": false, "sim-json-104-60k": false, "sim-cloudflare-103-100k": true} {
		if inTest(name) != test {
			t.Errorf("%s has moved", name)
		}
	}
	n := 0
	for i := range 3000 {
		if inTest(fmt.Sprint("site", i)) {
			n++
		}
	}
	if n < 1900 || n > 2100 {
		t.Errorf("%d of 3000 sites are in the test part, want two in three", n)
	}
	if hashed("shop.example") == hashed("shop.example.org") || len(hashed("shop.example")) != len("site-000000") {
		t.Error(hashed("shop.example"))
	}
}

func TestDecksAreDealtEvenly(t *testing.T) {
	counts := map[float64]int{}
	for _, c := range Cases(&Site{Name: "x"}, "refusal", 18*6, 1) {
		counts[c.Fraction]++
	}
	if counts[.05] == 0 || counts[.2] == 0 || counts[.5] == 0 || counts[1] < counts[.5] {
		t.Error(counts)
	}
}
