package detect

import (
	"fmt"
	"math"
	"time"

	"github.com/denylens/denylens/detect/internal/stat"
)

// What an edge refuses never reaches the log of the origin: there its clients
// only stop coming. Of the visits that begin in a quarter of an hour, those of a
// country, a network operator or a host are a share that depends on the hour of
// the day. An e-detector watches for it to fall: the null is every share down to
// an envelope below the expected one, the alternatives are a fifth of it and less.
// On the first day, when nothing is known of the hours, only silence tells: none
// at all of those who came in each quarter of an hour and a half before.
//
// Sees: a country, AS, host or browser version of which some twenty visits were
// due within absentWithin and hardly any came.
// Blind: the first hour and a half of a log, parts of a cohort, cohorts with few visits, and
// a site that nobody reaches at all.
type absences struct {
	list    []absence
	index   map[uint32]int // by symbol
	quarter int32
	visits  int32       // of everyone in this quarter
	usual   [24]float32 // the same on average, by hour
	refused int64       // values that found no room
}

// absence follows the visits of one value.
type absence struct {
	sym     uint32
	axis    uint8
	visits  int32
	away    int32  // clients refused in this quarter
	country uint32 // of the latest one
	base    baseline
	r       [len(fallen)]float64
	since   int32   // minute at which the evidence began to grow
	due     float64 // visits expected since then
	came    float64
	number  int32   // of its open event, 0 = none
	steady  int32   // quarters in a row in which some came, before ...
	least   float64 // the fewest of those, lately
	missed  float64 // ... the silence in which so many were due
}

// fallen are the alternatives: what is left of the expected share.
var fallen = [...]float64{0.2, 0.05, 0.01}

const (
	quarterMinutes = 15
	visitGap       = 30 // minutes without a request that end a visit
	maxAbsences    = 1024
	absentWithin   = 180  // minutes in which the evidence must have grown: shares drift over days
	noShare        = 1e-4 // of a value that nothing is known of
	leastDue       = 20   // visits that must have been due
	backAgain      = 0.3  // of the visits due that end an absence
	sureAbsence    = 30   // visits due that make it more than a hint
	silentWithin   = 60   // minutes of silence in which so many must have been due on the first day: a night is longer
	steadyQuarters = 6    // in which some came before silence tells on the first day
)

// visit counts a client that begins a visit. Only people count: programs stop
// for reasons of their own.
func (a *absences) visit(c *client, leaf *leaf) {
	a.visits++
	for _, t := range whose(c, leaf) {
		if t.value == 0 {
			continue
		}
		i, ok := a.index[t.value]
		if !ok {
			if len(a.list) >= maxAbsences {
				a.refused++
				continue
			}
			i = len(a.list)
			a.index[t.value] = i
			a.list = append(a.list, absence{sym: t.value, axis: t.axis, base: newBaseline(noShare, a.quarter*quarterMinutes)})
		}
		a.list[i].visits++
		a.list[i].country = c.country
	}
}

// turnedAway counts a client that comes and is refused: it is not absent.
func (a *absences) turnedAway(c *client, leaf *leaf) {
	for _, t := range whose(c, leaf) {
		if i, ok := a.index[t.value]; ok && t.value != 0 {
			a.list[i].away++
		}
	}
}

// whose lists what visitors may have in common.
func whose(c *client, leaf *leaf) [4]term {
	return [...]term{{axCountry, c.country}, {axASN, c.asn}, {axHost, leaf.host}, {axMajor, leaf.major}}
}

// arrives tells whether a client begins a visit, as a person does.
func (c *client) arrives(minute int32, s *sum) bool {
	begins := minute-c.seen > visitGap
	c.seen = minute
	return begins && (c.flags|s.flags)&(fBrowser|fBot|fTool|fScanner) == fBrowser && s.assets > 0 && s.refs > 0 && !c.hostile()
}

