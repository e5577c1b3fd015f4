package detect

const maxSamples = 256

// What a client met in a series within one window.
const (
	metServed uint8 = 1 << iota
	metDenied
	metOld // a refusal that is no news
)

// close takes a finished window through the whole flow: first all that is
// served is noted, so that no order of clients matters, then each client is
// judged and counted into its series, then each series is tested.
func (e *Engine) close(w *window) {
	if e.windows%10 == 0 {
		e.behind = e.proxies()
	}
	e.windows++
	st := e.series
	st.root(w.minute)
	for i := 1; i < len(w.rows); i++ {
		r := &w.rows[i]
		if i+fetch < len(w.rows) {
			next := &w.rows[i+fetch]
			e.judging ^= e.served.touch(next.tmpl) ^ uint64(e.leaves.list.at(next.leaf).refer)
		}
		if r.by[clOK] > 0 && r.flags&fProbe == 0 {
			e.served.mark(r.tmpl, r.client)
		}
	}
	e.self.count(w, e.leaves)
	p := e.ring.turn(w, e.windows)
	p.samples = w.samples.clone()
	e.absent.turn(e, p)
	sample := sampling(len(w.rows), e.ring.limit/keepServed)
	for k, h := range w.heads {
		if k%fetchAhead == 0 {
			e.fetchClients(w, w.heads[k:min(k+fetchAhead, len(w.heads))])
		}
		e.closeClient(w, h, p, sample)
	}
	e.notes.purge(w.minute)
	e.raids(w.minute)
	alarms := e.test(w.minute)
	e.track.observe(e, p, alarms)
}

// keepServed is the part of a page, one in so many, that clients without a
// refusal may fill: a sample of them says how many are at risk.
const keepServed = 4

// sampling returns the mask of hash bits that must be zero for an unaffected
// client to be kept among the facts.
func sampling(rows, limit int) uint64 {
	mask := uint64(0)
	for rows>>1 > limit {
		mask, rows = mask<<1|1, rows>>1
	}
	return mask
}

// sum is one client's window.
type sum struct {
	n, ok, denied, auth, miss, limited uint32
	always                             uint32 // refusals of what is refused to everybody, or to many for long, or never served to anybody and linked by no page
	flags                              flags
	fails, hits, oks, probes           uint16
	assets, pages, refs                uint16
	tries, signins                     uint32 // sign-ins that failed, that succeeded
	read, readRefs                     uint32 // pages and referers of a browser, by its name
	same                               uint32 // requests of the commonest template
	looped                             bool   // ... which is a picture or the like
	doors                              uint32 // requests of paths that sign people in
	door                               uint64 // template to which a sign-in was sent, ...
	doorLeaf                           uint32
	doorMiss                           bool  // ... and was not there
	deniedFirst, okLast                uint8 // seconds of the minute: of the first refusal, 255 = none, and after the last answer that served it
}

func (e *Engine) closeClient(w *window, head uint32, p *page, mask uint64) {
	id := w.rows[head].client
	c := e.clients.of(id, e.idents.list.at(id))
	c.renew(w.minute)
	s := &e.sum
	*s = e.summarise(w, head, id, c)
	legit := 0.0 // asked for of the refused only
	if s.denied > 0 {
		c.home = c.home || e.homes.shared(c, w.minute)
		legit = legitimacy(c, s.flags)
	}
	hostile := c.hostile()
	if !hostile {
		e.countSeries(w, head, id, c, s.denied > 0)
	}
	weight := float32(1)
	if !hostile && s.denied == 0 && (c.deniedAt < 0 || w.minute-c.deniedAt > epoch) {
		if c.hash>>8&mask != 0 {
			weight = 0
		}
		weight *= float32(mask + 1)
	}
	if weight > 0 {
		e.keep(w, head, c, p, weight, hostile, legit)
	}
	if s.denied > 0 {
		e.absent.turnedAway(c, e.leaves.list.at(w.rows[head].leaf))
	}
	if c.arrives(w.minute, s) {
		e.absent.visit(c, e.leaves.list.at(w.rows[head].leaf))
	}
	e.learnClient(c, w.minute, s)
	if c.turned == 0 && s.servedFirst() && c.loadsPages() { // what it was served first tells who it is
		legit = legitimacy(c, s.flags)
		if weight > 0 {
			for i := c.facts.lo; i < c.facts.hi; i++ {
				p.facts[i].legit = tenths(legit)
			}
		}
	}
	e.walk(c, id, w.minute, *s)
	e.misuse(c, id, w.minute, s)
	if c.user != 0 && s.ok > 0 {
		e.use(c, w.minute)
		e.homes.serve(c, w.minute)
	}
	e.turn(c, id, w.minute, *s, legit)
}

