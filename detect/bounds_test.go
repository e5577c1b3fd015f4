package detect

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/denylens/denylens/geo"
	"github.com/denylens/denylens/ingest"
)

// generated is a log of n lines that is made while it is read.
func generated(n int, line func(i int) string) ingest.Source {
	return ingest.Source{Name: "generated", Open: func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() {
			var b bytes.Buffer
			for i := range n {
				b.WriteString(line(i))
				if b.Len() > 1<<16 || i == n-1 {
					if _, err := w.Write(b.Bytes()); err != nil {
						return
					}
					b.Reset()
				}
			}
			w.Close()
		}()
		return r, nil
	}}
}

func feed(t *testing.T, e *Engine, src ingest.Source) Summary {
	t.Helper()
	_, err := ingest.Run(context.Background(), []ingest.Source{src}, ingest.Options{Map: func() func(*ingest.Batch) { return e.NewReducer().Reduce }}, func(b *ingest.Batch, lo, hi int) error {
		e.Observe(b, lo, hi)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return e.Finish()
}

// An attacker may invent addresses, paths, user agents, users, hosts and
// referrers without end; memory stays, totals are exact, and what found no
// room is counted.
func TestInventedNamesFillNoMemory(t *testing.T) {
	n := 400_000
	if testing.Short() {
		n = 120_000
	}
	rng := rand.New(rand.NewPCG(1, 2))
	const mem = 16 << 20
	e := New(Config{MaxMemory: mem, Geo: geo.Embedded(), Crawlers: geo.KnownCrawlers()})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := feed(t, e, generated(n, func(i int) string {
		x := rng.Uint64()
		at := time.Date(2026, 3, 2, 0, 0, i/200, 0, time.UTC)
		return fmt.Sprintf("%d.%d.%d.%d - u%d [%s] \"GET /p%x/q%x/r%x HTTP/1.1\" %d 10 \"https://h%x.example/\" \"agent%x/%d\"\n", 1+x%200, x>>8&255, x>>16&255, x>>24&255, x%90000,
			at.Format("02/Jan/2006:15:04:05 -0700"), x>>32, x>>40, x>>48, 403-203*(i%2), x>>30, x>>20, x%1000)
	}))
	runtime.GC()
	runtime.ReadMemStats(&after)
	if s.Traffic.Requests != int64(n) || s.Traffic.Denied != int64(n/2) || s.Traffic.ByStatus["200"] != int64(n/2) {
		t.Errorf("%d requests, %d refused; want %d and %d", s.Traffic.Requests, s.Traffic.Denied, n, n/2)
	}
	if off := float64(s.Traffic.Clients) / float64(n); off < 0.95 || off > 1.05 {
		t.Errorf("%d clients counted, there were about %d", s.Traffic.Clients, n)
	}
	if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > 3*mem {
		t.Errorf("%d MiB are held, want at most %d", held>>20, 3*mem>>20)
	}
	for _, table := range []string{"clients", "values", "rows"} {
		if s.Refused[table] == 0 {
			t.Errorf("%s: nothing is said to have found no room: %v", table, s.Refused)
		}
	}
	runtime.KeepAlive(e)
}

// A line of a client and a kind of request that the minute has seen already
// costs no memory.
func TestAKnownRequestAllocatesNothing(t *testing.T) {
	e := New(Config{Geo: geo.Embedded()})
	red := e.NewReducer()
	b := &ingest.Batch{}
	for i := range 512 {
		b.Records = append(b.Records, ingest.Record{Time: 1772400000e9, Client: geoAddr(i % 16), Status: 200, Method: []byte("GET"), Path: []byte("/docs/start"), Agent: []byte("Mozilla/5.0 Firefox/128.0"), Bytes: 10})
	}
	red.Reduce(b)
	e.Observe(b, 0, len(b.Records))
	if got := testing.AllocsPerRun(20, func() { red.Reduce(b); e.Observe(b, 0, len(b.Records)) }); got > 0 {
		t.Errorf("%v allocations for 512 records", got)
	}
	e.Finish()
}

// An error log that tells why makes the cause certain, and its rule is named.
func TestAnErrorLogExplainsTheRefusals(t *testing.T) {
	lines := site(9, 300, refuseDocs(150, 210))
	var errors []string
	for _, l := range lines {
		if !strings.Contains(l, " 403 ") {
			continue
		}
		f := strings.Fields(l)
		at, _ := time.Parse("[02/Jan/2006:15:04:05", f[3])
		errors = append(errors, fmt.Sprintf("%s [error] 7#7: *1 open() \"/srv%s\" failed (13: Permission denied), client: %s, server: example.com, request: \"GET %s HTTP/1.1\", host: \"example.com\"\n", at.Format("2006/01/02 15:04:05"), f[6], f[0], f[6]))
	}
	alone, with := analyse(t, ingest.Options{}, lines), analyse(t, ingest.Options{}, lines, errors)
	if len(alone.Incidents) != 1 || len(with.Incidents) != 1 {
		t.Fatalf("%v alone, %v with the error log", titles(alone), titles(with))
	}
	got := with.Incidents[0]
	if got.Cause.ID != "server_config" || got.Cause.Probability <= alone.Incidents[0].Cause.Probability {
		t.Errorf("%v with the error log, %v without", got.Cause, alone.Incidents[0].Cause)
	}
	said := false
	for _, f := range got.Causes[0].For {
		said = said || strings.Contains(f, "the log says so")
	}
	if !said {
		t.Errorf("the error log's word is not among the evidence: %q", got.Causes[0].For)
	}
}

// A live run, which judges at once and tells a subscriber, comes to the same
// result as a batch, and tells of each incident in order.
func TestASubscriberChangesNothing(t *testing.T) {
	lines := site(6, 300, func(v *visit) {
		refuseDocs(150, 210)(v)
		refuseNetwork(2, 220, 300)(v)
	})
	want := gist(t, analyse(t, ingest.Options{}, lines))
	told := map[string][]Change{}
	e := New(Config{Geo: geo.Embedded(), Crawlers: geo.KnownCrawlers(), OnChange: func(i *Incident, c Change) { told[i.ID] = append(told[i.ID], c) }})
	s := analyseWith(t, e, ingest.Options{}, lines)
	if got := gist(t, s); got != want {
		t.Error("another result than without a subscriber")
	}
	for _, i := range s.Incidents {
		c := told[i.ID]
		if len(c) == 0 || c[0] != Opened {
			t.Errorf("%s: told %v, want first that it opened", i.Title, c)
			continue
		}
		if resolved := c[len(c)-1] == Resolved; resolved != (i.State == "resolved") {
			t.Errorf("%s is %s, told %v", i.Title, i.State, c)
		}
	}
}

func TestHostileTextIsOnlyText(t *testing.T) {
	evil := []string{"\x1b]0;pwned\a", "\xff\xfe\x00", "<script>", "${jndi:ldap://x}", strings.Repeat("A", 9000), "../../etc/passwd", "'; DROP TABLE", "\u202e", "%00%0a", "{n}"}
	e := New(Config{Geo: geo.Embedded(), Crawlers: geo.KnownCrawlers()})
	red := e.NewReducer()
	for m := range 120 {
		b := &ingest.Batch{}
		for i := range 40 {
			x := []byte(evil[(m+i)%len(evil)])
			b.Records = append(b.Records, ingest.Record{Time: (1772400000 + int64(m)*60 + int64(i)) * 1e9, Client: geoAddr(i), Status: uint16(200 + 203*(i+m/60)%2), Method: x, Path: append([]byte("/"), x...), Host: x,
				User: x, Agent: x, Referer: append([]byte("https://"), x...), Rule: x, Request: x, RemoteText: x})
		}
		red.Reduce(b)
		e.Observe(b, 0, len(b.Records))
	}
	s := e.Finish()
	for _, i := range s.Incidents {
		for _, step := range i.NextSteps {
			if strings.ContainsFunc(step.Command, unseen) {
				t.Errorf("%q holds what cannot be seen", step.Command)
			}
		}
		for _, x := range i.Samples {
			if len(x.Line) > 2000 {
				t.Errorf("a sample of %d bytes", len(x.Line))
			}
		}
	}
}