// turn ends the quarters of an hour before minute.
func (a *absences) turn(e *Engine, p *page) {
	q := p.minute / quarterMinutes
	if q == a.quarter {
		return
	}
	if a.quarter != 0 && a.visits > 0 {
		crowd := a.crowd()
		for _, operators := range []bool{false, true} { // which belong to a country mostly
			for i := range a.list {
				if x := &a.list[i]; (x.axis == axASN) != operators {
					continue
				} else if crowd && x.number == 0 {
					x.visits, x.away = 0, 0
				} else {
					x.end(e, a, p)
				}
			}
		}
	}
	a.quarter, a.visits = q, 0
}

// crowd tells whether many more visits began than usual at this hour, and
// learns what is usual. When strangers come in numbers nobody's share says
// anything, and when they leave again nobody is missing.
func (a *absences) crowd() bool {
	u := &a.usual[uint32(a.quarter/4)%24]
	n := float32(a.visits)
	if *u == 0 {
		*u = n
	}
	crowd := n > 1+1.5**u
	*u += 0.1 * (min(n, 2**u) - *u)
	return crowd
}

// end judges the quarter that is over.
func (x *absence) end(e *Engine, a *absences, p *page) {
	minute, n, d := a.quarter*quarterMinutes, int(a.visits), int(x.visits)
	away := float64(x.away)
	x.visits, x.away = 0, 0
	due := float64(n) * x.base.expected(minute)
	if x.number != 0 {
		x.due, x.came = x.due+due, x.came+float64(d)
		x.follow(e, minute, due, d)
		return
	}
	if away > 0 && away >= backAgain*due {
		x.r, x.missed = [len(fallen)]float64{}, 0
		return // they come, and are refused
	}
	if x.base.season.filled {
		x.weigh(minute, n, d, due)
		if x.came < backAgain*x.due && x.due >= leastDue && x.evidence() >= a.threshold(e) {
			x.open(e, p)
			return
		}
	}
	if !x.base.season.filled && x.silent(minute, d, due) {
		if x.missed >= max(leastDue, a.threshold(e)) {
			x.due, x.came = x.missed, 0
			x.open(e, p)
		}
		return
	}
	if x.evidence() < 2 { // what is on its way down teaches nothing
		x.base.learn(minute, n, d, noShare, 1)
	}
}

// weigh adds the quarter's likelihood ratios to the evidence.
func (x *absence) weigh(minute int32, n, d int, due float64) {
	p := x.base.expected(minute)
	low := p / max(1.5, math.Exp(3*x.base.sigma()))
	c := x.base.predictive(n)
	for i, f := range fallen {
		if f*p < low {
			x.r[i] = min(maxR, (x.r[i]+1)*stat.BetaBinomialRatio(d, n, f*p, low, c))
		}
	}
	if x.evidence() < 1 || minute-x.since > absentWithin {
		x.r = [len(fallen)]float64{}
		x.since, x.due, x.came = minute, 0, 0
	}
	x.due, x.came = x.due+due, x.came+float64(d)
}

// silent counts how many were due since the last one came, and tells whether
// that is remarkable; what is due then is not learned anew.
func (x *absence) silent(minute int32, d int, due float64) bool {
	if d > 0 {
		if n := float64(d); n < x.least || x.steady == 0 {
			x.least = n
		} else {
			x.least += min(0.25, (n-x.least)/8)
		}
		x.steady, x.missed = x.steady+1, 0
		return false
	}
	if x.missed == 0 {
		x.since = minute
	}
	x.missed += min(due, 2*x.least) // when a crowd has left nobody is missing
	if x.steady < steadyQuarters || minute-x.since >= silentWithin {
		x.steady, x.missed = 0, 0
	}
	return x.missed >= 3
}

func (x *absence) evidence() float64 {
	sum := 0.0
	for _, r := range x.r {
		sum += r
	}
	return math.Log(max(1e-9, sum/float64(len(x.r))))
}

// threshold is ln(K/alpha) for the values followed, alpha being a quarter hour's.
func (a *absences) threshold(e *Engine) float64 {
	return math.Log(float64(max(10, len(a.list))) / (e.cfg.FalseAlarmsPerDay * quarterMinutes / dayMinutes))
}

