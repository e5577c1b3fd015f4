package detect

import (
	"math"

	"github.com/denylens/denylens/detect/internal/stat"
)

// Surges of refusals in any cohort: each series runs an e-detector on clients
// refused for the first time among those at risk; the e-d-Bonferroni rule
// (Dandapanthula and Ramdas 2025) turns evidence into alarms.
//
// Sees: a new refusal of several clients in any followed cohort, whatever the traffic.
// Blind: fewer than three clients (see turned), and traffic stopped before it reaches this log.

// alarm is a series whose evidence crossed the threshold.
type alarm struct {
	series int32
	lnM    float64
	start  int32
}

const (
	coldMinutes   = 15
	minClients    = 3
	minNetworks   = 2
	fewNetworks   = 4 // a log with no more is of an intranet: there is nobody from elsewhere to ask
	minLift       = 2.0
	usualClients  = 2   // refused before, from which what was refused before counts
	usualNats     = 5.0 // of evidence that the rate is another one
	soonClients   = 5   // fewer must have ten times the evidence
	unmissed      = 4   // of so many refused clients not one asked for what others are served: nothing is missed
	ownNetwork    = .8  // of the minutes of a cohort's clients in one network: it is hardly more than that
	byChance      = .05 // probability with which clients of other networks may be refused by chance
	leastEvidence = 7   // nats: with less no cohort raises an alarm
)

// test feeds the window's counts to each touched series and returns alarms.
func (e *Engine) test(minute int32) []alarm {
	st := e.series
	st.settle()
	var out []alarm
	e.tails.settle(st, minute)
	if day := minute / dayMinutes; day != e.tails.today {
		e.tails.day(e.threshold())
		e.tails.today = day
	}
	age := minute - e.began
	cold := age < coldMinutes
	root := &st.list[0]
	restA, restD := st.now[0].A, st.now[0].D
	for k, i := range st.touched {
		if k%fetchSeries == 0 {
			e.judging ^= st.fetch(k + fetchSeries)
		}
		s, now := &st.list[i], &st.now[i]
		s.A, s.D, s.O, s.S = now.A, now.D, now.O, now.S
		s.denied += int64(now.denied)
		n, d := int(s.A), int(s.D)
		if n > 0 {
			p0 := s.base.envelope(minute)
			switch {
			case cold && i == 0:
				s.ed.reset(minute)
			case cold:
				s.control(minute, d, n, int(restD-s.D), int(restA-s.A), root)
			default:
				if s.event == 0 {
					e.calib.add(&s.base, minute, d, n)
					e.tails.family[s.dim.family()].tests++
				}
				s.ed.step(minute, d, n, p0, s.base.concentration(n))
			}
		}
		s.sumUp(minute)
		s.remember(minute)
		st.learn(s, minute, age)
		if s.event != 0 {
			s.held = minute
		}
		if d > 0 {
			m := s.ed.lnM()
			if !cold && s.event == 0 {
				e.tails.grow(i, minute, m)
			}
			if m >= leastEvidence {
				out = append(out, alarm{i, m, s.ed.start()})
			}
		}
	}
	return e.decide(out)
}

// sumUp adds the window last tested to what the series has met since it began.
func (s *series) sumUp(minute int32) {
	s.served += int64(s.S)
	s.refused += int64(s.D)
	s.old += int64(s.O)
	s.atRisk += int64(s.A)
	s.lastA = minute
	if s.D > 0 && s.firstD == 0 {
		s.firstD, s.clean = minute, s.atRisk-int64(s.A)
	}
	if s.D > 0 || s.O > 0 {
		s.lastD = minute
	}
}

// control is the test for the first minutes, when there is no history: the
// cohort against everybody else in the same minute, by a safe e-value for two
// proportions (Turner, Ly and Gruenwald 2024), d1 of n1 against d2 of n2.
func (s *series) control(minute int32, d1, n1, d2, n2 int, root *series) {
	was := s.ed.skip(minute)
	rest := max(0.002, min(0.9, root.base.rate()))
	for i := range s.ed.r {
		q1, l := alternative(i, rest), 1.0
		if q1 > 1.3*rest && n2 > 0 {
			q0 := (float64(n1)*q1 + float64(n2)*rest) / float64(n1+n2)
			l = math.Exp(lnBernoulli(d1, n1, q1) + lnBernoulli(d2, n2, rest) - lnBernoulli(d1+d2, n1+n2, q0))
		}
		s.ed.push(i, was, l)
	}
}

