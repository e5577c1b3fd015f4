package inject

import (
	"net/netip"
	"slices"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
	"github.com/denylens/denylens/cmd/denylens/internal/splitmix"
)

// Shapes are the ways in which a refusal begins and lasts.
var Shapes = []string{"step", "ramp", "brownout"}

// Plan says who is to be refused, and how.
type Plan struct {
	Scope       string // name of the scope, as the grid has it
	Cause       string
	Cohort      []Term
	Accept      [][]Term // other descriptions that are as right
	AcceptCause []string
	Fraction    float64 // of the cohort's clients, by their hash
	Shape       string
	Onset       time.Time
	Duration    time.Duration
	Retries     int  // further tries behind each refusal, 0 to 5
	Truncate    bool // most of the refused give up after three refusals
	Limit       int  // refuse only what a client asks beyond so many requests in ten seconds; 0 = all
	Answer      Answer
	Seed        uint64
}

// unitOf is the address that stands for a client: hosts of an IPv6 network of 64
// bits are one.
func unitOf(a netip.Addr) netip.Addr {
	if a.Is6() {
		p, _ := a.Prefix(64)
		return p.Addr()
	}
	return a
}

// luck is a number in [0, 1) that belongs to a client.
func luck(seed uint64, a netip.Addr) float64 {
	b := unitOf(a).As16()
	return splitmix.Unit(splitmix.Text(string(b[:])) ^ splitmix.Mix(seed))
}

// hits tells whether the plan refuses a client's request at a moment.
func (p *Plan) hits(a netip.Addr, at int64) bool {
	since := time.Duration(at - p.Onset.UnixNano())
	if since < 0 || since >= p.Duration || luck(p.Seed, a) >= p.Fraction {
		return false
	}
	switch p.Shape {
	case "ramp": // one client after the other, over the first half
		return float64(since) >= luck(p.Seed+1, a)*float64(p.Duration)/2
	case "brownout": // five minutes in ten
		return since/(5*time.Minute)%2 == 0
	}
	return true
}

// Apply refuses in a sorted log what the plan says, and returns the log with the
// truth about it.
func (p *Plan) Apply(log *Log) (*Log, simulate.Incident, Effect) {
	out := &Log{Lines: slices.Clone(log.Lines), Format: log.Format}
	w := writer{plan: p, cohort: CohortOf(p.Cohort), addrs: map[netip.Addr]bool{}, served: map[netip.Addr]bool{}, refused: map[netip.Addr]int{}, active: map[netip.Addr]bool{}, counts: map[netip.Addr]int{}}
	keep := out.Lines[:0]
	for _, l := range out.Lines {
		if w.line(&l) {
			keep = append(keep, l)
		}
	}
	out.Lines = append(keep, w.extra...)
	if len(w.extra) > 0 {
		out.Sort()
	}
	_, to := log.Span()
	w.effect.Before = w.before.share()
	w.effect.Active, w.effect.Refused = len(w.active), len(w.refused)
	w.effect.Minutes, w.effect.Denied = p.Duration.Minutes(), int(w.denied)
	w.effect.Single = p.Scope == "client" || p.Scope == "user"
	w.effect.Sound = float64(w.effect.Earlier) / float64(max(1, w.asked))
	if w.effect.Single {
		w.effect.Shared = p.shared(log, w.cohort)
	}
	return out, w.truth(to), w.effect
}

// writer applies a plan line by line.
type writer struct {
	plan            *Plan
	cohort          Cohort
	served, active  map[netip.Addr]bool
	addrs           map[netip.Addr]bool // as they are in the log
	refused, counts map[netip.Addr]int
	window          int64
	extra           []Line
	effect          Effect
	first, last     int64
	denied          int64
	asked           int // by the cohort, before
	before          hourly
}

