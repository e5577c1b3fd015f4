// Package export writes Records for other tools: as JSON lines, as an Arrow
// IPC stream, as a Parquet file. The columns are the same in all three and are
// public interface.
//
// It is a package of its own because the column formats weigh far more than
// everything else: who reads logs only does not carry them.
//
//	out := export.NewNDJSON(os.Stdout, export.Options{})
//	_, err := ingest.Run(ctx, sources, ingest.Options{}, func(b *ingest.Batch, lo, hi int) error {
//		return out.Write(b, lo, hi, sources[b.Source].Name)
//	})
//	...
//	err = out.Close()
package export

import (
	"time"
	"unicode/utf8"

	"github.com/denylens/denylens/ingest"
)

// Exporter takes Records in order.
type Exporter interface {
	// Write adds b.Records[lo:hi], which come from the named source. It keeps
	// nothing of b.
	Write(b *ingest.Batch, lo, hi int, sourceName string) error
	// Close writes what is still held. It does not close the io.Writer
	// underneath.
	Close() error
}

// Options say what is added to the Records.
type Options struct {
	// Enrich says where the client of a Record is, for logs that do not say
	// it themselves. It may be nil.
	Enrich func(*ingest.Record) (country [2]byte, asn uint32)
}

// kind is the type of a column.
type kind uint8

const (
	text kind = iota
	integer
	number
	instant
	flag
)

// column is one field of what is exported.
type column struct {
	name string
	kind kind
}

// columns in their order. Only add to the end: it is public interface.
var columns = []column{
	{"source", text}, {"offset", integer}, {"line", integer}, {"format", text}, {"timestamp", instant},
	{"remote_addr", text}, {"client_addr", text}, {"user", text}, {"request", text}, {"method", text},
	{"uri", text}, {"path", text}, {"query", text}, {"protocol", text}, {"status", integer},
	{"bytes", integer}, {"referer", text}, {"user_agent", text}, {"vhost", text}, {"request_time", number},
	{"upstream_status", integer}, {"request_id", text}, {"country", text}, {"asn", integer}, {"rule", text},
	{"action", text}, {"security_source", text}, {"origin_status", integer}, {"lossy", flag},
}

// sink takes the values of a row in the order of columns; absent ones are
// announced, too.
type sink interface {
	absent()
	text(b []byte) // valid UTF-8
	integer(n int64)
	number(f float64)
	instant(ns int64, digits int)
	flag(set bool)
}

// row sends records to a sink.
type row struct {
	o       Options
	sink    sink
	scratch []byte
	mended  []byte
	lossy   bool
}

func (w *row) send(b *ingest.Batch, r *ingest.Record, source string) {
	w.lossy = false
	country, asn := r.Country, r.ASN
	if w.o.Enrich != nil && (country == [2]byte{} || asn == 0) {
		c, n := w.o.Enrich(r)
		if country == ([2]byte{}) {
			country = c
		}
		if asn == 0 {
			asn = n
		}
	}
	s := w.sink
	w.string(source)
	s.integer(r.Pos)
	s.integer(r.Line)
	w.string(b.Format)
	s.instant(r.Time, digits(r))
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
		s.number(r.Duration.Seconds())
	} else {
		s.absent()
	}
	w.optional(r.Has&ingest.HasUpstream != 0 && r.Upstream != 0, int64(r.Upstream))
	w.bytes(r.RequestID)
	if country == ([2]byte{}) {
		s.absent()
	} else {
		w.scratch = append(w.scratch[:0], country[0], country[1])
		w.bytes(w.scratch)
	}
	w.optional(asn != 0, int64(asn))
	for _, t := range [...][]byte{r.Rule, r.Action, r.Source} {
		w.bytes(t)
	}
	w.optional(r.Has&ingest.HasOrigin != 0, int64(r.OriginStatus))
	s.flag(w.lossy)
}

func (w *row) remote(r *ingest.Record) {
	if r.RemoteText == nil && r.Remote.IsValid() {
		w.scratch = r.Remote.AppendTo(w.scratch[:0])
		w.sink.text(w.scratch)
		return
	}
	w.bytes(r.RemoteText)
}

func (w *row) client(r *ingest.Record) {
	if !r.Client.IsValid() {
		w.sink.absent()
		return
	}
	w.scratch = r.Client.AppendTo(w.scratch[:0])
	w.sink.text(w.scratch)
}

func (w *row) optional(there bool, n int64) {
	if there {
		w.sink.integer(n)
	} else {
		w.sink.absent()
	}
}

func (w *row) string(s string) {
	w.scratch = append(w.scratch[:0], s...)
	w.bytes(w.scratch)
}

// bytes sends a text field. Bytes that are no UTF-8 become U+FFFD, one for
// each, and the row is marked.
func (w *row) bytes(b []byte) {
	switch {
	case b == nil:
		w.sink.absent()
		return
	case !utf8.Valid(b):
		w.lossy = true
		b = w.mend(b)
	}
	w.sink.text(b)
}

func (w *row) mend(b []byte) []byte {
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
