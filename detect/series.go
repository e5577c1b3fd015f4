package detect

import (
	"math/bits"
	"slices"
)

// series follows one cohort with one condition (or everyone): how many of its
// clients were at risk, and how many were refused for the first time in an
// hour, minute by minute.
type series struct {
	// What each test needs comes first, in few lines of the cache.
	served  int64 // client-minutes served since the beginning
	refused int64 // first refusals since the beginning ...
	old     int64 // ... and those that were no news
	denied  int64 // refused requests since the beginning
	atRisk  int64 // clients at risk since the beginning
	lastA   int32 // minute in which clients were last at risk, ...
	lastD   int32 // ... and refused
	event   int32 // 1-based index of the open event it belongs to, 0 = none
	held    int32 // minute in which it last belonged to one
	ed      edetector
	A, D    int32 // the window last tested: at risk, newly refused
	O       int32 // ... refused, but that is an old story there
	S       int32 // ... served at least once
	waits   int32 // how many blocks wait
	parent  int32
	sym     uint32 // 0 = everyone
	first   int32  // minute first seen, ...
	firstD  int32  // ... first refused anew, 0 = never
	looked  int32  // minute in which an alarm of it was last looked into, 0 = never
	clean   int64  // clients at risk before the first refusal
	base    baseline
	blocks  [waiting]block // counts that wait to be learned, the oldest first
	fresh   freshRate      // rate of refusals that were news, for the expectations of the explanation
	dim     Dim
}

// block is five minutes of one series.
type block struct {
	at      int32 // minute / 5
	A, D, O uint16
	skip    bool // an event of this series was open: teaches nothing
	usual   bool // an alarm was looked into and there was nothing: teaches in full
}

// freshRate is a discounted ratio.
type freshRate struct{ d, n float64 }

func (f *freshRate) learn(d, n, keep float64) { f.d, f.n = keep*f.d+d, keep*f.n+n }

// rate is shrunk to the rate of the parent.
func (f *freshRate) rate(parent float64) float64 {
	return (f.d + priorWeight*parent) / (f.n + priorWeight)
}

const (
	blockMinutes = 5
	leastSeries  = 24000 // that there is room for, however little memory there is
	waiting      = guard/blockMinutes + 2
)

type seriesTable struct {
	limit   int       // of list
	list    []series  // list[0] is everyone
	now     []tallied // of the window being closed, for each series
	bySym   []int32   // number of the series of a symbol, 0 = none yet
	shown   []shown   // of each symbol, as long as it has no series
	byDim   [numDims]int
	touched []int32  // series touched in the window, in order, once it is closed
	marks   []uint64 // a bit for each that is
	hand    int32
	refused int64 // values that found no place, for the table was full of busy ones
}

// tallied is what the window being closed counts of one series. It is kept
// apart from what is seldom looked at, so that much of it stays near the
// processor.
type tallied struct {
	stamp  uint32 // window's client that touched it last
	listed uint32 // window that touched it last
	A, D   int32
	O, S   int32
	denied uint32 // requests
	bits   uint8  // what the client that touched it last met here
}

// shown says which clients have shown a value.
type shown struct {
	last    uint32 // client seen last, to see a second one
	clients uint16 // changes of client, up to the need of the dimension
}

func newSeriesTable(limit int) *seriesTable { return &seriesTable{limit: limit} }

// at returns the number of the series of a symbol, 0 if it has none.
func (st *seriesTable) at(sym uint32) int32 {
	if int(sym) >= len(st.bySym) {
		return 0
	}
	return st.bySym[sym]
}

// know makes room for the symbols up to sym.
func (st *seriesTable) know(sym uint32) {
	if n := int(sym) + 1 - len(st.bySym); n > 0 {
		st.bySym = append(st.bySym, make([]int32, n)...)
		st.shown = append(st.shown, make([]shown, n)...)
	}
}

// settle makes the list of the series touched.
func (st *seriesTable) settle() {
	st.touched = st.touched[:0]
	for k, m := range st.marks {
		for ; m != 0; m &= m - 1 {
			st.touched = append(st.touched, int32(k<<6+bits.TrailingZeros64(m)))
		}
		st.marks[k] = 0
	}
}

// root makes the series of everyone.
func (st *seriesTable) root(minute int32) {
	if len(st.list) == 0 {
		st.now, st.marks = append(st.now, tallied{}), append(st.marks, 0)
		st.list = append(st.list, series{parent: -1, base: newBaseline(rootRate, minute), first: minute, lastD: never, held: never})
		st.byDim[DimNone]++
		st.list[0].ed.reset(minute)
	}
}