func (x *absence) open(e *Engine, p *page) {
	t := &e.track
	if i, ok := e.absent.index[x.country]; ok && x.axis == axASN && e.absent.list[i].number != 0 {
		return // the whole country is absent
	}
	if len(t.events) >= maxEvents {
		t.refused++
		return
	}
	ev := t.add(byAbsence, e.hashConj(conj{{x.axis, x.sym}}), x.since, p)
	ev.members = map[uint64]bool{} // nobody: who does not come leaves no facts
	ev.cohorts, ev.lnPeak, ev.lastD = []conj{{{x.axis, x.sym}}}, max(x.evidence(), x.missed), p.minute
	ev.due, ev.came = x.due, x.came
	x.number = ev.number
	t.tell(e, ev, true)
}

// follow keeps an event open until the visits are back.
func (x *absence) follow(e *Engine, minute int32, due float64, d int) {
	ev := e.track.events[x.number-1]
	switch {
	case ev.ended, due >= 1 && float64(d) >= backAgain*due:
		x.number, x.r, x.due, x.came, x.steady, x.missed = 0, [len(fallen)]float64{}, 0, 0, 0, 0
		x.base.learn(minute, 0, 0, noShare, 0)
		if !ev.ended {
			ev.lastD = minute - 1
			e.track.close(e, ev)
		}
	default:
		ev.lastD = minute + quarterMinutes
		ev.due, ev.came = x.due, x.came
	}
}

// describeAbsence makes the public form of an absence.
func (e *Engine) describeAbsence(ev *event) Incident {
	t := ev.cohorts[0][0]
	who := dims[axisDim[t.axis]].title + " " + e.syms.text(t.value)
	due, came := int64(math.Round(ev.due)), int64(math.Round(ev.came))
	inc := Incident{ID: ev.id, Kind: Overblock, State: "open", Severity: Low, Start: minuteTime(ev.onset),
		DetectedAt: time.Unix(ev.noticed, 0).UTC().Add(e.cfg.Patience), Cohort: []Term{{axisDim[t.axis].String(), e.syms.text(t.value)}}, Samples: []Sample{},
		Title:  fmt.Sprintf("Visitors have stopped coming: %s, %d visits instead of %d", who, came, due),
		Impact: Impact{Clients: came},
		Evidence: []Text{
			{fmt.Sprintf("%d visits began, at the usual share of all visits at this hour there would be %d", came, due)},
			{"no refusal of theirs is in this log: whoever refuses them stands before the server that writes it, or they have no way to it"},
		},
		Score: Score{Log10E: round2(ev.lnPeak / math.Ln10), ExpectedFalsePerDay: e.falsePerDay(ev)}}
	if due >= sureAbsence {
		inc.Severity = Medium
	}
	if ev.ended {
		inc.State = "resolved"
		end := minuteTime(ev.end)
		inc.End = &end
	}
	inc.Causes = absentCauses(t.axis)
	inc.Cause = Cause{inc.Causes[0].ID, inc.Causes[0].Probability}
	since := inc.Start.Format(time.RFC3339)
	inc.NextSteps = []Step{
		{Text: "Look into the log of what stands before this server: firewall events of the CDN, packet filters, load balancers, since " + since},
		{Text: "Ask somebody there, or a service that measures from there, to try", Command: "curl -sSI " + shellQuote("https://"+e.anyHost(t)+"/")},
		{Text: "If they are refused on purpose, nothing is wrong: the report says so only because the log cannot"},
	}
	return inc
}

// absentCauses are guesses by what the visitors have in common: the log shows
// no refusal that could tell more.
func absentCauses(axis uint8) []Guess {
	first := map[uint8]string{axCountry: "geo_block", axASN: "ip_block", axHost: "server_config", axMajor: "ua_rule"}[axis]
	return []Guess{
		{ID: first, Probability: 0.6, For: []string{"who stays away has this in common"}, Against: []string{}},
		{ID: "cdn_waf_rule", Probability: 0.3, For: []string{"nothing of it reaches this log"}, Against: []string{}},
		{ID: "undetermined", Probability: 0.1, For: []string{}, Against: []string{}},
	}
}

// anyHost is the host that an absence is about, or a place for the site's name.
func (e *Engine) anyHost(t term) string {
	if t.axis == axHost {
		return e.syms.text(t.value)
	}
	return "www.example.com"
}