// summarise adds up a client's rows and sees which templates are new to it.
func (e *Engine) summarise(w *window, head, id uint32, c *client) (s sum) {
	blocked := c.blocked(w, head)
	s.deniedFirst = 255
	for i := head; i != 0; i = w.rows[i].next {
		r := &w.rows[i]
		if r.flags&(fDoubt|fAsset) == fDoubt && r.by[clOK] == 0 && !e.served.others(r.tmpl, id) {
			r.flags |= fProbe
		}
		s.n += r.n
		s.ok += uint32(r.by[clOK])
		s.denied += uint32(r.by[clDenied])
		s.auth += uint32(r.by[clAuth])
		s.miss += uint32(r.by[clMiss])
		s.limited += uint32(r.by[clLimited])
		s.flags |= r.flags
		s.deniedFirst, s.okLast = min(s.deniedFirst, r.first), max(s.okLast, r.okLast)
		if r.flags&fAsset != 0 {
			s.assets = add16(s.assets, r.n)
		} else {
			s.pages = add16(s.pages, r.n)
		}
		if r.flags&fReferer != 0 {
			s.refs = add16(s.refs, r.n)
		}
		if e.behind != "" && r.flags&fProbe != 0 && r.by[clDenied]+r.by[clMiss] > 0 {
			e.kit(r, c, w.minute)
		}
		owned := r.by[clDenied] > 0 && e.track.owns(e, c, r) // an incident's, and no fault of the client
		s.habits(r, owned)
		c.objects.add(r, owned || r.flags&fObject != 0 && r.by[clDenied] > 0 && e.track.partly(e, c, r))
		if r.by[clDenied] > 0 {
			r.news = !e.served.standing(r.tmpl, w.minute) && r.flags&fProbe == 0
			l := e.leaves.list.at(r.leaf)
			if linked := r.flags&(fAsset|fReferer) == fAsset|fReferer; !linked && !e.served.ever(r.tmpl) || e.alwaysRefused(l) || e.oftenRefused(l, w.minute) {
				s.always += uint32(r.by[clDenied])
			}
			if r.why[0] == 0 {
				e.notes.join(r, c, w.minute)
			}
		}
		e.deadEnd(r, c, &s, owned, w.minute)
		if !owned && !blocked || r.flags&fProbe != 0 {
			e.template(r, id, c, &s, w.minute)
		}
	}
	return s
}

// blocked tells whether a client that was served for a while is refused
// whatever it asks for: it has lost its access, and looks for nothing.
func (c *client) blocked(w *window, head uint32) bool {
	if c.ok < turnedHistory || uint64(c.ok) < 2*uint64(c.miss) {
		return false
	}
	for i := head; i != 0; i = w.rows[i].next {
		if r := &w.rows[i]; uint32(r.by[clDenied]) != r.n {
			return false
		}
	}
	return true
}

// template counts a template once a client: as a hit if others are served it,
// as a fail if it was missed or refused and nobody else is served it.
func (e *Engine) template(r *row, id uint32, c *client, s *sum, minute int32) {
	switch {
	case r.by[clOK] > 0:
		if !c.okSketch.add(r.tmpl) {
			return
		}
		s.oks++
		if e.served.others(r.tmpl, id) {
			s.hits++
		}
	case r.flags&(fAsset|fReferer) == fAsset|fReferer && r.flags&fProbe == 0:
		// A page of the site links to a picture that is not there.
	case r.by[clDenied]+r.by[clMiss] > 0 && !e.served.others(r.tmpl, id):
		if c.failSketch.add(r.tmpl) {
			s.fails++
			if r.flags&fProbe != 0 {
				s.probes++
			}
			if c.fails == 0 && r.flags&(fAsset|fReferer) == 0 && r.flags&(fBot|fFakeBot) != fBot && !c.hostile() {
				e.probe(r, minute)
			}
		}
	}
}

// countSeries counts a client once into each series it touched.
func (e *Engine) countSeries(w *window, head, id uint32, c *client, denied bool) {
	st := e.series
	e.stamp++
	list := e.scratch[:0]
	list = e.touch(list, 0, w.minute)
	for _, v := range c.values() {
		if v != 0 {
			list = e.touch(list, e.seriesOf(v, id, w.minute), w.minute)
		}
	}
	own := len(list) // of everyone and of the client's values
	var all uint8
	var refused uint32
	var lastValue [leafValues]uint32
	var lastSeries [leafValues]int32 // rows of one client mostly say the same
	for i := head; i != 0; i = w.rows[i].next {
		r := &w.rows[i]
		bits, n := e.meets(c, r), uint32(r.by[clDenied])
		all |= bits
		refused += n
		for k, v := range e.leaves.list.at(r.leaf).values() {
			if v == 0 {
				continue
			}
			if v != lastValue[k] {
				s := e.seriesOf(v, id, w.minute)
				lastValue[k], lastSeries[k] = v, s
				list = e.touch(list, s, w.minute)
			}
			if s := lastSeries[k]; s >= 0 {
				now := &st.now[s]
				now.bits |= bits
				now.denied += n
			}
		}
	}
	for _, s := range list[:own] {
		now := &st.now[s]
		now.bits |= all
		now.denied += refused
	}
	e.scratch = list
	recent := c.deniedAt >= 0 && w.minute-c.deniedAt <= epoch
	for _, s := range list {
		e.countOne(&st.now[s], s, c, w.minute, recent, denied)
	}
}

