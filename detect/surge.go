package detect

import (
	"math"
	"slices"
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
	coldMinutes = 15
	minClients  = 3
	minNetworks = 2
	minLift     = 2.0
)

// threshold is ln(K/alpha): K series, and alpha the false alarms allowed a minute.
func (e *Engine) threshold() float64 {
	k := float64(max(len(e.series.list), 10))
	return math.Log(k / (e.cfg.FalseAlarmsPerDay * bucket / 86400))
}

// test feeds the window's counts to each touched series and returns alarms.
func (e *Engine) test(minute int32) []alarm {
	st := e.series
	slices.Sort(st.touched)
	var out []alarm
	limit := e.threshold()
	age := minute - e.began
	cold := age < coldMinutes
	root := &st.list[0]
	restA, restD := root.A, root.D
	for _, i := range st.touched {
		s := &st.list[i]
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
				}
				s.ed.step(minute, d, n, p0, s.base.concentration(n))
			}
		}
		s.served += int64(s.S)
		s.refused += int64(s.D)
		s.old += int64(s.O)
		s.atRisk += int64(s.A)
		s.lastA = minute
		if d > 0 || s.O > 0 {
			s.lastD = minute
		}
		s.remember(minute)
		st.learn(s, minute, age)
		if d > 0 {
			if m := s.ed.lnM(); m >= limit {
				out = append(out, alarm{i, m, s.ed.start()})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b alarm) int {
		switch {
		case a.lnM > b.lnM:
			return -1
		case a.lnM < b.lnM:
			return 1
		}
		return int(a.series - b.series)
	})
	return out
}

// control is the test for the first minutes, when there is no history: the
// cohort against everybody else in the same minute, by a safe e-value for two
// proportions (Turner, Ly and Gruenwald 2024), d1 of n1 against d2 of n2.
func (s *series) control(minute int32, d1, n1, d2, n2 int, root *series) {
	s.ed.skip(minute)
	rest := math.Max(0.002, math.Min(0.9, root.base.rate()))
	for i := range s.ed.r {
		q1, l := alternative(i, rest), 1.0
		if q1 > 1.3*rest && n2 > 0 {
			q0 := (float64(n1)*q1 + float64(n2)*rest) / float64(n1+n2)
			l = math.Exp(lnBernoulli(d1, n1, q1) + lnBernoulli(d2, n2, rest) - lnBernoulli(d1+d2, n1+n2, q0))
		}
		s.ed.push(i, minute, l)
	}
}

func lnBernoulli(d, n int, q float64) float64 {
	return float64(d)*math.Log(q) + float64(n-d)*math.Log(1-q)
}

// gates says whether an alarm is worth a person's time: enough
// different clients from different networks, a rate well above expectation.
func (e *Engine) gates(a alarm) bool {
	s := &e.series.list[a.series]
	clients, nets := map[uint64]bool{}, map[uint32]bool{}
	others := map[uint64]float64{}
	minutes := 0.0 // of clients at risk
	for _, p := range e.ring.since(a.start) {
		last := uint64(0)
		for i := range p.facts {
			f := &p.facts[i]
			if f.hostile {
				continue
			}
			v := e.axes(f)
			if !inSeries(s, &v) {
				continue
			}
			key := f.clientKey()
			if f.first {
				clients[key] = true
				nets[f.attr[3]] = true
			} else if f.denied == 0 {
				others[key] = float64(f.weight)
			}
			if key != last {
				minutes += float64(f.weight)
				last = key
			}
		}
	}
	if len(clients) < minClients || len(nets) < minNetworks && s.dim != DimNetwork && s.dim != DimUser {
		return false
	}
	n := float64(len(clients))
	for k, w := range others {
		if !clients[k] {
			n += w
		}
	}
	d, mu := float64(len(clients)), math.Min(s.base.expected(e.closed), 0.5)
	share := d / n
	return d >= minLift*minutes*mu && (share >= 0.01+mu || share >= 0.2)
}