// line rewrites a line that is to be refused; false if it is not to be written.
func (w *writer) line(l *Line) bool {
	if !l.Request || !w.cohort.Has(l) {
		if l.Served() {
			w.served[unitOf(l.Client)] = true
		}
		return true
	}
	p, who := w.plan, unitOf(l.Client)
	if l.Time < p.Onset.UnixNano() {
		w.before.see(who, l)
		w.asked++
		if l.Served() {
			w.effect.Earlier++
		}
	} else if l.Time < p.Onset.Add(p.Duration).UnixNano() {
		w.active[who] = true
	}
	if l.Refused() || l.Status == 401 || l.Status == 0 || !p.hits(l.Client, l.Time) || !w.beyond(l) {
		if l.Served() {
			w.served[who] = true
		}
		return true
	}
	n := w.refused[who]
	if p.Truncate && n >= 3 && luck(p.Seed+2, l.Client) < .6 {
		w.effect.Lines++
		return false
	}
	changed, ok := p.Answer.Rewrite(l)
	if !ok {
		return true
	}
	if n == 0 && w.served[who] {
		w.effect.Newly++
	}
	*l = changed
	w.note(l)
	w.retry(l, n)
	return true
}

// beyond tells whether a client is over the limit, counted in fixed windows of
// ten seconds as simple limiters do.
func (w *writer) beyond(l *Line) bool {
	if w.plan.Limit == 0 {
		return true
	}
	if now := l.Time / 10e9; now != w.window {
		w.window = now
		clear(w.counts)
	}
	w.counts[l.Client]++
	return w.counts[l.Client] > w.plan.Limit
}

func (w *writer) note(l *Line) {
	if w.first == 0 || l.Time < w.first {
		w.first = l.Time
	}
	w.last = max(w.last, l.Time)
	w.refused[unitOf(l.Client)]++
	w.addrs[l.Client] = true
	w.denied++
	w.effect.Lines++
}

// retry adds the tries that follow a client's first refusals.
func (w *writer) retry(l *Line, n int) {
	if n >= 4 {
		return
	}
	d := dice(w.plan.Seed, l.Client.String()+string(rune('0'+n)))
	at := time.Unix(0, l.Time)
	for range w.plan.Retries {
		at = at.Add(time.Duration((1 + d.ExpFloat64()*6) * 1e9))
		if at.Sub(w.plan.Onset) >= w.plan.Duration {
			return
		}
		if again, ok := l.At(at); ok {
			w.extra = append(w.extra, again)
			w.note(&again)
		}
	}
}

// truth is what happened, but for what else would be right to say of it.
func (w *writer) truth(to time.Time) simulate.Incident {
	p := w.plan
	in := simulate.Incident{Kind: "overblock", Cause: p.Cause, Cohort: simulated(p.Cohort), Denied: w.denied, DeniedClients: len(w.refused)}
	in.Start = time.Unix(0, w.first).UTC()
	if end := p.Onset.Add(p.Duration); end.Before(to) {
		last := time.Unix(0, w.last).UTC()
		in.End = &last
	}
	in.Clients = addresses(w.addrs)
	return in
}

func simulated(terms []Term) []simulate.Term {
	out := make([]simulate.Term, len(terms))
	for i, t := range terms {
		out[i] = simulate.Term{Dim: t.Dim, Value: t.Value}
	}
	return out
}

func addresses(set map[netip.Addr]bool) []string {
	list := make([]netip.Addr, 0, len(set))
	for a := range set {
		list = append(list, a)
	}
	slices.SortFunc(list, netip.Addr.Compare)
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.String()
	}
	return out
}

// hourly counts the clients of each hour, and the refused among them.
type hourly struct {
	hour         int64
	seen         map[netip.Addr]bool // true = refused
	all, refused int
}

func (h *hourly) see(who netip.Addr, l *Line) {
	if now := l.Time / 3600e9; now != h.hour || h.seen == nil {
		h.hour, h.seen = now, map[netip.Addr]bool{}
	}
	was, known := h.seen[who]
	if !known {
		h.all++
	}
	if l.Refused() && !was {
		h.refused++
	}
	h.seen[who] = was || l.Refused()
}

func (h *hourly) share() float64 {
	if h.all == 0 {
		return 0
	}
	return float64(h.refused) / float64(h.all)
}
