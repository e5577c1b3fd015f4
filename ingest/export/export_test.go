package export

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/parquet-go/parquet-go"

	"github.com/denylens/denylens/ingest"
	"github.com/denylens/denylens/ingest/export/internal/row"
)

// sample is a Batch of n records with every kind of content.
func sample(n int) *ingest.Batch {
	b := &ingest.Batch{Format: "combined"}
	for i := range n {
		r := ingest.Record{
			Time: 1_764_000_000e9 + int64(i)*1e9, Pos: int64(i * 100), Line: int64(i + 1), Status: 403, Bytes: int64(i),
			Duration: 1500 * time.Microsecond, Upstream: 502, Has: ingest.HasStatus | ingest.HasBytes | ingest.HasDuration | ingest.HasUpstream,
			Remote: netip.MustParseAddr("10.0.0.1"), Client: netip.MustParseAddr("2001:db8::1"), RemoteText: []byte("10.0.0.1"),
			Request: []byte("GET /a?b=1 HTTP/1.1"), Method: []byte("GET"), URI: []byte("/a?b=1"), Path: []byte("/a"), Query: []byte("b=1"), Proto: []byte("HTTP/1.1"),
			Agent: []byte("curl/8 \"quoted\" \\ \x1b[31m \u2028 é 日本"), Referer: []byte{}, Host: []byte("example.org"), RequestID: []byte(fmt.Sprint(i)),
		}
		switch i % 4 {
		case 1:
			r = ingest.Record{Time: r.Time + 1_500_000, Pos: r.Pos, Line: r.Line, Has: ingest.HasMillis} // all else absent
		case 2:
			r.Path = []byte("/\xff\xfe\x00/\xed\xa0\x80/\n\t\x7f")
			r.Country, r.ASN = [2]byte{'B', 'R'}, 64500
		case 3:
			r.Time += 123_456_789
			r.Rule, r.Action, r.Source = []byte("100015"), []byte("block"), []byte("waf")
			r.OriginStatus, r.Has = 0, r.Has|ingest.HasOrigin
		}
		b.Records = append(b.Records, r)
	}
	return b
}

func enrich(*ingest.Record) ([2]byte, uint32) { return [2]byte{'D', 'E'}, 64511 }

