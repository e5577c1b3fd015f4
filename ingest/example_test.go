package ingest_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/denylens/denylens/ingest"
)

const log = `192.0.2.1 - - [24/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "curl/8"
192.0.2.2 - ann [24/Nov/2026:10:00:01 +0000] "GET /b?x=1 HTTP/1.1" 403 9 "-" "curl/8"
not a line of this log
192.0.2.3 - - [24/Nov/2026:10:00:02 +0000] "GET /b HTTP/1.1" 403 9 "-" "curl/8"
`

func ExampleScanner() {
	s := ingest.NewScanner(strings.NewReader(log), "access.log", nil)
	var b ingest.Batch
	for s.Scan(&b) {
		for i := range b.Records {
			if r := &b.Records[i]; r.Status == 403 {
				fmt.Printf("line %d: %s refused to %s\n", r.Line, r.Path, r.Client)
			}
		}
		for _, r := range b.Rejects {
			fmt.Printf("line %d: %s\n", r.Line, r.Flaw.String())
		}
	}
	fmt.Println(s.Err())
	// Output:
	// line 2: /b refused to 192.0.2.2
	// line 4: /b refused to 192.0.2.3
	// line 3: no_format
	// <nil>
}

func ExampleRun() {
	sources := []ingest.Source{ingest.NewStream("access.log", strings.NewReader(log))}
	refused := 0
	stats, err := ingest.Run(context.Background(), sources, ingest.Options{}, func(b *ingest.Batch, lo, hi int) error {
		for i := lo; i < hi; i++ {
			if b.Records[i].Status == 403 {
				refused++
			}
		}
		return nil
	})
	s := stats[0]
	fmt.Println(refused, s.Format, s.Lines, s.Parsed, s.Rejected(), err)
	// Output: 2 combined 4 3 1 <nil>
}
