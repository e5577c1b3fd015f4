package detect

import (
	"math"
	"slices"
)

// Which series raise an alarm. With alpha false alarms allowed a minute and K
// series, of which the k-th has the weight w (their sum being K), the rule of
// Benjamini and Hochberg for e-detectors rejects the largest set R with
//
//	w M >= K / (alpha |R|)   for each of R
//
// (e-d-BH, Dandapanthula and Ramdas 2025). It holds under any dependence. While
// nothing is wrong it raises no more alarms than Bonferroni's, for then every
// alarm is false and the whole set counts as one; when something is, the many
// cohorts that it touches need less evidence each.

// weight says how much sooner a series is believed than others: what there is
// little of, and what people are organised by, first.
func (d Dim) weight() float64 {
	switch d {
	case DimNone, DimHost, DimVersion:
		return 4
	case DimCountry, DimASN:
		return 2
	case DimNetwork:
		return 0.5
	}
	return 1
}

// weights is the sum over all series.
func (st *seriesTable) weights() float64 {
	sum := 0.0
	for d, n := range st.byDim {
		sum += float64(n) * Dim(d).weight()
	}
	return max(10, sum)
}

// threshold is ln(K/alpha) for a series of weight one, by Bonferroni.
func (e *Engine) threshold() float64 {
	return math.Log(e.series.weights() / (e.cfg.FalseAlarmsPerDay * bucket / 86400))
}

// decide returns which of the series with evidence raise an alarm, the
// strongest first.
func (e *Engine) decide(list []alarm) []alarm {
	limit := e.threshold()
	own := func(a *alarm) float64 { // what it has beyond its own threshold
		d := e.series.list[a.series].dim
		return a.lnM + math.Log(d.weight()) - limit - e.tails.extra(d)
	}
	slices.SortStableFunc(list, func(a, b alarm) int {
		switch x, y := own(&a), own(&b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return int(a.series - b.series)
	})
	n := len(list)
	for n > 0 && own(&list[n-1]) < -math.Log(float64(n)) {
		n--
	}
	return list[:n]
}
