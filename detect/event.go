package detect

import (
	"math"
	"slices"
)

// origin is which detector opened an event.
type origin uint8

const (
	bySurge origin = iota
	byTurn
	byScan
	byShare
	byWave
	byStart // it ran already when the log began
	byAbsence
	byDeadEnd
	byRaid
)

// event is one incident in the making.
type event struct {
	number   int32
	id       string
	frozen   *Incident // the last word on an event that can no longer change
	firstAt  int64     // Unix second of the first refusal taken in
	origin   origin
	habit    uint8 // byScan: 1-based number of the habit, 0 = guessing paths
	cohorts  []conj
	client   uint64 // byTurn: key of the client; byScan: of the first one
	user     uint32 // its user
	network  uint32 // its network
	clients  map[uint64]clientSeen
	members  map[uint64]bool // byTurn, byScan: whose facts count
	onset    int32
	noticed  int64   // Unix second of the end of the window in which it was opened
	lastD    int32   // minute of the latest refusal in the cohort, ...
	wasD     int32   // ... and what it was before this minute
	left     int32   // minute of the last page taken in
	hidden   bool    // byStart: in force since the log began, so a standing denial until it ends
	limited  float64 // a limit of rates: it refuses who asks more often a minute; 0 = none
	ended    bool
	healed   bool // ... for the cohort was served again
	end      int32
	lnPeak   float64
	before   float64 // share of the cohort's clients refused a minute before the onset
	beside   beside  // found beside the cohorts when they were last looked at
	quiet    int     // windows in a row in which the cohort was served again
	calm     int     // clients served in those
	now      tally   // of the minute that is not over yet
	first    float64 // hidden: clients of the cohort served before the first refusal
	spared   float64 // clients of the cohort served since the last refusal
	age      int     // windows since opening
	nDenied  int     // clients refused
	refusing int32   // windows with refusals
	f        features
	alone    refusals  // those in f that no other open surge explains: they tell why
	idle     meanwhile // since the last refusal, not yet in f
	spark    []float64
	sparkAt  int32
	samples  []Sample
	lost     int64 // clients not told apart any more
	told     told
	due      float64 // byAbsence: visits that should have begun (byDeadEnd: requests refused; byRaid: strangers usual in an hour), and ...
	sure     bool    // byDeadEnd: people were among them
	came     float64 // ... those that did
	span     int32   // byRaid: minutes that it took to show
	leaps    int     // byShare: between places too far apart, 0 if it was caught by their number
	okEnd    uint32  // byTurn: what the client had been served when it ended
}

// told is what subscribers were told last, to tell them of material change only.
type told struct {
	kind     Kind
	cause    string
	severity Severity
}

// clientSeen is what an event knows of one client of its cohort.
type clientSeen struct {
	denied    bool
	served    bool  // in the cohort, during the event
	late      bool  // ... in an earlier window than its first refusal
	old       bool  // and before the event
	elsewhere bool  // outside the cohort, after its first refusal
	healed    bool  // in the cohort, in a later window than a refusal
	signed    bool  // signed in, or got a token, after a refusal
	legit     int8  // tenths of nats before its first refusal
	first     int32 // minute of its first refusal
	since     int32 // minute in which it was served first
	back      int32 // minute in which it was served again
	requests  int32
	came      int32 // minute in which it came to the cohort first
}

const (
	maxEventClients = 1 << 15
	sparkMinutes    = 60
	calmWindows     = 3
	calmSample      = 3
	quietMinutes    = 30
	maxQuiet        = 360
)

// match says whether a fact belongs to the event.
func (ev *event) match(e *Engine, f *fact) bool {
	if ev.members != nil {
		return ev.members[f.clientKey()]
	}
	if f.denied > 0 && !f.known && len(ev.cohorts[0]) == 0 {
		return false // refused to everybody anyway
	}
	if ev.limited > 0 && f.denied > 0 && (!f.known || float64(f.asked) <= ev.limited) {
		return false // refused by something else
	}
	return e.inAny(ev.cohorts, f)
}

// taking is what one page does to an event.
type taking struct {
	ev   *event
	e    *Engine
	p    *page
	last uint64
	tally
	inside control
	turn   turn
	page   meanwhile
	beside []*event // other open surges, once looked for
	looked bool
}

// tally counts the clients of a cohort in one window.
type tally struct {
	refused, atRisk, servedNow float64
	seen                       int // the served ones of which facts are kept
}

