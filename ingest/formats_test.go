package ingest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the wanted records in testdata/formats")

// formatSamples reads testdata/formats/NAME.txtar: lines, and the records
// wanted of them.
func formatSamples(t testing.TB, name string) (lines []string, want string, ar *txtar.Archive) {
	t.Helper()
	ar, err := txtar.ParseFile(filepath.Join("..", "testdata", "formats", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range ar.Files {
		switch f.Name {
		case "lines":
			lines = strings.Split(strings.TrimSuffix(string(f.Data), "\n"), "\n")
		case "want":
			want = string(f.Data)
		}
	}
	if len(lines) == 0 {
		t.Fatalf("%s: no lines", name)
	}
	return lines, want, ar
}

// describe writes what is in a Record as one line of JSON.
func describe(r *Record, err error) string {
	m := map[string]any{}
	if err != nil {
		m["flaw"] = err.(Flaw).String()
	}
	if r.Time != 0 {
		m["time"] = time.Unix(0, r.Time).UTC().Format(time.RFC3339Nano)
	}
	for k, b := range map[string][]byte{"remote": r.RemoteText, "user": r.User, "request": r.Request, "method": r.Method, "uri": r.URI,
		"path": r.Path, "query": r.Query, "proto": r.Proto, "referer": r.Referer, "agent": r.Agent, "host": r.Host,
		"forwarded": r.Forwarded, "id": r.RequestID, "rule": r.Rule, "action": r.Action, "source": r.Source, "message": r.Message} {
		if b != nil {
			m[k] = string(b)
		}
	}
	if r.Client.IsValid() {
		m["client"] = r.Client.String()
	}
	for k, v := range map[string]struct {
		bit Fields
		n   any
	}{"status": {HasStatus, r.Status}, "bytes": {HasBytes, r.Bytes}, "duration": {HasDuration, r.Duration.String()},
		"upstream": {HasUpstream, r.Upstream}, "origin": {HasOrigin, r.OriginStatus}, "millis": {HasMillis, true}, "zone": {HasZone, true}} {
		if r.Has&v.bit != 0 {
			m[k] = v.n
		}
	}
	if r.Server != ServerUnknown {
		m["server"] = r.Server
	}
	if r.Why != WhyUnknown {
		m["why"] = r.Why.String()
	}
	if r.Kind == Explain {
		m["explains"] = true
	}
	if r.Country != [2]byte{} {
		m["country"] = string(r.Country[:])
	}
	if r.ASN != 0 {
		m["asn"] = r.ASN
	}
	if r.Weight != 0 {
		m["weight"] = r.Weight
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.Encode(m)
	return b.String()
}

func TestEveryFormatReadsItsSamples(t *testing.T) {
	for _, s := range Formats {
		t.Run(s.Name, func(t *testing.T) {
			lines, want, ar := formatSamples(t, s.Name)
			f := s.New()
			var got strings.Builder
			for _, l := range lines {
				var r Record
				err := f.Parse([]byte(l), &r)
				if flaw, _ := err.(Flaw); err != nil && flaw.Loss() {
					t.Errorf("%v: %s", err, l)
				}
				got.WriteString(describe(&r, err))
			}
			if *update {
				ar.Files[1].Data = []byte(got.String())
				if err := os.WriteFile(filepath.Join("..", "testdata", "formats", s.Name+".txtar"), txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			g, w := strings.Split(got.String(), "\n"), strings.Split(want, "\n")
			for i := range max(len(g), len(w)) {
				if i >= len(g) || i >= len(w) || g[i] != w[i] {
					t.Errorf("record %d:\n got %s\nwant %s", i, at(g, i), at(w, i))
				}
			}
		})
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "nothing"
}

// TestGuessKnowsEveryFormatByItsSamples runs every format's samples through
// the choice among all of them.
func TestGuessKnowsEveryFormatByItsSamples(t *testing.T) {
	for _, s := range Formats {
		lines, want, _ := formatSamples(t, s.Name)
		var raw [][]byte
		for _, l := range lines {
			raw = append(raw, []byte(l))
		}
		rk := Guess(raw)
		if got := rk.Best(); got != s.Name {
			t.Errorf("lines of %s are taken for %q", s.Name, got)
		}
		if n, read := rk.Read(); read != n {
			t.Errorf("%s: %d of %d lines are read", s.Name, read, n)
		}
		for i, l := range lines {
			if string(raw[i]) != l {
				t.Errorf("%s: Guess changed line %d", s.Name, i)
			}
		}
		var got strings.Builder
		f := rk.New()
		for _, l := range raw {
			var r Record
			err := f.Parse(l, &r)
			got.WriteString(describe(&r, err))
		}
		if g := got.String(); g != want {
			t.Errorf("%s: read otherwise when guessed:\n got %s\nwant %s", s.Name, g, want)
		}
	}
}

// TestMixedLinesAreEachReadByTheirFormat interleaves the samples of all.
func TestMixedLinesAreEachReadByTheirFormat(t *testing.T) {
	f := NewAuto()
	for _, s := range Formats {
		lines, want, _ := formatSamples(t, s.Name)
		if s.Name == "vhost_combined" || s.Name == "vhost_common" {
			continue // what is a host and what a client is decided per source
		}
		wants := strings.SplitAfter(want, "\n")
		for i, l := range lines {
			var r Record
			err := f.Parse([]byte(l), &r)
			if got := describe(&r, err); got != wants[i] {
				t.Errorf("%s:\n got %swant %s", s.Name, got, wants[i])
			}
		}
	}
}

// TestARankingReadsALineAlikeWhateverCameBefore is what lets a source be cut
// into blocks anywhere, for any number of goroutines.
func TestARankingReadsALineAlikeWhateverCameBefore(t *testing.T) {
	var all []string
	for _, s := range Formats {
		lines, _, _ := formatSamples(t, s.Name)
		all = append(all, lines...)
	}
	var raw [][]byte
	for _, l := range all {
		raw = append(raw, []byte(l))
	}
	rk := Guess(raw)
	running := rk.New()
	for _, l := range all {
		var a, b Record
		errA := running.Parse([]byte(l), &a)
		errB := rk.New().Parse([]byte(l), &b)
		if describe(&a, errA) != describe(&b, errB) {
			t.Errorf("read otherwise after other lines: %s", l)
		}
	}
}

func TestNoFormatAllocates(t *testing.T) {
	hostile := []string{"", "x", `{"a":`, strings.Repeat(`] "`, 400), strings.Repeat("[", 500), `1.2.3.4.5 - - [x] "`, strings.Repeat(`{"a":`, 60)}
	for _, s := range Formats {
		lines, _, _ := formatSamples(t, s.Name)
		for _, f := range []Format{s.New(), NewAuto()} {
			r := new(Record)
			bufs := make([][]byte, 0, len(lines)+len(hostile))
			for _, l := range append(append([]string{}, lines...), hostile...) {
				bufs = append(bufs, make([]byte, 0, len(l)))
				_ = l
			}
			texts := append(append([]string{}, lines...), hostile...)
			if n := testing.AllocsPerRun(20, func() {
				for i, l := range texts {
					r.Reset()
					f.Parse(append(bufs[i][:0], l...), r)
				}
			}); n != 0 {
				t.Errorf("%s read by %s: %v allocations per run", s.Name, f.Name(), n)
			}
		}
	}
}

func BenchmarkFormats(b *testing.B) {
	for _, s := range Formats {
		b.Run(s.Name, func(b *testing.B) {
			lines, _, _ := formatSamples(b, s.Name)
			benchmarkLines(b, s.New(), lines)
		})
	}
	b.Run("compiled", func(b *testing.B) {
		newFormat, _, err := Compile(`$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" rt=$request_time us="$upstream_status"`)
		if err != nil {
			b.Fatal(err)
		}
		benchmarkLines(b, newFormat(), []string{typicalLine + ` rt=0.012 us="200"`})
	})
	b.Run("typical-json", func(b *testing.B) {
		lines, _, _ := formatSamples(b, "json")
		benchmarkLines(b, newJSONAccess(), lines[:1])
	})
	b.Run("typical-combined", func(b *testing.B) { benchmarkLines(b, NewAuto(), []string{typicalLine}) })
	b.Run("typical-cloudflare", func(b *testing.B) { benchmarkLines(b, NewAuto(), []string{typicalCloudflare()}) })
}

// typicalLine has the usual length of a line, 200 bytes.
const typicalLine = `203.0.113.195 - - [23/Nov/2026:22:44:56 +0000] "GET /products/shoes/42?color=red&size=44 HTTP/1.1" 200 5123 "https://www.example.com/products" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"`

// typicalCloudflare has 60 fields, in the order of the documentation.
func typicalCloudflare() string {
	var b strings.Builder
	b.WriteString(`{"BotDetectionIDs":[],"BotScore":99,"BotScoreSrc":"Machine Learning","BotTags":[],"CacheCacheStatus":"dynamic","ClientASN":64500,"ClientCountry":"de","ClientIP":"203.0.113.195","ClientIPClass":"noRecord","ClientRequestHost":"shop.example","ClientRequestMethod":"GET","ClientRequestPath":"/products/shoes/42","ClientRequestProtocol":"HTTP/2","ClientRequestReferer":"https://shop.example/products","ClientRequestSource":"eyeball","ClientRequestURI":"/products/shoes/42?color=red","ClientRequestUserAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36","EdgeColoCode":"FRA","EdgeEndTimestamp":1773476813223456789,"EdgePathingOp":"wl","EdgePathingSrc":"macro","EdgePathingStatus":"nr","EdgeResponseBytes":5123,"EdgeResponseStatus":200,"EdgeStartTimestamp":1773476813123456789,"OriginResponseStatus":200,"RayID":"8c0ffee012345678","SecurityAction":"","SecurityActions":[],"SecurityRuleID":"","SecurityRuleIDs":[],"SecuritySources":[],"WorkerSubrequest":false,"ZoneName":"shop.example"`)
	for i := range 26 {
		fmt.Fprintf(&b, `,"OtherFieldNumber%d":"some value of it %d"`, i, i*i)
	}
	return b.String() + "}"
}

func benchmarkLines(b *testing.B, f Format, lines []string) {
	size, longest := 0, 0
	for _, l := range lines {
		size += len(l)
		longest = max(longest, len(l))
	}
	buf := make([]byte, 0, longest)
	r := new(Record)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, l := range lines {
			r.Reset()
			if err := f.Parse(append(buf[:0], l...), r); err != nil && err != FlawOther {
				b.Fatal(err)
			}
		}
	}
}