func lnBernoulli(d, n int, q float64) float64 {
	return float64(d)*math.Log(q) + float64(n-d)*math.Log(1-q)
}

// gates says whether an alarm is worth a person's time: enough different
// clients, a rate well above expectation, and not of one network only.
func (e *Engine) gates(a alarm, g gathered) bool {
	s := &e.series.list[a.series]
	d := float64(len(g.refused))
	switch {
	case len(g.refused) < minClients:
		return false
	case len(g.refused) < soonClients && a.lnM < e.threshold()+math.Ln10:
		return false
	}
	if a.start-s.firstD > coldMinutes && s.usual(d, g.minutes) {
		return false
	}
	mu := min(s.base.expected(e.closed), 0.5)
	if s.dim != DimNetwork && s.dim != DimUser && !e.manyNetworks(g, s.base.envelope(e.closed)) {
		return false
	}
	n := d
	for k, w := range g.others {
		if !g.refused[k] {
			n += w
		}
	}
	share := d / n
	return d >= minLift*g.minutes*mu && (share >= 0.01+mu || share >= 0.2)
}

// usual tells whether refused clients in so many minutes of clients are no more
// than what was refused in the series before: the likelihood ratio of two rates
// against one. A thin series learns too slowly to know by its baseline what is
// refused since the log began.
func (s *series) usual(refused, minutes float64) bool {
	before, n := float64(s.refused)-refused, float64(s.atRisk)-minutes
	if before < usualClients || n <= 0 {
		return false
	}
	all := (before + refused) / (n + minutes)
	return refused/minutes <= before/n || minutes*divergence(refused/minutes, all)+n*shortfall(before/n, all) < usualNats
}

// gathered is who met what in a cohort since an onset.
type gathered struct {
	refused  map[uint64]bool
	others   map[uint64]float64 // clients that were not refused, with their weights
	minutes  float64            // of clients at risk
	asked    int                // of the refused, those that others are served what they asked for, or that were served before
	networks map[uint32]*inNetwork
}

type inNetwork struct{ refused, minutes float64 }

func (e *Engine) refusedIn(s *series, from int32) gathered {
	g := gathered{refused: map[uint64]bool{}, others: map[uint64]float64{}, networks: map[uint32]*inNetwork{}}
	asked := map[uint64]bool{}
	for _, p := range e.ring.since(from) {
		last := uint64(0)
		for i := range p.facts {
			f := &p.facts[i]
			if f.hostile {
				continue
			}
			if v := e.axes(f); !inSeries(s, &v) {
				continue
			}
			key := f.clientKey()
			net := g.networks[f.attr[3]]
			if net == nil {
				net = &inNetwork{}
				g.networks[f.attr[3]] = net
			}
			if f.first {
				if !g.refused[key] {
					net.refused++
				}
				g.refused[key] = true
				if f.known || f.before {
					asked[key] = true
				}
			} else if f.denied == 0 {
				g.others[key] = float64(f.weight)
			}
			if key != last {
				g.minutes += float64(f.weight)
				net.minutes += float64(f.weight)
				last = key
			}
		}
	}
	g.asked = len(asked)
	return g
}

// manyNetworks tells whether the refusals go beyond one network: without the
// most refused one there must still be more of them than chance makes. Many
// clients behind one address range cannot make a country's incident.
func (e *Engine) manyNetworks(g gathered, p0 float64) bool {
	if e.series.byDim[DimNetwork] <= fewNetworks {
		return true
	}
	n, refused, minutes, most := 0, 0.0, 0.0, &inNetwork{}
	for _, x := range g.networks {
		if x.refused > 0 {
			n++
		}
		refused, minutes = refused+x.refused, minutes+x.minutes
		if x.refused > most.refused || x.refused == most.refused && x.minutes < most.minutes {
			most = x
		}
	}
	if most.minutes >= ownNetwork*minutes {
		return true // it is the network by another name, as a crawler is
	}
	return n >= minNetworks && stat.PoissonTail(int(refused-most.refused), p0*(minutes-most.minutes)) <= byChance
}