// take adds the facts of one page to the event.
func (ev *event) take(e *Engine, p *page) {
	t := taking{ev: ev, e: e, p: p}
	if ev.members == nil {
		for i := range p.facts {
			t.cohort(&p.facts[i], true)
		}
	} else {
		t.members()
	}
	t.end()
}

// cohort takes a fact if it belongs to the cohort, and else what a client of
// the cohort meets elsewhere. may says that it may belong.
func (t *taking) cohort(f *fact, may bool) {
	if may && t.ev.match(t.e, f) {
		t.fact(f)
	} else if f.recent {
		t.ev.elsewhere(t.e, f)
	}
}

// end counts the page.
func (t *taking) end() {
	ev := t.ev
	ev.left = t.p.minute
	t.turns()
	if ev.members == nil {
		t.page.control.rest(t.p.all, t.inside)
	}
	if ev.origin != bySurge && ev.origin != byStart && ev.origin != byTurn || t.p.minute <= ev.lastD {
		ev.f.merge(&ev.idle)
		ev.f.merge(&t.page)
		ev.idle = meanwhile{}
	} else {
		ev.idle.merge(&t.page)
	}
	if t.refused > 0 {
		ev.refusing++
	}
	ev.draw(t.p.minute, t.refused)
	ev.heal(t.tally, t.p)
}

// turns counts the minute of the client before.
func (t *taking) turns() {
	if t.turn.refused {
		t.ev.f.turns.add(&t.turn)
	} else {
		t.page.sparedTurns.add(&t.turn)
	}
}

// members takes the facts of single clients.
func (t *taking) members() {
	for _, s := range t.e.spans(t.ev.members, t.p) {
		for i := s.lo; i < s.hi; i++ {
			t.fact(&t.p.facts[i])
		}
	}
}

func (t *taking) fact(f *fact) {
	ev, key := t.ev, f.clientKey()
	fresh := key != t.last
	t.last = key
	t.inside.add(f)
	if fresh {
		t.turns()
		t.turn = turn{weight: float64(f.weight)}
	}
	t.turn.add(f)
	c, known := ev.clients[key]
	if !known && len(ev.clients) >= maxEventClients {
		ev.lost++
		return
	}
	if !known {
		c.came = t.p.minute
	}
	c.requests = min(c.requests+int32(f.n), 1<<30)
	if f.denied > 0 {
		ev.refuse(t.e, &c, f, t.p)
		t.blame(f)
	} else if ev.origin == byShare || (ev.origin == byScan || ev.origin == byWave) && f.has(clMiss) {
		ev.lastD = max(ev.lastD, t.p.minute)
	}
	if f.has(clOK) {
		c.serve(t.p.minute)
	}
	if c.denied && f.signsIn() {
		c.signed = true
		ev.f.doors.add(int64(t.e.deepest(f.leaf).value), 1)
	}
	ev.clients[key] = c
	t.page.add(f)
	if fresh {
		t.atRisk += float64(f.weight)
		if f.denied > 0 {
			t.refused++
		} else if f.has(clOK) {
			t.servedNow += float64(f.weight)
			t.seen++
		}
	}
}

// refuse notes a refusal of client c.
func (ev *event) refuse(e *Engine, c *clientSeen, f *fact, p *page) {
	if !c.denied {
		ev.nDenied++
		c.denied, c.legit, c.first, c.old = true, f.legit, p.minute, f.old
		c.late = c.served && c.since < p.minute
	}
	if at := int64(p.minute)*bucket + int64(f.sec); f.sec < 60 && (ev.firstAt == 0 || at < ev.firstAt) {
		ev.firstAt = at
	}
	ev.keepSample(e, f, p)
}

// blame takes a refusal in. What another open surge refuses as well does not tell
// why this one does, nor that it goes on if the other one is older.
func (t *taking) blame(f *fact) {
	ev := t.ev
	ev.f.refused(t.e, f)
	if ev.origin == bySurge {
		if !t.looked {
			t.beside, t.looked = t.e.track.surgesBeside(ev, t.p.minute), true
		}
		i := slices.IndexFunc(t.beside, func(o *event) bool { return o.match(t.e, f) })
		if i < 0 {
			ev.alone.refused(t.e, f)
		} else if t.beside[i].onset < ev.onset {
			return
		}
	}
	if t.p.minute > ev.lastD {
		ev.wasD, ev.lastD = ev.lastD, t.p.minute
	}
}

