package simulate

import (
	"context"
	"io"
	"net/netip"
	"time"
)

// actor lives in a world: act does what is due now and returns the time of the
// next act, or 0 when there is none.
type actor interface {
	act(w *world) int64
}

// rule changes what the site answers, for a while.
type rule struct {
	from, to int64 // unix nanoseconds; to = 0: to the end
	// decide looks at a request that the site has answered, and may refuse it.
	decide func(w *world, r *request)
	mark   *mark // the incident whose refusals these are; nil if they are nobody's
}

// world is a simulation on its way.
type world struct {
	Options
	dice   dice
	begin  int64
	end    int64
	now    int64
	agenda agenda
	atlas  *atlas
	site   *site
	people *people
	apps   []*server // servers that use the interface, for scenarios to choose from
	rules  []rule
	mute   [][2]int64 // spans in which nothing is written
	marks  []*mark
	seen   map[netip.Addr]bool // addresses that probe in passing
	out    *lineWriter
	denied int64
	free   []*visit
}

func newWorld(o Options, w io.Writer) *world {
	d := derive(o.Seed, "world")
	begin := o.Start.UnixNano()
	return &world{
		Options: o, dice: d, begin: begin, now: begin, end: begin + int64(o.Duration),
		atlas: newAtlas(derive(o.Seed, "atlas")), site: newSite(derive(o.Seed, "site")),
		seen: map[netip.Addr]bool{}, out: newLineWriter(w, newLayout(o.Format)),
	}
}

// seconds converts a span to nanoseconds.
func seconds(s float64) int64 { return int64(s * 1e9) }

// after is a moment so many seconds from now.
func (w *world) after(s float64) int64 { return w.now + max(1, seconds(s)) }

// add puts an actor on the agenda.
func (w *world) add(at int64, a actor) {
	if at < w.end {
		w.agenda.push(max(at, w.now), a)
	}
}

// run lets everybody act in order of time until the log's end.
func (w *world) run(ctx context.Context) error {
	for n := 0; w.agenda.len() > 0; n++ {
		if n&4095 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		at, a := w.agenda.first()
		if at >= w.end {
			break
		}
		w.now = at
		if next := a.act(w); next == 0 || next >= w.end {
			w.agenda.pop()
		} else {
			w.agenda.again(max(next, at+1))
		}
		if w.out.err != nil {
			return w.out.err
		}
	}
	return w.out.close()
}

// send has the site answer r, applies the rules of the scenario, writes the
// line and returns the status.
func (w *world) send(r *request) int {
	if r.agent == "" && r.client.agent != "" {
		r.agent = r.client.agent
	}
	if r.proto == "" {
		r.proto = r.client.proto
	}
	w.site.answer(w, r)
	for i := range w.rules {
		if u := &w.rules[i]; w.now >= u.from && (u.to == 0 || w.now < u.to) {
			before := r.status
			u.decide(w, r)
			if u.mark != nil && r.status != before {
				u.mark.touch(r.client.addr, w.now, true)
			}
		}
	}
	for _, m := range w.mute {
		if w.now >= m[0] && w.now < m[1] {
			return r.status
		}
	}
	if r.status == 403 {
		w.denied++
	}
	w.out.write(w.now, w.dice.Uint64(), r)
	return r.status
}

// refuse makes r a refusal by the server itself: a small page of constant size.
func refuse(r *request) {
	r.status, r.bytes, r.dur, r.upstream = 403, 153, .0004, false
}

// refuseAtEdge makes r a refusal by the CDN.
func refuseAtEdge(r *request, e *edge) {
	refuse(r)
	r.bytes, r.edge = 4547, e
}

// tell returns the truth about what was written.
func (w *world) tell(s *Scenario) Truth {
	t := Truth{Scenario: s.Name, Seed: w.Seed, From: time.Unix(0, w.begin).UTC(), To: time.Unix(0, w.end).UTC(),
		Requests: w.out.lines, Denied: w.denied, Incidents: []Incident{}}
	for _, m := range w.marks {
		if in, ok := m.tell(); ok {
			t.Incidents = append(t.Incidents, in)
		}
	}
	var ambient []netip.Addr
	for a := range w.seen {
		ambient = append(ambient, a)
	}
	t.Ambient = sorted(ambient)
	return t
}

// agenda is a binary heap of actors by time; equal times keep the order in
// which they were entered.
type agenda struct {
	list []entry
	seq  uint64
}

type entry struct {
	at  int64
	seq uint64
	who actor
}

func (e *entry) before(o *entry) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

func (g *agenda) len() int { return len(g.list) }

func (g *agenda) first() (int64, actor) { return g.list[0].at, g.list[0].who }

func (g *agenda) push(at int64, a actor) {
	g.seq++
	g.list = append(g.list, entry{at, g.seq, a})
	for i := len(g.list) - 1; i > 0; {
		up := (i - 1) / 2
		if !g.list[i].before(&g.list[up]) {
			return
		}
		g.list[i], g.list[up] = g.list[up], g.list[i]
		i = up
	}
}

func (g *agenda) pop() {
	last := len(g.list) - 1
	g.list[0] = g.list[last]
	g.list[last] = entry{}
	g.list = g.list[:last]
	g.sink()
}

// again moves the actor that acted last to its next time.
func (g *agenda) again(at int64) {
	g.seq++
	g.list[0].at, g.list[0].seq = at, g.seq
	g.sink()
}

func (g *agenda) sink() {
	for i := 0; ; {
		down := 2*i + 1
		if down >= len(g.list) {
			return
		}
		if down+1 < len(g.list) && g.list[down+1].before(&g.list[down]) {
			down++
		}
		if !g.list[down].before(&g.list[i]) {
			return
		}
		g.list[i], g.list[down] = g.list[down], g.list[i]
		i = down
	}
}
