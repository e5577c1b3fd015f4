package detect

import (
	"time"

	"github.com/denylens/denylens/geo"
	"github.com/denylens/denylens/ingest"
)

// Config sets an Engine up. The zero value of each field means its default.
type Config struct {
	FalseAlarmsPerDay float64                 // the one sensitivity knob: false incidents a day for the whole installation; default 0.1
	DenyStatus        []int                   // answers that count as a refusal; default 403, and Cloudflare's 1020 and its kin
	Lateness          time.Duration           // how far behind the newest record one may be and still count; default 60 s
	Patience          time.Duration           // how long a live run waits for such records before it judges; default 10 s, at most Lateness
	Geo               *geo.DB                 // address -> country, ASN; nil knows nothing
	Crawlers          *geo.Crawlers           // who is a true crawler; nil knows nobody
	MaxMemory         int64                   // bytes for all tables together; default 128 MiB
	SourceName        func(int) string        // name of Batch.Source, for samples
	OnChange          func(*Incident, Change) // called from Observe, Advance and Finish as incidents open, change and end
}

// DefaultDenyStatus lists the answers that are a refusal if nothing else is
// said: 403 and Cloudflare's own codes for "access denied" (1006-1009 banned,
// 1010 by browser signature, 1012, 1020 by rule).
var DefaultDenyStatus = []int{403, 1006, 1007, 1008, 1009, 1010, 1012, 1020}

// Engine turns Records into Incidents. It reads no clock, no file and no
// random number: the same records give the same incidents. Observe, Advance,
// Summary and Finish belong to one goroutine; Reducers run beside it.
//
// The flow, a minute at a time:
//
//	Observe ─► window (client × leaf) ─► close: clients ─► series ─► detectors ─► tracker
type Engine struct {
	cfg       Config
	limits    limits
	syms      *symbols
	leaves    *leaves
	idents    *idents
	clients   clients
	users     users
	waves     waves
	doors     doors
	served    *served
	homes     homes
	open      []*window // slices, ordered by time
	minute    *window   // the slices sealed of the minute that is not yet handed over, nil = none
	haste     haste
	free      chan *window
	jobs      chan job
	noted     []noted // explanations since the last job
	newest    int64   // newest event time, Unix seconds; the watermark is late behind it
	late      int64   // seconds
	sealed    int32   // last slice that takes no more records
	handed    int32   // last minute handed over
	closed    int32   // last minute judged
	looked    int     // ages of the log at which it was looked for what is in force, see young
	began     int32   // minute of the earliest record, when that was handed over
	begun     bool
	first     int64
	ahead     ahead
	total     totals
	series    *seriesTable
	ring      ring
	notes     notes
	track     tracker
	collector collector // of the explanations
	pairs     pairs
	windows   int32 // judged so far
	stamp     uint32
	self      self
	space     *space
	behind    string // why the clients of the log are not the clients, "" = they are
	scratch   []int32
	sum       sum    // of the client that is looked at
	naming    uint64 // what was read ahead, see fetch: by the naming half ...
	judging   uint64 // ... and by the judging one
	calib     calibration
	tails     tails
	absent    absences
	ends      deadEnds
}

// limits are the bounds of the tables, derived from MaxMemory.
type limits struct{ clients, symbols, leaves, rows, pairs, facts, series int }

// bytes per entry, measured on amd64 with the maps that index them.
func limitsFor(mem int64) limits {
	if mem <= 0 {
		mem = 128 << 20
	}
	share := func(percent, size int64) int { return int(max(1024, mem/100*percent/size)) }
	return limits{
		clients: share(35, 298), symbols: share(10, 180), leaves: share(15, 280),
		rows: share(25, windowsAlive*100), pairs: share(5, 48), facts: share(12, 64*keepPages),
		series: max(leastSeries, share(17, 728)),
	}
}

// New returns an Engine.
func New(cfg Config) *Engine {
	if cfg.FalseAlarmsPerDay <= 0 {
		cfg.FalseAlarmsPerDay = 0.1
	}
	if len(cfg.DenyStatus) == 0 {
		cfg.DenyStatus = DefaultDenyStatus
	}
	if cfg.Lateness <= 0 {
		cfg.Lateness = time.Minute
	}
	if cfg.Patience <= 0 {
		cfg.Patience = 10 * time.Second
	}
	cfg.Patience = min(cfg.Patience, cfg.Lateness)
	if cfg.SourceName == nil {
		cfg.SourceName = func(int) string { return "" }
	}
	l := limitsFor(cfg.MaxMemory)
	e := &Engine{cfg: cfg, limits: l, syms: newSymbols(l.symbols), leaves: newLeaves(l.leaves), idents: newIdents(l.clients), clients: clients{list: newChunks[client](l.clients)},
		served: newServed(), homes: newHomes(), free: make(chan *window, 2*windowsAlive), sealed: -1 << 31, handed: -1 << 31, closed: -1 << 31}
	e.late = int64(cfg.Lateness / time.Second)
	if cfg.OnChange != nil {
		e.late = int64(cfg.Patience / time.Second)
	}
	e.series = newSeriesTable(l.series)
	e.space = e.newSpace()
	e.users.seen, e.waves.seen = map[uint32]*userSeen{}, map[uint64]*probed{}
	e.ends.seen = map[uint64]*deadEnd{}
	e.doors.seen = map[uint64]*door{}
	e.absent.index = map[uint32]int{}
	e.pairs = newPairs(l.pairs)
	e.ring.limit = l.facts
	e.notes.init()
	e.self.counts = map[uint32]int64{}
	return e
}

