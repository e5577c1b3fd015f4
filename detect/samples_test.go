package detect

import (
	"bytes"
	"strings"
	"testing"

	"github.com/denylens/denylens/ingest"
)

// No part of a record may be so long that what is behind it is not found again.
func TestASampleOfALongLineIsCut(t *testing.T) {
	long := bytes.Repeat([]byte("u"), 70_000)
	for name, rec := range map[string]ingest.Record{
		"user": {User: long}, "address": {RemoteText: long}, "method": {Method: long}, "request": {Request: long}, "host": {Host: long},
	} {
		rec.URI, rec.Agent = []byte("/shop/cart"), []byte("Mozilla/5.0 Firefox/140")
		if rec.Method == nil {
			rec.Method = []byte("GET")
		}
		var s samples
		got := s.at(s.add(0, &rec), func(int) string { return "access.log" })
		if len(got.Line) > 8*maxPart || got.asked.agent != "Mozilla/5.0 Firefox/140" {
			t.Errorf("%s: %d bytes, asked %+v", name, len(got.Line), got.asked)
		}
	}
}

// A load balancer logs whole URLs; the target that others asked for is behind
// the authority.
func TestASampleOfAWholeURLKeepsItsTarget(t *testing.T) {
	for _, target := range []string{"/", "/api/v1/orders?x=1"} {
		rec := ingest.Record{Method: []byte("GET"), Request: []byte("GET https://shop.example:443" + target + " HTTP/1.1"), URI: []byte(target), Referer: []byte("https://other.example/")}
		var s samples
		if got := s.at(s.add(0, &rec), func(int) string { return "" }).asked; got.uri != target || got.referer != "https://other.example/" {
			t.Errorf("%s: %+v", target, got)
		}
	}
}

func TestSamplesOfTwoSlicesAreOne(t *testing.T) {
	var a, b samples
	for i, path := range []string{"/a", "/b"} {
		a.add(i, &ingest.Record{Method: []byte("GET"), URI: []byte(path)})
	}
	b.add(7, &ingest.Record{Method: []byte("GET"), URI: []byte("/z")})
	n := b.take(&a, 2)
	kept := b.clone()
	b.reset()
	b.add(9, &ingest.Record{Method: []byte("PUT"), URI: []byte("/overwritten")})
	got := kept.at(n, func(source int) string { return strings.Repeat("x", source) })
	if got.asked.uri != "/b" || got.Source != "x" || !strings.Contains(got.Line, "GET /b") {
		t.Errorf("%+v", got)
	}
	for range 2 * maxSamples {
		a.add(0, &ingest.Record{})
	}
	if len(a.list) != maxSamples || a.add(0, &ingest.Record{}) != 0 {
		t.Errorf("%d samples", len(a.list))
	}
}
