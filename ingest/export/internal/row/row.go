// Package row takes Records apart into the columns of an export, and writes
// them as JSON. It knows nothing of the libraries for column formats.
package row

import (
	"time"
	"unicode/utf8"

	"github.com/denylens/denylens/ingest"
)

// Options say what is added to the Records.
type Options struct {
	// Enrich says where the client of a Record is, for logs that do not say
	// it themselves. It may be nil.
	Enrich func(*ingest.Record) (country [2]byte, asn uint32)
}

// Kind is the type of a column.
type Kind uint8

const (
	Text Kind = iota
	Integer
	Number
	Instant
	Flag
)

// Column is one field of what is exported.
type Column struct {
	Name string
	Kind Kind
}

// Columns in their order. Only add to the end: it is public interface.
var Columns = []Column{
	{"source", Text}, {"offset", Integer}, {"line", Integer}, {"format", Text}, {"timestamp", Instant},
	{"remote_addr", Text}, {"client_addr", Text}, {"user", Text}, {"request", Text}, {"method", Text},
	{"uri", Text}, {"path", Text}, {"query", Text}, {"protocol", Text}, {"status", Integer},
	{"bytes", Integer}, {"referer", Text}, {"user_agent", Text}, {"vhost", Text}, {"request_time", Number},
	{"upstream_status", Integer}, {"request_id", Text}, {"country", Text}, {"asn", Integer}, {"rule", Text},
	{"action", Text}, {"security_source", Text}, {"origin_status", Integer}, {"lossy", Flag},
}

// Sink takes the values of a row in the order of Columns; absent ones are
// announced, too.
type Sink interface {
	Absent()
	Text(b []byte) // valid UTF-8
	Integer(n int64)
	Number(f float64)
	Instant(ns int64, digits int) // digits of the second's fraction that the log gave
	Flag(set bool)
}

// Row sends Records to a Sink.
type Row struct {
	Options Options
	Sink    Sink
	scratch []byte
	mended  []byte
	lossy   bool
}

// Send sends one Record of b, which comes from the named source.
func (w *Row) Send(b *ingest.Batch, r *ingest.Record, source string) {
	w.lossy = false
	country, asn := r.Country, r.ASN
	if w.Options.Enrich != nil && (country == [2]byte{} || asn == 0) {
		c, n := w.Options.Enrich(r)
		if country == ([2]byte{}) {
			country = c
		}
		if asn == 0 {
			asn = n
		}
	}
	s := w.Sink
	w.string(source)
	s.Integer(r.Pos)
	s.Integer(r.Line)
	w.string(b.Format)
	s.Instant(r.Time, digits(r))
	w.remote(r)
	w.client(r)
	for _, t := range [...][]byte{r.User, r.Request, r.Method, r.URI, r.Path, r.Query, r.Proto} {
		w.bytes(t)
	}
	w.optional(r.Has&ingest.HasStatus != 0, int64(r.Status))
	w.optional(r.Has&(ingest.HasBytes|ingest.BytesDash) == ingest.HasBytes, r.Bytes)
	for _, t := range [...][]byte{r.Referer, r.Agent, r.Host} {
		w.bytes(t)
	}
	if r.Has&ingest.HasDuration != 0 {
		s.Number(r.Duration.Seconds())
	} else {
		s.Absent()
	}
	w.optional(r.Has&ingest.HasUpstream != 0 && r.Upstream != 0, int64(r.Upstream))
	w.bytes(r.RequestID)
	if country == ([2]byte{}) {
		s.Absent()
	} else {
		w.scratch = append(w.scratch[:0], country[0], country[1])
		w.bytes(w.scratch)
	}
	w.optional(asn != 0, int64(asn))
	for _, t := range [...][]byte{r.Rule, r.Action, r.Source} {
		w.bytes(t)
	}
	w.optional(r.Has&ingest.HasOrigin != 0, int64(r.OriginStatus))
	s.Flag(w.lossy)
}

func (w *Row) remote(r *ingest.Record) {
	if r.RemoteText == nil && r.Remote.IsValid() {
		w.scratch = r.Remote.AppendTo(w.scratch[:0])
		w.Sink.Text(w.scratch)
		return
	}
	w.bytes(r.RemoteText)
}

func (w *Row) client(r *ingest.Record) {
	if !r.Client.IsValid() {
		w.Sink.Absent()
		return
	}
	w.scratch = r.Client.AppendTo(w.scratch[:0])
	w.Sink.Text(w.scratch)
}

func (w *Row) optional(there bool, n int64) {
	if there {
		w.Sink.Integer(n)
	} else {
		w.Sink.Absent()
	}
}

func (w *Row) string(s string) {
	w.scratch = append(w.scratch[:0], s...)
	w.bytes(w.scratch)
}

// bytes sends a text field. Bytes that are no UTF-8 become U+FFFD, one for
// each, and the row is marked.
func (w *Row) bytes(b []byte) {
	switch {
	case b == nil:
		w.Sink.Absent()
		return
	case !utf8.Valid(b):
		w.lossy = true
		b = w.mend(b)
	}
	w.Sink.Text(b)
}

func (w *Row) mend(b []byte) []byte {
	out := w.mended[:0]
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		out = utf8.AppendRune(out, r)
		b = b[n:]
	}
	w.mended = out
	return out
}

// digits is how many digits of a second the log gave: none, or as many as its
// stamp needs, in groups of three.
func digits(r *ingest.Record) int {
	ns := r.Time % int64(time.Second)
	switch {
	case r.Has&ingest.HasMillis == 0 && ns == 0:
		return 0
	case ns%int64(time.Millisecond) == 0:
		return 3
	case ns%int64(time.Microsecond) == 0:
		return 6
	}
	return 9
}