// elsewhere notes what refused clients of the event meet outside its cohort.
func (ev *event) elsewhere(e *Engine, f *fact) {
	key := f.clientKey()
	c, ok := ev.clients[key]
	if !ok || !c.denied {
		return
	}
	if f.has(clOK) {
		c.elsewhere = true
	}
	if f.signsIn() {
		c.signed = true
		ev.f.doors.add(int64(e.deepest(f.leaf).value), 1)
	}
	ev.clients[key] = c
}

// serve notes that the client was served in the cohort.
func (c *clientSeen) serve(minute int32) {
	if !c.served {
		c.served, c.since = true, minute
	}
	if c.denied && !c.healed && minute > c.first {
		c.healed, c.back = true, minute
	}
}

// signsIn tells whether a login or a request for a token was accepted. Pages
// about signing in are read as well, so only what sends something counts.
func (f *fact) signsIn() bool { return f.flags&(fLogin|fWrite) == fLogin|fWrite && f.has(clOK) }

func (ev *event) keepSample(e *Engine, f *fact, p *page) {
	if len(ev.samples) < 5 && f.sample > 0 && int(f.sample) <= len(p.samples.list) {
		ev.samples = append(ev.samples, p.samples.at(f.sample, e.cfg.SourceName))
	}
}

func (ev *event) draw(minute int32, refused float64) {
	for int32(len(ev.spark)) <= minute-ev.sparkAt && len(ev.spark) < sparkMinutes {
		ev.spark = append(ev.spark, 0)
	}
	if i := minute - ev.sparkAt; i >= 0 && int(i) < len(ev.spark) {
		ev.spark[i] += refused
	}
}

// heal counts minutes in which the cohort is served again. A minute that comes
// in parts is added up: a few seconds without a refusal say nothing.
func (ev *event) heal(t tally, p *page) {
	n := &ev.now
	n.refused, n.atRisk, n.servedNow, n.seen = n.refused+t.refused, n.atRisk+t.atRisk, n.servedNow+t.servedNow, n.seen+t.seen
	if !p.over {
		return
	}
	// Of those served a sample is kept: a few of them do not outweigh the refused.
	calm := n.servedNow > 0 && n.refused <= 0.2*ev.f.peakShare*n.atRisk && calmSample*n.refused <= float64(n.seen)
	if ev.spared += n.servedNow; n.refused > 0 && !calm {
		ev.spared = 0
	}
	if calm && ev.lastD == p.minute && (ev.origin == bySurge || ev.origin == byStart) {
		ev.lastD = ev.wasD // so few are refused on any day
	}
	switch {
	case n.atRisk == 0:
	case calm:
		ev.quiet++
		ev.calm += n.seen
	default:
		ev.quiet, ev.calm = 0, 0
	}
	if n.atRisk >= 3 {
		ev.f.peakShare = max(ev.f.peakShare, n.refused/n.atRisk)
	}
	*n = tally{}
}

// over tells whether the event has ended by minute.
func (ev *event) over(minute int32) bool {
	if ev.origin == byDeadEnd {
		return false // see followDeadEnds
	}
	wait := int32(quietMinutes)
	if ev.origin == byScan || ev.origin == byTurn || ev.origin == byShare || ev.origin == byWave || ev.origin == byRaid {
		wait = 60
	}
	wait = max(wait, ev.span)
	if ev.refusing > 0 {
		wait = max(wait, min(maxQuiet, 4*(ev.lastD-ev.onset)/ev.refusing))
	}
	if ev.origin == byRaid {
		return minute-ev.lastD > wait
	}
	if ev.members == nil && ev.spared < 1 {
		wait = maxQuiet // nobody has come who could tell
	}
	return ev.recovered(minute) || minute-ev.lastD > wait
}

// recovered tells whether the cohort is served again. For what was in force
// since the log began this alone makes it an incident, so more is asked.
func (ev *event) recovered(minute int32) bool {
	need := ev.enough()
	if ev.origin == byStart {
		need *= 3
	}
	return ev.quiet >= calmWindows && ev.calm >= need && minute-ev.lastD >= calmWindows
}

// enough is how many clients must be served in a row before the cohort counts
// as served again: so many that their being spared by chance has odds of 1 %.
func (ev *event) enough() int {
	share := ev.share()
	return max(minClients, int(math.Ceil(4.6/max(share, 0.01))))
}
