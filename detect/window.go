package detect

import (
	"github.com/denylens/denylens/ingest"
)

// bucket is the length of a window in seconds.
const bucket = 60

// row is one client's use of one leaf in one window. Everything in it adds up,
// so the order of records within a window cannot matter.
type row struct {
	key    uint64
	tmpl   uint64
	client uint32
	leaf   uint32
	next   uint32 // next row of the same client, 0 = none
	n      uint32
	by     [numClasses]uint16 // answers by class, saturating
	flags  flags
	paths  uint64 // which of 64 classes of paths: a linear counter
	size   int32  // body size of the refusals, -1 if they differ
	status uint16
	sample uint16 // 1-based index into window.samples
	first  uint8  // second of the minute of the first refusal
	last   uint8
	why    [2]ingest.Why
	news   bool   // set when the window closes: a refusal that counts, see closeClient
	rule   uint32 // symbol of the rule that a note named
}

// window holds one minute while it is open.
type window struct {
	minute  int32
	rows    []row    // rows[0] is unused
	slots   []uint32 // open addressing over rows by key
	heads   []uint32 // latest row of each client, in order of appearance
	clients []uint32 // open addressing over heads by client, 1-based
	samples []Sample
	dropped int64 // requests of rows that found no place
}

func newWindow() *window {
	return &window{rows: make([]row, 1, 1024), slots: make([]uint32, 2048), clients: make([]uint32, 2048)}
}

func (w *window) reset(minute int32) {
	w.minute, w.rows, w.heads, w.dropped = minute, w.rows[:1], w.heads[:0], 0
	clear(w.slots)
	clear(w.clients)
	w.samples = nil
}

// find returns the row of key, or the slot where it belongs.
func (w *window) find(key uint64) (r *row, slot uint64) {
	mask := uint64(len(w.slots) - 1)
	for i := key & mask; ; i = (i + 1) & mask {
		id := w.slots[i]
		if id == 0 {
			return nil, i
		}
		if w.rows[id].key == key {
			return &w.rows[id], i
		}
	}
}

// add makes a row; nil if the window is full.
func (w *window) add(key uint64, slot uint64, c uint32, limit int) *row {
	if len(w.rows) >= limit {
		return nil
	}
	id := uint32(len(w.rows))
	w.rows = append(w.rows, row{key: key, client: c, first: 255})
	w.slots[slot] = id
	head := w.head(c)
	w.rows[id].next, *head = *head, id
	if len(w.rows)*2 > len(w.slots) {
		w.grow()
	}
	return &w.rows[id]
}

// head returns where the latest row of client c is noted, 0 = it has none yet.
func (w *window) head(c uint32) *uint32 {
	mask := uint32(len(w.clients) - 1)
	for i := c * spread & mask; ; i = (i + 1) & mask {
		switch k := w.clients[i]; {
		case k == 0:
			w.heads = append(w.heads, 0)
			w.clients[i] = uint32(len(w.heads))
			return &w.heads[len(w.heads)-1]
		case w.rows[w.heads[k-1]].client == c:
			return &w.heads[k-1]
		}
	}
}

// spread makes neighbouring numbers of clients far apart (Fibonacci hashing).
const spread = 2654435769

func (w *window) grow() {
	w.clients = make([]uint32, len(w.slots)*2)
	for k, h := range w.heads {
		mask := uint32(len(w.clients) - 1)
		i := w.rows[h].client * spread & mask
		for w.clients[i] != 0 {
			i = (i + 1) & mask
		}
		w.clients[i] = uint32(k + 1)
	}
	w.slots = make([]uint32, len(w.slots)*2)
	mask := uint64(len(w.slots) - 1)
	for id := 1; id < len(w.rows); id++ {
		i := w.rows[id].key & mask
		for w.slots[i] != 0 {
			i = (i + 1) & mask
		}
		w.slots[i] = uint32(id)
	}
}

// count adds one observation to a row.
func (r *row) count(o *obs) {
	r.n++
	if r.by[o.class] < 1<<16-1 {
		r.by[o.class]++
	}
	r.flags |= o.flags
	r.paths |= 1 << (o.raw >> 58)
	if o.class != clDenied {
		return
	}
	sec := uint8(o.t - floorDiv(o.t, bucket)*bucket)
	if r.by[clDenied] == 1 {
		r.size, r.status = o.bytes, o.status
	} else if r.size != o.bytes {
		r.size = -1
	}
	r.first, r.last = min(r.first, sec), max(r.last, sec)
	r.because(o.why)
}

func (r *row) because(w ingest.Why) {
	switch {
	case w == ingest.WhyUnknown || r.why[0] == w || r.why[1] == w:
	case r.why[0] == 0 || w < r.why[0]:
		r.why[0], r.why[1] = w, r.why[0]
	case r.why[1] == 0 || w < r.why[1]:
		r.why[1] = w
	}
}
