package detect

import (
	"slices"

	"github.com/denylens/denylens/ingest"
)

// fact is what is kept of one row of a closed window for a while, to explain
// an alarm and to follow an open event: which client, with which attributes,
// met what. Refused clients are all kept; of the others a sample by client
// hash, with weight.
type fact struct {
	client  uint32
	check   uint32 // low bits of the client's hash: the slot may belong to another one later
	leaf    uint32
	attr    [5]uint32 // country, asn, wide network, network, user
	n       uint16
	asked   uint16 // requests of the client in this window, all rows
	denied  uint16
	weight  float32
	flags   flags
	size    int32
	rule    uint32 // symbol of the rule a note named
	status  uint16
	sample  uint16
	met     uint8 // bits: which classes of answers
	first   bool  // first refusal of this client for an hour
	known   bool  // others are served this template, or nearly all are where it is
	before  bool  // the client was served before, and used the site as others do
	hostile bool
	recent  bool // the client was refused within the hour
	old     bool // the client was served before this window
	legit   int8 // legitimacy of the client before this window, in tenths of a nat
	sec     uint8
	why     [2]ingest.Why
}

func (f *fact) has(c class) bool { return f.met&(1<<c) != 0 }

// page holds the facts of one window.
type page struct {
	minute  int32
	window  int32 // its number
	until   int64 // Unix second of its end
	over    bool  // no further part of its minute will come
	all     control
	facts   []fact
	samples samples
}

// ring keeps the pages of the last minutes.
type ring struct {
	pages []page // ordered by minute
	limit int    // facts a page
	kept  int    // facts in all pages
	from  int32  // minute from which on all pages are kept
	free  [][]fact
	lost  int64
}

// Pages are kept for keepPages minutes, and where little happens for keepLong,
// as long as they hold no more than fewFacts: on a quiet site an incident takes
// hours to show. There are no more than maxPages of them: a minute may have come
// in parts.
const (
	keepPages  = 45
	keepLong   = 360
	fewFacts   = 20_000
	spareFacts = 4 // tables of pages that are gone wait for new ones; more come at once when a minute came in parts
	maxPages   = 420
)

// turn returns an empty page for a window.
func (r *ring) turn(w *window, number int32) *page {
	if n := len(r.pages); n > 0 {
		r.kept += len(r.pages[n-1].facts)
	}
	gone := 0
	for gone < len(r.pages) && r.stale(gone, w.minute) {
		old := &r.pages[gone]
		r.kept -= len(old.facts)
		r.from = old.minute + 1
		if len(r.free) < spareFacts {
			r.free = append(r.free, old.facts[:0])
		}
		gone++
	}
	kept := copy(r.pages, r.pages[gone:])
	clear(r.pages[kept:])
	r.pages = append(r.pages[:kept], page{minute: w.minute, window: number, until: w.until(), over: w.over})
	p := &r.pages[kept]
	if n := len(r.free); n > 0 {
		p.facts, r.free = r.free[n-1], r.free[:n-1]
	}
	return p
}

// stale tells whether the page at i is not to be kept at minute, the ones before
// it being gone.
func (r *ring) stale(i int, minute int32) bool {
	age, n := minute-r.pages[i].minute, len(r.pages)-i
	return age >= keepLong || n >= maxPages || age >= keepPages && (n >= keepPages && r.kept > fewFacts)
}

// reach is the minute from which on pages are at hand, or from if that is later.
func (r *ring) reach(from int32) int32 { return max(from, r.from) }

// anyFact tells whether one of facts is so. They are big: none is copied.
func anyFact(facts []fact, so func(*fact) bool) bool {
	for i := range facts {
		if so(&facts[i]) {
			return true
		}
	}
	return false
}

// span is where a client's facts are in a page.
type span struct{ lo, hi int32 }

// spans lists where the facts of some clients are, in the order of the page.
func (e *Engine) spans(members map[uint64]bool, p *page) []span {
	var out []span
	if p != &e.ring.pages[len(e.ring.pages)-1] {
		for i := range p.facts {
			if members[p.facts[i].clientKey()] {
				out = append(out, span{int32(i), int32(i + 1)})
			}
		}
		return out
	}
	for k := range members {
		if c := e.clients.known(k); c != nil && c.kept == p.window {
			out = append(out, c.facts)
		}
	}
	slices.SortFunc(out, func(a, b span) int { return int(a.lo - b.lo) })
	return out
}