// Observe takes the records b.Records[lo:hi], which a Reducer has prepared.
func (e *Engine) Observe(b *ingest.Batch, lo, hi int) {
	list := b.Aux.(*reduced).obs
	for lo < hi {
		n := min(lo+fetch, hi)
		e.fetchNames(list[lo:n])
		for ; lo < n; lo++ {
			e.observe(&list[lo], &b.Records[lo], b.Source)
		}
	}
}

func (e *Engine) observe(o *obs, rec *ingest.Record, source int) {
	if rec.Kind == ingest.Explain {
		e.explainRecord(o, rec)
		return
	}
	if e.begun && !e.accept(o, rec, source) {
		return
	}
	e.take(o, rec, source)
}

// take counts a record whose time is plausible.
func (e *Engine) take(o *obs, rec *ingest.Record, source int) {
	e.total.count(o)
	if !e.begun {
		e.begun, e.first, e.newest = true, o.t, o.t
		e.sealed = slotOf(o.t-e.late) - 1
		e.handed = minuteOf(o.t-e.late) - 1
	}
	if o.t > e.newest {
		e.newest = o.t
		e.sealUntil(slotOf(o.t - e.late))
	}
	if o.t < e.first {
		e.first = o.t
	}
	s := slotOf(o.t)
	if s <= e.sealed {
		if e.newest-o.t > int64(e.cfg.Lateness/time.Second) {
			e.total.late++
			return
		}
		s = e.sealed + 1 // a live run has judged its time already
	}
	w := e.window(s)
	r, slot := w.find(o.key)
	if r == nil {
		if r = e.enter(w, slot, o, rec); r == nil {
			w.dropped++
			return
		}
	}
	r.count(o)
	if o.class == clDenied && r.by[clDenied] == 1 {
		w.refused = append(w.refused, r.client)
	}
	if o.class == clDenied && r.sample == 0 {
		r.sample = w.samples.add(source, rec)
	}
}

// enter makes the row for a client and leaf not yet seen in this slice.
func (e *Engine) enter(w *window, slot uint64, o *obs, rec *ingest.Record) *row {
	c, fresh := e.idents.get(e, o.client)
	if c == 0 {
		return nil
	}
	if fresh {
		e.describe(e.idents.list.at(c), rec)
	}
	e.idents.last[c] = max(e.idents.last[c], w.minute)
	r := w.add(o.key, slot, c, e.limits.rows/sliceShare)
	if r != nil {
		r.leaf = e.leaves.id(o, rec, e.syms)
		r.tmpl = o.tmpl
	}
	return r
}

// sliceShare is the part of a window's rows, one in so many, that one slice may fill.
const sliceShare = 3

// window returns the open slice s.
func (e *Engine) window(s int32) *window {
	i := len(e.open)
	for i > 0 && e.open[i-1].slot > s {
		i--
	}
	if i > 0 && e.open[i-1].slot == s {
		return e.open[i-1]
	}
	var w *window
	select {
	case w = <-e.free:
	default:
		w = newWindow()
	}
	w.reset(s)
	e.open = append(e.open, nil)
	copy(e.open[i+1:], e.open[i:])
	e.open[i] = w
	return w
}

// sealUntil seals all slices before slice s, and hands over what is complete.
func (e *Engine) sealUntil(s int32) {
	for len(e.open) > 0 && e.open[0].slot < s {
		e.sealOldest()
	}
	if s-1 <= e.sealed {
		return
	}
	e.sealed = s - 1
	m := minuteOf(int64(s) * slice)
	if e.minute != nil && e.minute.minute < m {
		e.handMinute(true)
	}
	if m-1 > e.handed {
		e.handed = m - 1
		e.hand(job{quiet: e.handed})
	}
}

// sealOldest adds the oldest slice to its minute. That is handed over when it
// is complete, and early when there is need for haste.
func (e *Engine) sealOldest() {
	w := e.open[0]
	copy(e.open, e.open[1:])
	e.open = e.open[:len(e.open)-1]
	e.sealed = w.slot
	if e.minute != nil && e.minute.minute != w.minute {
		e.handMinute(true)
	}
	fresh := e.haste.count(w, e.idents)
	if e.minute == nil {
		e.minute = w
	} else {
		e.minute.absorb(w, e.limits.rows)
		e.recycle(w)
	}
	if over := e.minute.until()%bucket == 0; over || fresh > 0 && e.haste.need() {
		e.handMinute(over)
	}
}

func (e *Engine) recycle(w *window) {
	select {
	case e.free <- w:
	default: // there are enough
	}
}

// handMinute hands the slices sealed so far over; over says that the minute has
// no more.
func (e *Engine) handMinute(over bool) {
	w := e.minute
	e.minute = nil
	if w.over = over; over {
		w.slot = slotOf(int64(w.minute+1)*bucket - 1)
		e.handed = w.minute
	}
	e.total.dropped += w.dropped
	e.hand(job{w: w})
}

// Advance says that the time is now, in a live run whose sources are idle, so
// that windows close.
func (e *Engine) Advance(now time.Time) {
	if e.begun && now.Unix() > e.newest {
		e.sealUntil(slotOf(now.Unix() - e.late))
	}
}

// Finish closes all windows and returns the whole result. An Engine that is
// not finished keeps a goroutine.
func (e *Engine) Finish() Summary {
	e.settle()
	for len(e.open) > 0 {
		e.sealOldest()
	}
	if e.minute != nil {
		e.handMinute(true)
	}
	e.stop()
	return e.Summary()
}

func minuteOf(t int64) int32 { return int32(floorDiv(t, bucket)) }
func slotOf(t int64) int32   { return int32(floorDiv(t, slice)) }
