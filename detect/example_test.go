package detect_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/denylens/denylens/detect"
	"github.com/denylens/denylens/geo"
	"github.com/denylens/denylens/ingest"
)

// morning is a log of five hours: 40 requests a minute by people from twenty
// networks. From 10:00 to 10:45 a rule refuses /docs to everybody.
func morning() string {
	var b strings.Builder
	pages := []string{"/", "/docs/start", "/docs/api", "/shop/list", "/shop/cart", "/about"}
	begin := time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)
	for i := range 5 * 60 * 40 {
		at := begin.Add(time.Duration(i) * time.Minute / 40)
		who := i * 7919 % 1009 // a different visitor each time, all of them again and again
		path, status := pages[i*31%len(pages)], 200
		if hour := at.Format("15:04"); strings.HasPrefix(path, "/docs") && hour >= "10:00" && hour < "10:45" {
			status = 403
		}
		fmt.Fprintf(&b, "%d.%d.7.%d - - [%s] \"GET %s HTTP/1.1\" %d 512 \"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\"\n",
			60+who%20, 10+who%20, 1+who/20, at.Format("02/Jan/2006:15:04:05 -0700"), path, status)
	}
	return b.String()
}

// The whole way from a log to its incidents.
func Example() {
	e := detect.New(detect.Config{Geo: geo.Embedded(), Crawlers: geo.KnownCrawlers()})
	sources := []ingest.Source{ingest.NewStream("access.log", strings.NewReader(morning()))}
	o := ingest.Options{Map: func() func(*ingest.Batch) { return e.NewReducer().Reduce }}
	stats, err := ingest.Run(context.Background(), sources, o, func(b *ingest.Batch, lo, hi int) error {
		e.Observe(b, lo, hi)
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(stats[0].Parsed, "requests")
	for _, in := range e.Finish().Incidents {
		fmt.Println(in.Kind, in.Cohort, in.Cause.ID)
		fmt.Println("from", in.Start.Format("15:04"), "to", in.End.Format("15:04"), "found at", in.DetectedAt.Format("15:04"))
	}
	// Output:
	// 12000 requests
	// overblock [{path /docs}] server_config
	// from 10:00 to 10:45 found at 10:00
}

// A subscriber is told as soon as a minute has been judged.
func ExampleConfig_onChange() {
	e := detect.New(detect.Config{OnChange: func(in *detect.Incident, change detect.Change) {
		fmt.Println(change, in.Severity, in.Cohort)
	}})
	s := ingest.NewScanner(strings.NewReader(morning()), "access.log", nil)
	r := e.NewReducer()
	var b ingest.Batch
	for s.Scan(&b) {
		r.Reduce(&b)
		e.Observe(&b, 0, len(b.Records))
	}
	e.Finish()
	// Output:
	// opened medium [{path /docs}]
	// changed high [{path /docs}]
	// changed critical [{path /docs}]
	// resolved critical [{path /docs}]
}