// since returns the pages from minute on.
func (r *ring) since(minute int32) []page {
	i := len(r.pages)
	for i > 0 && r.pages[i-1].minute >= minute {
		i--
	}
	return r.pages[i:]
}

// served remembers which templates were served, and to whom: a path that
// others are served is a path of the site, one that nobody is served a guess.
// Two generations bound it.
type served struct {
	cur, old *dict[uint32]
	many     [4096]uint64  // direct-mapped: templates of cur known to be served to several clients
	denied   recent[int32] // templates refused and never served: minute of the first refusal
}

const (
	servedLimit = 1 << 17
	servedMany  = 1<<32 - 1
)

func newServed() *served {
	return &served{cur: newDict[uint32](), old: newDict[uint32](), denied: newRecent[int32](servedLimit)}
}

// to returns the client that is served tmpl, servedMany if there are several; 0
// if there is none.
func (s *served) to(tmpl uint64) uint32 {
	if s.many[tmpl>>52] == tmpl && tmpl != 0 {
		return servedMany
	}
	if v := s.cur.find(tmpl); v != nil {
		return *v
	}
	if v := s.old.find(tmpl); v != nil {
		return *v
	}
	return 0
}

// touch reads where tmpl is looked up.
func (s *served) touch(tmpl uint64) uint64 {
	if s.many[tmpl>>52] == tmpl {
		return 0
	}
	return s.cur.touch(tmpl)
}

// standing notes a refusal of tmpl and tells whether it is an old story: served
// to nobody, or to one client only, and refused in an earlier minute.
func (s *served) standing(tmpl uint64, minute int32) bool {
	if s.to(tmpl) == servedMany {
		return false
	}
	return s.denied.keep(tmpl, minute) < minute
}

func (s *served) mark(tmpl uint64, client uint32) {
	m := &s.many[tmpl>>52]
	if *m == tmpl && tmpl != 0 {
		return
	}
	v := s.cur.find(tmpl)
	if v == nil {
		first := client
		if o := s.old.find(tmpl); o != nil {
			first = *o
		}
		if s.cur.n >= servedLimit {
			s.old, s.cur = s.cur, s.old
			s.cur.reset()
			s.many = [4096]uint64{}
		}
		v = s.cur.put(tmpl)
		*v = first
	}
	if *v != client {
		*v, *m = servedMany, tmpl
	}
}

// others tells whether somebody other than client is served tmpl.
func (s *served) others(tmpl uint64, client uint32) bool {
	v := s.to(tmpl)
	return v != 0 && v != client
}

// ever tells whether anybody is served tmpl.
func (s *served) ever(tmpl uint64) bool { return s.to(tmpl) != 0 }

// pairs remembers when a client was last refused in a series: only the first
// refusal in an hour is an event, all others are echoes.
type pairs struct {
	at      map[uint64]int32
	limit   int
	swept   int32 // minute of the last sweep: one a minute is enough
	refused int64
}

const epoch = 60 // minutes

func newPairs(limit int) pairs { return pairs{at: make(map[uint64]int32), limit: limit} }

func pairKey(c *client, series int32) uint64 { return mix(c.hash, uint64(series)+k1) }

// affected tells whether the client was refused in the series within the epoch.
func (p *pairs) affected(key uint64, minute int32) bool {
	at, ok := p.at[key]
	return ok && minute-at <= epoch
}

// sweep forgets what is older than the epoch.
func (p *pairs) sweep(minute int32) {
	if p.swept == minute {
		return
	}
	p.swept = minute
	for k, at := range p.at {
		if minute-at > epoch {
			delete(p.at, k)
		}
	}
}

func (p *pairs) mark(key uint64, minute int32) {
	if _, ok := p.at[key]; !ok && len(p.at) >= p.limit {
		p.sweep(minute)
		if len(p.at) >= p.limit {
			p.refused++
			return
		}
	}
	p.at[key] = minute
}
