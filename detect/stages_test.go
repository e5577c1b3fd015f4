package detect

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/denylens/denylens/geo"
	"github.com/denylens/denylens/ingest"
)

// visits are n lines of clients who ask for five pages each, two hundred lines
// a second, read into Batches.
func visits(b *testing.B, n int) (batches []*ingest.Batch) {
	b.Helper()
	rng := rand.New(rand.NewPCG(5, 6))
	var text bytes.Buffer
	for i := range n {
		who := uint64(i/1000*200) + rng.Uint64N(200)
		at := time.Date(2026, 3, 2, 0, 0, i/200, 0, time.UTC).Format("02/Jan/2006:15:04:05 -0700")
		status := 200
		if rng.IntN(50) == 0 {
			status = 403
		}
		fmt.Fprintf(&text, "%d.%d.%d.7 - - [%s] \"GET /shop/area%d/item-%d HTTP/1.1\" %d 512 \"https://shop.example/\" \"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36\"\n",
			11+who%180, who/180%256, who/46080%256, at, rng.IntN(30), rng.IntN(2000), status, 100+who%40)
	}
	s := ingest.NewScanner(&text, "visits", ingest.NewAuto())
	for {
		x := &ingest.Batch{}
		if !s.Scan(x) {
			return batches
		}
		batches = append(batches, x)
	}
}

func BenchmarkReduce(b *testing.B) {
	list := visits(b, 100_000)
	r := New(Config{Crawlers: geo.KnownCrawlers()}).NewReducer()
	for _, x := range list {
		r.Reduce(x)
	}
	b.ReportAllocs()
	n := 0
	for i := 0; b.Loop(); i++ {
		x := list[i%len(list)]
		r.Reduce(x)
		n += len(x.Records)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/line")
}

// BenchmarkObserve times both halves of an engine one after the other.
func BenchmarkObserve(b *testing.B) {
	const lines = 400_000
	list := visits(b, lines)
	for _, x := range list {
		New(Config{Crawlers: geo.KnownCrawlers()}).NewReducer().Reduce(x)
	}
	b.ReportAllocs()
	for b.Loop() {
		e := New(Config{Geo: geo.Embedded(), Crawlers: geo.KnownCrawlers(), OnChange: func(*Incident, Change) {}})
		for _, x := range list {
			e.Observe(x, 0, len(x.Records))
		}
		e.Finish()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*lines), "ns/line")
}

// BenchmarkTest times the statistics of a minute in which each of a hundred
// thousand cohorts has clients: what a GiB of --max-memory has room for.
func BenchmarkTest(b *testing.B) {
	const cohorts = 100_000
	e := New(Config{MaxMemory: 1 << 30 * 2 / 5})
	if n := e.series.limit; n < cohorts {
		b.Fatalf("room for %d series", n)
	}
	e.series.root(0)
	for i := 1; i < cohorts; i++ {
		s := series{sym: uint32(i), dim: DimNetwork, base: newBaseline(rootRate, 0), lastD: never, held: never}
		s.ed.reset(0)
		e.series.list, e.series.now = append(e.series.list, s), append(e.series.now, tallied{})
	}
	e.series.byDim[DimNetwork] = cohorts - 1
	e.series.marks = make([]uint64, cohorts>>6+1)
	b.ReportAllocs()
	minute := int32(coldMinutes)
	for b.Loop() {
		minute++
		for i := range e.series.now {
			e.series.now[i] = tallied{A: int32(1 + i%4), S: 1}
			e.series.marks[i>>6] |= 1 << (i & 63)
		}
		e.test(minute)
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/minute")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*cohorts), "ns/cohort")
}