func exported(t testing.TB, b *ingest.Batch, o Options) []byte {
	t.Helper()
	var out bytes.Buffer
	e := NewNDJSON(&out, o)
	if err := e.Write(b, 0, len(b.Records), "a.log"); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestEveryLineIsOneJSONObjectWithAllColumns(t *testing.T) {
	out := exported(t, sample(8), Options{Enrich: enrich})
	lines := bytes.Split(bytes.TrimSuffix(out, []byte("\n")), []byte("\n"))
	if len(lines) != 8 {
		t.Fatalf("%d lines", len(lines))
	}
	var first, second, third, fourth map[string]any
	for i, m := range []*map[string]any{&first, &second, &third, &fourth} {
		if err := json.Unmarshal(lines[i], m); err != nil {
			t.Fatalf("%v: %s", err, lines[i])
		}
		for _, c := range row.Columns[:len(row.Columns)-1] {
			if _, ok := (*m)[c.Name]; !ok {
				t.Errorf("line %d has no %s", i, c.Name)
			}
		}
	}
	for _, c := range []struct {
		line map[string]any
		key  string
		want any
	}{
		{first, "source", "a.log"}, {first, "offset", 0.0}, {first, "line", 1.0}, {first, "format", "combined"},
		{first, "timestamp", "2025-11-24T16:00:00Z"}, {first, "status", 403.0}, {first, "request_time", 0.0015},
		{first, "client_addr", "2001:db8::1"}, {first, "referer", ""}, {first, "user", nil}, {first, "upstream_status", 502.0},
		{first, "user_agent", "curl/8 \"quoted\" \\ \x1b[31m \u2028 é 日本"}, {first, "country", "DE"}, {first, "asn", 64511.0},
		{first, "lossy", nil}, {first, "origin_status", nil},
		{second, "timestamp", "2025-11-24T16:00:01.001500Z"}, {second, "status", nil}, {second, "remote_addr", nil}, {second, "client_addr", nil},
		{third, "path", "/\ufffd\ufffd\x00/\ufffd\ufffd\ufffd/\n\t\x7f"}, {third, "lossy", true}, {third, "country", "BR"}, {third, "asn", 64500.0},
		{fourth, "timestamp", "2025-11-24T16:00:03.123456789Z"}, {fourth, "origin_status", 0.0}, {fourth, "security_source", "waf"},
	} {
		if c.line[c.key] != c.want {
			t.Errorf("%s is %#v, want %#v", c.key, c.line[c.key], c.want)
		}
	}
	if bytes.Contains(out, []byte("\u2028")) || bytes.Contains(out, []byte{0x1b}) || bytes.Contains(out, []byte{0x7f}) {
		t.Error("control characters are written as they are")
	}
}

// parquetRow is how an independent reader sees a row.
type parquetRow struct {
	Source      *string  `parquet:"source,optional"`
	Offset      *int64   `parquet:"offset,optional"`
	Line        *int64   `parquet:"line,optional"`
	Timestamp   *int64   `parquet:"timestamp,optional"`
	Path        *string  `parquet:"path,optional"`
	Referer     *string  `parquet:"referer,optional"`
	User        *string  `parquet:"user,optional"`
	Status      *int64   `parquet:"status,optional"`
	RequestTime *float64 `parquet:"request_time,optional"`
	ASN         *int64   `parquet:"asn,optional"`
	Lossy       *bool    `parquet:"lossy,optional"`
}

func TestAnIndependentReaderReadsTheParquetFile(t *testing.T) {
	const n = groupRows + 1000 // two row groups
	b := sample(n)
	var out bytes.Buffer
	e, err := NewParquet(&out, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for lo := 0; lo < n; lo += 999 {
		if err := e.Write(b, lo, min(lo+999, n), "a.log"); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if got := len(f.Schema().Fields()); got != len(row.Columns) {
		t.Errorf("%d columns, want %d", got, len(row.Columns))
	}
	rows, err := parquet.Read[parquetRow](bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil || len(rows) != n {
		t.Fatal(len(rows), err)
	}
	for i, r := range rows {
		want := &b.Records[i]
		switch {
		case *r.Offset != want.Pos || *r.Line != want.Line || *r.Timestamp != want.Time || *r.Source != "a.log":
			t.Fatalf("row %d: %+v", i, r)
		case i%4 == 1 && (r.Path != nil || r.Status != nil || r.RequestTime != nil || *r.Lossy):
			t.Fatalf("row %d: something is there: %+v", i, r)
		case i%4 == 2 && (*r.Path != "/\ufffd\ufffd\x00/\ufffd\ufffd\ufffd/\n\t\x7f" || !*r.Lossy || *r.ASN != 64500):
			t.Fatalf("row %d: %q %v", i, *r.Path, *r.Lossy)
		case i%4 == 0 && (*r.Path != "/a" || *r.Referer != "" || r.User != nil || *r.Status != 403 || *r.RequestTime != 0.0015):
			t.Fatalf("row %d: %+v", i, r)
		}
	}
}

func TestTheArrowStreamIsRead(t *testing.T) {
	b := sample(1000)
	var out bytes.Buffer
	e := NewArrow(&out, Options{})
	if err := e.Write(b, 0, 1000, "a.log"); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := ipc.NewReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	n := 0
	for r.Next() {
		rec := r.Record()
		n += int(rec.NumRows())
		if got := rec.Column(14).(*array.Int64).Value(0); got != 403 {
			t.Errorf("status %d", got)
		}
		if path := rec.Column(11).(*array.String); path.Value(0) != "/a" || !path.IsNull(1) {
			t.Errorf("path %v", path.Value(0))
		}
	}
	if r.Err() != nil || n != 1000 {
		t.Fatal(n, r.Err())
	}
}

func TestNothingToExportIsAValidFile(t *testing.T) {
	var out bytes.Buffer
	e, err := NewParquet(&out, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if rows, err := parquet.Read[parquetRow](bytes.NewReader(out.Bytes()), int64(out.Len())); err != nil || len(rows) != 0 {
		t.Fatal(len(rows), err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestAFullDiskIsAnError(t *testing.T) {
	b := sample(1000)
	e := NewNDJSON(broken{}, Options{})
	err := e.Write(b, 0, 1000, "x")
	if cerr := e.Close(); err == nil && cerr == nil {
		t.Error("NDJSON: no error")
	}
	p, err := NewParquet(broken{}, Options{})
	if err == nil {
		p.Write(b, 0, 1000, "x")
		err = p.Close()
	}
	if err == nil {
		t.Error("Parquet: no error")
	}
}

func TestALogIsExportedInItsOrder(t *testing.T) {
	var log strings.Builder
	for i := range 500 {
		fmt.Fprintf(&log, "192.0.2.%d - - [24/Nov/2026:10:%02d:%02d +0100] \"GET /p%d HTTP/1.1\" 200 5 \"-\" \"t\"\n", i%250, i/60, i%60, i)
	}
	var out bytes.Buffer
	e := NewNDJSON(&out, Options{})
	src := ingest.NewStream("x", strings.NewReader(log.String()))
	if _, err := ingest.Run(context.Background(), []ingest.Source{src}, ingest.Options{BlockSize: 1000}, func(b *ingest.Batch, lo, hi int) error {
		return e.Write(b, lo, hi, "x")
	}); err != nil {
		t.Fatal(err)
	}
	e.Close()
	dec := json.NewDecoder(&out)
	for i := range 500 {
		var r struct {
			Path, Timestamp string
			Line            int
		}
		if err := dec.Decode(&r); err != nil || r.Path != fmt.Sprintf("/p%d", i) || r.Line != i+1 {
			t.Fatalf("%d: %+v %v", i, r, err)
		}
	}
}

func TestADashIsNullAndZeroStaysZero(t *testing.T) {
	const layout = `%h %l %u %t "%r" %>s %b` // a layout of its own, besides common
	log := ""
	for _, size := range []string{"-", "0", "17"} {
		log += `192.0.2.1 - - [24/Nov/2026:10:00:00 +0000] "HEAD / HTTP/1.1" 304 ` + size + "\n"
	}
	for _, spec := range []string{"common", layout, layout + " %D", "auto"} {
		newFormat, _, err := ingest.Compile(spec)
		if err != nil {
			t.Fatal(err)
		}
		lines := log
		if strings.HasSuffix(spec, "%D") {
			lines = strings.ReplaceAll(log, "\n", " 5\n")
		}
		var out bytes.Buffer
		e := NewNDJSON(&out, Options{})
		src := ingest.NewStream("x", strings.NewReader(lines))
		if _, err := ingest.Run(context.Background(), []ingest.Source{src}, ingest.Options{Format: newFormat}, func(b *ingest.Batch, lo, hi int) error {
			return e.Write(b, lo, hi, "x")
		}); err != nil {
			t.Fatal(err)
		}
		e.Close()
		rows := strings.Split(out.String(), "\n")
		if len(rows) != 4 {
			t.Fatalf("%s: %d rows", spec, len(rows)-1)
		}
		for i, want := range []string{`"bytes":null,`, `"bytes":0,`, `"bytes":17,`} {
			if !strings.Contains(rows[i], want) || !strings.Contains(rows[i], `"user":null,`) {
				t.Errorf("%s: no %s in %s", spec, want, rows[i])
			}
		}
	}
}

func TestExportDoesNotAllocateForALine(t *testing.T) {
	b := sample(1000)
	e := NewNDJSON(io.Discard, Options{})
	e.Write(b, 0, 1000, "x")
	if n := testing.AllocsPerRun(5, func() { e.Write(b, 0, 1000, "x") }); n > 3 {
		t.Errorf("%v allocations for 1000 lines", n)
	}
}

func BenchmarkExport(b *testing.B) {
	batch := sample(4096)
	for name, e := range map[string]Exporter{"ndjson": NewNDJSON(io.Discard, Options{}), "arrow": NewArrow(io.Discard, Options{})} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				e.Write(batch, 0, 4096, "x")
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4096, "ns/row")
		})
	}
}
