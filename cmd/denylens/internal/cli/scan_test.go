package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
)

// BenchmarkScan times whole runs, from the file to the report. It is what
// default.pgo is made from (make profile), so it reads what is usual: quiet
// days and bad ones, plain and packed, as lines and as JSON.
func BenchmarkScan(b *testing.B) {
	for _, c := range []struct {
		name, scenario, format string
		packed                 bool
	}{
		{"combined/quiet", "quiet", "combined", false},
		{"combined/geo-block", "geo-block", "combined", false},
		{"combined/scanner", "scanner", "combined", false},
		{"combined/gzip", "htaccess", "combined", true},
		{"main", "stuffing", "main", false},
		{"cloudflare", "geo-block", "cloudflare", false},
	} {
		b.Run(c.name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "access.log")
			lines, size := day(b, path, c.scenario, c.format, c.packed)
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if code := Main([]string{"scan", "--report", "json", path}, nil, io.Discard, os.Stderr); code != 0 {
					b.Fatalf("exit code %d", code)
				}
			}
			b.ReportMetric(float64(lines*int64(b.N))/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

// day writes a simulated day and returns its lines, and its bytes before packing.
func day(b *testing.B, path, scenario, format string, packed bool) (lines, size int64) {
	b.Helper()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var text bytes.Buffer
	truth, err := simulate.Run(context.Background(), simulate.Options{Scenario: scenario, Format: format, Seed: 7, Requests: 300_000}, &text)
	if err != nil {
		b.Fatal(err)
	}
	size = int64(text.Len())
	w := io.WriteCloser(f)
	if packed {
		w = gzip.NewWriter(f)
	}
	if _, err := text.WriteTo(w); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return truth.Requests, size
}