// meets tells what a client met in a row.
func (e *Engine) meets(c *client, r *row) (bits uint8) {
	if r.by[clOK] > 0 {
		bits |= metServed
	}
	if r.news && !e.track.owns(e, c, r) {
		bits |= metDenied
	} else if r.by[clDenied] > 0 {
		bits |= metOld
	}
	return bits
}

// touch puts series s on the client's list, and on the window's.
func (e *Engine) touch(list []int32, s int32, minute int32) []int32 {
	if s < 0 {
		return list
	}
	x := &e.series.now[s]
	if x.stamp == e.stamp {
		return list
	}
	if x.listed != uint32(e.windows) {
		*x = tallied{listed: uint32(e.windows)}
		e.series.marks[s>>6] |= 1 << (s & 63)
	}
	x.stamp, x.bits = e.stamp, 0
	return append(list, s)
}

func (e *Engine) countOne(x *tallied, s int32, c *client, minute int32, recent, denied bool) {
	affected := false
	if recent || denied && x.bits&(metDenied|metOld) != 0 {
		key := pairKey(c, s)
		affected = recent && e.pairs.affected(key, minute)
		if x.bits&(metDenied|metOld) != 0 {
			e.pairs.mark(key, minute)
		}
	}
	if x.bits&metServed != 0 {
		x.S++
	}
	if affected {
		return
	}
	x.A++
	switch {
	case x.bits&metDenied != 0:
		x.D++
	case x.bits&metOld != 0:
		x.O++
	}
}

// keep stores a client's rows as facts.
func (e *Engine) keep(w *window, head uint32, c *client, p *page, weight float32, hostile bool, legit float64) {
	for i := head; i != 0; i = w.rows[i].next {
		r := &w.rows[i]
		r.news = r.news && !e.pairs.affected(e.pathKey(c, r), w.minute)
	}
	before := c.ok >= 2 && c.probes == 0 && c.fails <= c.oks
	c.kept, c.facts = e.windows, span{int32(len(p.facts)), int32(len(p.facts))}
	for i := head; i != 0; i = w.rows[i].next {
		r := &w.rows[i]
		if r.by[clDenied] > 0 {
			e.pairs.mark(e.pathKey(c, r), w.minute)
		}
		if len(p.facts) >= e.ring.limit {
			e.ring.lost++
			return
		}
		f := fact{client: r.client, check: uint32(c.hash), leaf: r.leaf, attr: c.values(), n: uint16(min(r.n, 1<<16-1)), denied: r.by[clDenied],
			weight: weight, flags: r.flags, size: r.size, status: r.status, sample: r.sample, first: r.news, known: r.by[clDenied] > 0 && (e.served.others(r.tmpl, r.client) || e.given(e.leaves.list.at(r.leaf))), before: before, hostile: hostile, recent: c.deniedAt >= 0 && w.minute-c.deniedAt <= epoch || r.by[clDenied] > 0,
			old: c.ok > 0 || c.home, legit: tenths(legit), sec: r.first, why: r.why, rule: r.rule}
		for k, n := range r.by {
			if n > 0 {
				f.met |= 1 << k
			}
		}
		p.facts = append(p.facts, f)
		p.all.add(&f)
		c.facts.hi++
	}
}

// tenths is a log-odds as a fact keeps it.
func tenths(nats float64) int8 { return int8(max(-60, min(60, nats*10))) }

// pathKey identifies a client and the deepest followed path of a row.
func (e *Engine) pathKey(c *client, r *row) uint64 {
	l := e.leaves.list.at(r.leaf)
	deep := l.path[0]
	for _, p := range l.path[1:] {
		if p != 0 {
			deep = p
		}
	}
	return mix(c.hash, uint64(deep)<<24|uint64(l.host)|1<<60)
}

// learnClient brings a client's history up to date.
func (e *Engine) learnClient(c *client, minute int32, s *sum) {
	c.minutes++
	if h := minute / 60; h != c.lastHour {
		c.lastHour = h
		c.hours = add16(c.hours, 1)
	}
	c.ok, c.denied, c.auth = add32(c.ok, s.ok), add32(c.denied, s.denied), add32(c.auth, s.auth)
	c.miss, c.limited = add32(c.miss, s.miss), add32(c.limited, s.limited)
	c.assets, c.pages, c.refs = add16(c.assets, uint32(s.assets)), add16(c.pages, uint32(s.pages)), add16(c.refs, uint32(s.refs))
	c.fails, c.oks, c.probes = add16(c.fails, uint32(s.fails)), add16(c.oks, uint32(s.oks)), add16(c.probes, uint32(s.probes))
	c.flags |= s.flags
	c.habits.learn(s, minute)
	e.total.between[c.middle] += uint64(s.n)
	if c.user != 0 && s.ok > 0 {
		c.userOK = true
	}
	if s.denied > 0 {
		if c.deniedAt < 0 {
			e.clients.denied.add(c.hash)
			e.total.deniedClients++
		}
		c.deniedAt = minute
	}
}

func add16(a uint16, b uint32) uint16 { return uint16(min(uint32(a)+b, 1<<16-1)) }
func add32(a, b uint32) uint32        { return uint32(min(uint64(a)+uint64(b), 1<<32-1)) }
