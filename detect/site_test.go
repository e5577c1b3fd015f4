package detect

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/denylens/denylens/geo"
	"github.com/denylens/denylens/ingest"
)

// visit is one line of the site that these tests watch.
type visit struct {
	minute, second int
	client         int
	path           string
	status         int
}

// site makes minutes of traffic: people from 60 networks who read pages and
// their pictures. change may turn the answer to a visit.
func site(seed uint64, minutes int, change func(v *visit)) []string {
	rng := rand.New(rand.NewPCG(seed, 403))
	var out []string
	for m := range minutes {
		var visits []visit
		for range 24 {
			client := rng.IntN(2400)
			second := rng.IntN(40)
			page := []string{"/", "/docs/start", "/docs/api", "/shop/list", "/shop/item/" + fmt.Sprint(rng.IntN(900)), "/account"}[rng.IntN(6)]
			for i, p := range []string{page, "/css/site.css", "/img/logo.png", "/shop/cart"}[:1+rng.IntN(4)] {
				v := visit{m, second + 3*i, client, p, 200}
				if rng.IntN(200) == 0 {
					v.status = 404
				}
				if change != nil {
					change(&v)
				}
				visits = append(visits, v)
			}
		}
		slices.SortStableFunc(visits, func(a, b visit) int { return a.second - b.second })
		for i := range visits {
			out = append(out, visits[i].line(0))
		}
	}
	return out
}

// network is the number of the visitor's network, 0..59.
func (v *visit) network() int { return v.client % 60 }

func (v *visit) addr() string {
	return fmt.Sprintf("%d.%d.%d.%d", 60+v.network(), 10+v.network(), v.network(), 1+v.client/60)
}

func (v *visit) line(extra int) string {
	at := time.Date(2026, 3, 2, 6, v.minute, v.second+extra, 0, time.UTC)
	agent := [...]string{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"}[v.client%3]
	return fmt.Sprintf("%s - - [%s] \"GET %s HTTP/1.1\" %d %d \"https://www.example.com/\" %q\n", v.addr(), at.Format("02/Jan/2006:15:04:05 -0700"), v.path, v.status, 500+len(v.path), agent)
}

// analyse runs lines, as several sources where several are given.
func analyse(t *testing.T, opt ingest.Options, parts ...[]string) Summary {
	t.Helper()
	e := New(Config{Geo: geo.Embedded(), Crawlers: geo.KnownCrawlers()})
	return analyseWith(t, e, opt, parts...)
}

func analyseWith(t *testing.T, e *Engine, opt ingest.Options, parts ...[]string) Summary {
	t.Helper()
	var src []ingest.Source
	for i, lines := range parts {
		var text bytes.Buffer
		for _, l := range lines {
			text.WriteString(l)
		}
		src = append(src, ingest.Source{Name: fmt.Sprintf("part%d", i), Size: int64(text.Len()), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(text.Bytes())), nil
		}})
	}
	opt.Map = func() func(*ingest.Batch) { return e.NewReducer().Reduce }
	stats, err := ingest.Run(context.Background(), src, opt, func(b *ingest.Batch, lo, hi int) error {
		e.Observe(b, lo, hi)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range stats {
		if stats[i].Parsed != stats[i].Lines {
			t.Fatalf("%d of %d lines of the test's own log were read", stats[i].Parsed, stats[i].Lines)
		}
	}
	return e.Finish()
}

// gist is what must be the same of an incident whatever way the records came:
// all but the sample lines, whose offsets belong to the input.
func gist(t *testing.T, s Summary) string {
	t.Helper()
	for i := range s.Incidents {
		s.Incidents[i].Samples = nil
	}
	b, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func cohortOf(inc Incident) string {
	out := ""
	for _, c := range inc.Cohort {
		out += c.Dim + "=" + c.Value + " "
	}
	return out
}

func geoAddr(i int) netip.Addr { return netip.AddrFrom4([4]byte{81, byte(i >> 8), byte(i), 7}) }

func geoParse(s string) netip.Addr { return netip.MustParseAddr(s) }

// stamp is the time of a line of the site.
func stamp(line string) time.Time {
	_, rest, _ := strings.Cut(line, "[")
	text, _, _ := strings.Cut(rest, "]")
	at, err := time.Parse("02/Jan/2006:15:04:05 -0700", text)
	if err != nil {
		panic(err)
	}
	return at
}