// of returns the series of symbol id, making it when enough different clients
// have shown the value; -1 if it has none.
func (e *Engine) seriesOf(id uint32, client uint32, minute int32) int32 {
	st := e.series
	if s := st.at(id); s > 0 {
		return s
	}
	st.know(id)
	seen := &st.shown[id]
	if seen.last != client {
		seen.last = client
		if seen.clients < 1<<15 {
			seen.clients++
		}
	}
	sym := e.syms.list.at(id)
	if seen.clients < dims[sym.dim].need || dims[sym.dim].need == 0 {
		return -1
	}
	n := int32(len(st.list))
	if int(n) >= st.limit {
		if n = st.idle(minute, uint32(e.windows)); n < 0 {
			st.refused++
			return -1
		}
	} else {
		st.reserve()
		st.list, st.now = append(st.list, series{}), append(st.now, tallied{})
		st.marks = append(st.marks, make([]uint64, len(st.list)>>6+1-len(st.marks))...)
	}
	parent := int32(0)
	for up := sym.parent; up != 0; up = e.syms.list.at(up).parent {
		if s := st.at(up); s > 0 {
			parent = s
			break
		}
	}
	st.now[n] = tallied{}
	st.list[n] = series{sym: id, dim: sym.dim, parent: parent, base: newBaseline(st.list[parent].base.rate(), minute), first: minute, lastA: minute, lastD: never, held: never}
	st.byDim[sym.dim]++
	st.list[n].ed.reset(minute - 1)
	st.bySym[id] = n
	return n
}

// reserve makes room for twice as many series, but for no more than there may be.
func (st *seriesTable) reserve() {
	if n := len(st.list); n == cap(st.list) {
		st.list = slices.Grow(st.list, min(n, st.limit-n))
	}
}

// idle frees the place of a series that nobody has touched for an hour: of up
// to 64 looked at, the one idle longest.
func (st *seriesTable) idle(minute int32, window uint32) int32 {
	best := int32(-1)
	for range 64 {
		if st.hand++; int(st.hand) >= len(st.list) {
			st.hand = 1
		}
		s := &st.list[st.hand]
		if minute-s.lastA > epoch && s.event == 0 && st.now[st.hand].listed != window && (best < 0 || s.lastA < st.list[best].lastA) {
			best = st.hand
		}
	}
	if best > 0 {
		st.bySym[st.list[best].sym] = 0
		st.byDim[st.list[best].dim]--
	}
	return best
}

// remember adds this minute to the counts that wait. There is always room:
// learn takes away what is older than the guard.
func (s *series) remember(minute int32) {
	at := minute / blockMinutes
	if s.waits == 0 || s.blocks[s.waits-1].at != at {
		s.blocks[s.waits] = block{at: at}
		s.waits++
	}
	b := &s.blocks[s.waits-1]
	b.A = sat16(b.A, s.A)
	b.D = sat16(b.D, s.D)
	b.O = sat16(b.O, s.O)
	b.skip = b.skip || s.event != 0
}

// guard is how long (minutes) counts wait before they are learned, so that an
// incident that builds up slowly does not become normal before it is seen
// (the guard band of EARS C2 and Farrington's method). A young log waits less.
const guard = 30

// learn teaches the baseline all blocks that are old enough.
func (st *seriesTable) learn(s *series, minute, age int32) {
	wait := min(guard, age/2)
	if s.waits == 0 || (s.blocks[0].at+1)*blockMinutes > minute-wait {
		return
	}
	parent := rootRate
	if s.parent >= 0 {
		parent = st.list[s.parent].base.rate()
	}
	done, suspect := int32(0), s.suspect(minute)
	for ; done < s.waits; done++ {
		b := &s.blocks[done]
		if (b.at+1)*blockMinutes > minute-wait {
			break
		}
		known := int(b.D)
		if s.sym != 0 && !dims[s.dim].client {
			known += int(b.O) // a part of the site knows its standing refusals; where clients come from says nothing of them
		}
		w := s.base.trust(int(b.A), known)
		switch {
		case b.skip:
			w = 0
		case b.usual:
			w = 1
		case suspect:
			w = 0
		}
		keep := fast.after(b.at*blockMinutes - s.base.last)
		s.base.learn(b.at*blockMinutes, int(b.A), known, parent, w)
		s.fresh.learn(w*float64(b.D), w*float64(b.A), keep)
	}
	s.waits = int32(copy(s.blocks[:], s.blocks[done:s.waits]))
}

// suspect tells whether the counts that wait are far above what is usual, and
// the evidence is growing: they are not learned until it is decided on. An
// incident of a few clients an hour takes longer to show than the guard is wide.
// What rises little is learned, or every drift would be an incident.
func (s *series) suspect(minute int32) bool {
	d, n := 0.0, 0.0
	for i := range s.blocks[:s.waits] {
		d, n = d+float64(s.blocks[i].D), n+float64(s.blocks[i].A)
	}
	return d > 0 && d >= suspectShare*n && d >= suspectLift*n*s.base.envelope(minute) && s.ed.lnM() >= suspectNats
}

// dismiss takes the evidence of an alarm back that was looked into and is no
// incident. What made it is what the series is like, and is learned as that:
// or the alarm would be raised again and again.
func (s *series) dismiss(minute int32) {
	s.ed.reset(minute)
	for i := range s.blocks[:s.waits] {
		s.blocks[i].usual = true
	}
}

const (
	suspectShare = 0.2
	suspectLift  = 3
	suspectNats  = 3
)

func sat16(a uint16, b int32) uint16 { return uint16(min(int32(a)+b, 1<<16-1)) }
