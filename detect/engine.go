package detect

import (
	"time"

	"github.com/denylens/denylens/geo"
	"github.com/denylens/denylens/ingest"
)

// Config sets an Engine up. The zero value of each field means its default.
type Config struct {
	FalseAlarmsPerDay float64                 // the one sensitivity knob: false incidents a day for the whole installation; default 0.1
	DenyStatus        []int                   // answers that count as a refusal; default 403
	Lateness          time.Duration           // how far behind the newest record one may be and still count; default 60 s
	Geo               *geo.DB                 // address -> country, ASN; nil knows nothing
	Crawlers          *geo.Crawlers           // who is a true crawler; nil knows nobody
	MaxMemory         int64                   // bytes for all tables together; default 192 MiB
	SourceName        func(int) string        // name of Batch.Source, for samples
	OnChange          func(*Incident, Change) // called from Observe, Advance and Finish as incidents open, change and end
}

// Engine turns Records into Incidents. It reads no clock, no file and no
// random number: the same records give the same incidents. Observe, Advance,
// Summary and Finish belong to one goroutine; Reducers run beside it.
type Engine struct{ cfg Config }

// New returns an Engine.
func New(cfg Config) *Engine { return &Engine{cfg: cfg} }

// Reducer does the part of the work on a record that needs no order: on the
// parsing goroutines, one Reducer each.
type Reducer struct{}

// NewReducer returns a Reducer for one goroutine.
func (e *Engine) NewReducer() *Reducer { return &Reducer{} }

// Reduce prepares the records of b for Observe; it sets b.Aux.
func (r *Reducer) Reduce(b *ingest.Batch) {}

// Observe takes the records b.Records[lo:hi], which a Reducer has prepared.
func (e *Engine) Observe(b *ingest.Batch, lo, hi int) {}

// Advance says that the time is now, in a live run whose sources are idle, so
// that windows close.
func (e *Engine) Advance(now time.Time) {}

// Summary tells what is known now.
func (e *Engine) Summary() Summary { return Summary{} }

// Finish closes all windows and returns the whole result.
func (e *Engine) Finish() Summary { return Summary{} }
