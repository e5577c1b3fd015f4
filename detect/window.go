package detect

import (
	"time"

	"github.com/denylens/denylens/ingest"
)

// Lengths in seconds. Records are sorted into slices; the slices of a minute
// make a window, which is judged when the minute is over or, in parts, when
// clients are newly refused (see haste).
const (
	bucket = 60
	slice  = 10
)

// Slice is how often, in event time, something may be judged.
const Slice = slice * time.Second

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
	first  uint8  // second of the minute of the first refusal, 255 = none
	last   uint8
	okLast uint8 // second after that of the last answer that served it, 0 = none
	why    [2]ingest.Why
	news   bool   // set when the window closes: a refusal that counts, see closeClient
	rule   uint32 // symbol of the rule that a note named
}

// window holds a slice while it is open, and then what a minute, or a part of
// one, adds up to.
type window struct {
	minute  int32
	slot    int32    // the latest slice in it
	over    bool     // the minute is over: this is all of it, or its last part
	rows    []row    // rows[0] is unused
	slots   []uint32 // open addressing over rows by key
	heads   []uint32 // latest row of each client, in order of appearance
	clients []uint32 // open addressing over heads by client, 1-based
	samples samples
	refused []uint32 // rows with refusals, in no order
	dropped int64    // requests of rows that found no place
}

// until is the Unix second at which the window ends.
func (w *window) until() int64 { return int64(w.slot+1) * slice }

func newWindow() *window {
	return &window{rows: make([]row, 1, 1024), slots: make([]uint32, 2048), clients: make([]uint32, 2048)}
}

func (w *window) reset(slot int32) {
	w.minute, w.slot, w.over, w.dropped = minuteOf(int64(slot)*slice), slot, false, 0
	if len(w.slots) > 2048 && len(w.rows)*32 < len(w.slots) { // grown by a burst that is over
		*w = window{minute: w.minute, slot: slot, rows: make([]row, 1, 1024), slots: make([]uint32, 2048), clients: make([]uint32, 2048)}
		return
	}
	w.empty()
	w.rows, w.heads, w.refused = w.rows[:1], w.heads[:0], w.refused[:0]
	w.samples.reset()
}

// empty clears slots and clients: all of them, or where there are few rows, from
// the place of each to the next that is empty.
func (w *window) empty() {
	if len(w.rows)*8 > len(w.slots) {
		clear(w.slots)
		clear(w.clients)
		return
	}
	mask := len(w.slots) - 1
	for i := 1; i < len(w.rows); i++ {
		for k := int(w.rows[i].key) & mask; w.slots[k] != 0; k = (k + 1) & mask {
			w.slots[k] = 0
		}
	}
	for _, h := range w.heads {
		for k := int(w.rows[h].client*spread) & mask; w.clients[k] != 0; k = (k + 1) & mask {
			w.clients[k] = 0
		}
	}
}

// absorb adds a later slice of the same minute.
func (w *window) absorb(o *window, limit int) {
	w.slot = o.slot
	w.dropped += o.dropped
	for i := 1; i < len(o.rows); i++ {
		x := &o.rows[i]
		r, slot := w.find(x.key)
		if r == nil {
			if r = w.add(x.key, slot, x.client, limit); r == nil {
				w.dropped += int64(x.n)
				continue
			}
			next := r.next
			*r = *x
			r.next, r.sample = next, 0
		} else {
			r.absorb(x)
		}
		if r.sample == 0 && x.sample > 0 {
			r.sample = w.samples.take(&o.samples, x.sample)
		}
	}
}

// absorb adds a later row of the same client and leaf.
func (r *row) absorb(x *row) {
	if x.by[clDenied] > 0 {
		if r.by[clDenied] == 0 {
			r.size, r.status = x.size, x.status
		} else if r.size != x.size {
			r.size = -1
		}
	}
	r.n += x.n
	for k := range r.by {
		r.by[k] = uint16(min(uint32(r.by[k])+uint32(x.by[k]), 1<<16-1))
	}
	r.flags |= x.flags
	r.paths |= x.paths
	r.first, r.last, r.okLast = min(r.first, x.first), max(r.last, x.last), max(r.okLast, x.okLast)
	r.because(x.why[0])
	r.because(x.why[1])
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

// count adds one observation to a row. Its second is that of its own minute: one
// that comes late may be counted in a later one.
func (r *row) count(o *obs) {
	r.n++
	if r.by[o.class] < 1<<16-1 {
		r.by[o.class]++
	}
	r.flags |= o.flags
	r.paths |= 1 << (o.raw >> 58)
	sec := uint8(o.t - floorDiv(o.t, bucket)*bucket)
	if o.class == clOK {
		r.okLast = max(r.okLast, sec+1)
	}
	if o.class != clDenied {
		return
	}
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
