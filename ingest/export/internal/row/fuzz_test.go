package row

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/denylens/denylens/ingest"
)

func FuzzNDJSON(f *testing.F) {
	f.Add([]byte("a\xffb\u2028\"\\"), []byte{0xe2, 0x80}, int64(1), uint16(0))
	f.Fuzz(func(t *testing.T, a, c []byte, ns int64, bits uint16) {
		r := ingest.Record{Time: ns % (8e18), Path: a, Agent: c, User: append(a[:len(a):len(a)], c...), Duration: time.Duration(ns), Has: ingest.Fields(bits), Country: [2]byte{byte(bits), byte(bits >> 8)}}
		var b bytes.Buffer
		w := NewNDJSON(&b, Options{})
		if err := w.Write(&ingest.Batch{Records: []ingest.Record{r}, Format: string(a)}, 0, 1, "a.log"); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		out := b.Bytes()
		if !json.Valid(out) || !utf8.Valid(out) || bytes.Count(out, []byte("\n")) != 1 {
			t.Fatalf("%q", out)
		}
		var m map[string]any
		if err := json.Unmarshal(out, &m); err != nil {
			t.Fatal(err)
		}
		if a != nil && utf8.Valid(a) && m["path"] != string(a) {
			t.Fatalf("%q became %q", a, m["path"])
		}
	})
}
