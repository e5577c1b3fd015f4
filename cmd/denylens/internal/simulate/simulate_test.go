package simulate

import (
	"bytes"
	"context"
	"io"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/denylens/denylens/geo"
)

func mustRun(t testing.TB, o Options) ([]byte, Truth) {
	t.Helper()
	var b bytes.Buffer
	truth, err := Run(context.Background(), o, &b)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), truth
}

func TestTheSameOptionsGiveTheSameBytes(t *testing.T) {
	o := Options{Scenario: "geo-block", Seed: 7, Requests: 20_000}
	a, _ := mustRun(t, o)
	b, _ := mustRun(t, o)
	if !bytes.Equal(a, b) {
		t.Error("two runs differ")
	}
	o.Seed = 8
	if c, _ := mustRun(t, o); bytes.Equal(a, c) {
		t.Error("another seed gave the same log")
	}
}

func TestLogsHaveAboutTheSizeAskedFor(t *testing.T) {
	for _, n := range []int{5_000, 150_000} {
		if slow && n > 10_000 {
			continue
		}
		for seed := uint64(1); seed < 4; seed++ {
			_, truth := mustRun(t, Options{Requests: n, Seed: seed})
			if got := float64(truth.Requests) / float64(n); got < .8 || got > 1.2 {
				t.Errorf("seed %d: %d requests for %d", seed, truth.Requests, n)
			}
		}
	}
}

func TestEveryScenarioHappens(t *testing.T) {
	harmless := map[string]bool{"quiet": true, "noisy-client": true, "office-nat": true, "flash-crowd": true, "new-crawler": true,
		"standing-403": true, "log-gap": true, "slow-drift": true, "renamed-paths": true, "missing-picture": true, "crawler-profiles": true}
	for _, s := range Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			for seed := uint64(1); seed <= 2; seed++ {
				if slow && seed > 1 {
					break
				}
				truth, err := Run(t.Context(), Options{Scenario: s.Name, Seed: seed, Requests: 60_000}, io.Discard)
				if err != nil {
					t.Fatal(err)
				}
				if harmless[s.Name] {
					if len(truth.Incidents) != 0 {
						t.Errorf("seed %d: a harmless day has %d incidents", seed, len(truth.Incidents))
					}
					continue
				}
				want := 1
				if s.Name == "two-at-once" {
					want = 2
				}
				if len(truth.Incidents) != want {
					t.Fatalf("seed %d: %d incidents, want %d", seed, len(truth.Incidents), want)
				}
				in := truth.Incidents[0]
				if len(in.Clients) == 0 || in.Kind == "overblock" && in.Denied < 5 {
					t.Errorf("seed %d: %d clients, %d refused: nothing to see", seed, len(in.Clients), in.Denied)
				}
				if in.Start.Before(truth.From) || in.Start.After(truth.To) || in.End != nil && in.End.Before(in.Start) {
					t.Errorf("seed %d: from %v to %v is not in the log", seed, in.Start, in.End)
				}
			}
		})
	}
}

func TestRefusalsOfAQuietDayAreFew(t *testing.T) {
	_, truth := mustRun(t, Options{})
	if share := float64(truth.Denied) / float64(truth.Requests); share < .001 || share > .02 {
		t.Errorf("%.2f %% of requests refused, want about one in two hundred", 100*share)
	}
}

var combinedLine = regexp.MustCompile(`^(\S+) - \S+ \[[^\]]+\] "(?:[^"\\]|\\x[0-9A-F]{2})*" \d{3} \d+ "[^"]*" "[^"]*"$`)

func TestLinesAreWellFormedAndAddressesPublic(t *testing.T) {
	log, _ := mustRun(t, Options{Requests: 20_000})
	places := map[string]int{}
	for _, line := range strings.Split(strings.TrimSuffix(string(log), "\n"), "\n") {
		m := combinedLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("not a combined line: %s", line)
		}
		a := netip.MustParseAddr(m[1])
		if !a.IsGlobalUnicast() || a.IsPrivate() {
			t.Fatalf("reserved address: %s", line)
		}
		places[geo.EmbeddedCountry(a)]++
	}
	if len(places) < 20 || places["DE"] < places["ZA"] || places[""] > 0 {
		t.Errorf("requests by country: %v", places)
	}
}

func TestTimesAreInOrderButForASecondOrTwo(t *testing.T) {
	stamp := regexp.MustCompile(`\[([^\]]+)\]`)
	for format, slack := range map[string]time.Duration{"combined": 3 * time.Second, "vhost_combined": 90 * time.Second} {
		log, _ := mustRun(t, Options{Requests: 20_000, Format: format})
		var last time.Time
		late := 0
		for _, m := range stamp.FindAllSubmatch(log, -1) {
			at, err := time.Parse("02/Jan/2006:15:04:05 -0700", string(m[1]))
			if err != nil {
				continue
			}
			if at.Before(last.Add(-slack)) {
				t.Fatalf("%s: %v after %v", format, at, last)
			}
			if at.Before(last) {
				late++
			} else {
				last = at
			}
		}
		if late == 0 {
			t.Errorf("%s: a real server's log has some disorder, this has none", format)
		}
	}
}

func TestWritingEndsWithItsReaderAndItsContext(t *testing.T) {
	r, w := io.Pipe()
	go func() { io.CopyN(io.Discard, r, 1<<16); r.Close() }()
	if _, err := Run(context.Background(), Options{}, w); err == nil {
		t.Error("no error though the reader went away")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, Options{}, io.Discard); err == nil {
		t.Error("no error though the context is over")
	}
}

func TestWrongOptionsAreRefused(t *testing.T) {
	for _, o := range []Options{{Scenario: "nope"}, {Format: "nope"}, {Requests: -1}, {Duration: time.Second}, {Duration: -time.Hour}} {
		if _, err := Run(context.Background(), o, io.Discard); err == nil {
			t.Errorf("%+v accepted", o)
		}
	}
}

func TestCrawlersAreTrueAndVisitorsOrdinary(t *testing.T) {
	known := geo.KnownCrawlers()
	for _, c := range crawlers {
		for _, r := range c.ranges {
			for h := range uint64(24) {
				addr := within(netip.MustParsePrefix(r), h+1)
				if name, v := known.Verify([]byte(c.agent), addr); v == geo.Fake {
					t.Errorf("%v is no address of %s", addr, name)
				}
			}
		}
	}
	w := newWorld(Options{Seed: 5, Start: DefaultStart, Duration: 24 * time.Hour, Requests: 10_000, Format: "combined"}, io.Discard)
	w.populate()
	for range 20_000 {
		c := w.stranger()
		if edge, special := geo.Edge(c.addr), geo.Reserved(c.addr); edge != "" || special != "" {
			t.Fatalf("%v comes from an edge (%q) or a special range (%q)", c.addr, edge, special)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	var lines int64
	for b.Loop() {
		truth, err := Run(context.Background(), Options{Requests: 600_000}, io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		lines += truth.Requests
	}
	b.ReportMetric(float64(lines)/b.Elapsed().Seconds(), "lines/s")
}
