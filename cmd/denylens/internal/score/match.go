package main

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/score/inject"
	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
	"github.com/denylens/denylens/detect"
)

// An alarm may be matched to an incident of the truth if they overlap in time,
// the incident reaching from its onset to ten minutes behind its end, and if
// the clients that the alarm's cohort covers are those that were touched:
// Jaccard index of the two sets at least half. Of all such pairs a largest set
// is taken in which each alarm and each incident occurs once. Further alarms
// that would match are duplicates. Alarms that match nothing are false, unless
// they name somebody who really probes the site in passing.
const (
	tail        = 10 * time.Minute
	leastShared = .5
	ambientPart = .8

	fragmentPart = .8
)

// alarm is a reported incident with the clients its cohort covers.
type alarm struct {
	*detect.Incident
	clients map[netip.Addr]bool
}

// grazed tells whether an alarm was raised at the time of an incident about a
// tenth of its clients at least: something was noticed.
func grazed(t *simulate.Incident, a *alarm) bool {
	return overlaps(t, a) && jaccard(t, a) >= .1
}

// outcome is what became of one incident of the truth.
type outcome struct {
	truth *simulate.Incident
	alarm *alarm // nil: missed
	dups  int
	felt  bool // something was noticed, be it of a part
}

// cover collects for each reported incident the clients of its cohort: the
// refused ones, or, for misuse, all.
func cover(lines []inject.Line, incidents []detect.Incident) []*alarm {
	alarms := make([]*alarm, len(incidents))
	spans := make([]span, len(incidents))
	for i := range incidents {
		a := &alarm{&incidents[i], map[netip.Addr]bool{}}
		alarms[i] = a
		spans[i] = span{a, inject.CohortOf(cohortsOf(a.Incident)...), a.Start.Add(-edge).UnixNano(), math.MaxInt64}
		if a.End != nil {
			spans[i].to = a.End.Add(edge).UnixNano()
		}
	}
	slices.SortStableFunc(spans, func(x, y span) int { return cmp.Compare(x.from, y.from) })
	var open []span
	for i := range lines {
		l := &lines[i]
		if !l.Request {
			continue
		}
		for len(spans) > 0 && spans[0].from <= l.Time {
			open, spans = append(open, spans[0]), spans[1:]
		}
		refused := l.Refused() || l.Status == 401
		over := 0
		for k := range open {
			s := &open[k]
			if l.Time-int64(late) >= s.to {
				over++
			} else if l.Time >= s.from && l.Time < s.to && (refused || s.alarm.Kind == detect.Misuse) && !s.alarm.clients[l.Client] && s.cohort.Has(l) {
				s.alarm.clients[l.Client] = true
			}
		}
		if over > len(open)/2 {
			open = slices.DeleteFunc(open, func(s span) bool { return l.Time-int64(late) >= s.to })
		}
	}
	return alarms
}

// span is the time that an alarm covers; its onset is known to a minute.
type span struct {
	alarm    *alarm
	cohort   inject.Cohort
	from, to int64
}

const (
	edge = time.Minute
	late = 10 * time.Minute // how far behind the newest line one may stand and still be covered
)

// cohortsOf is what an incident says whom it concerns: any of some conjunctions.
func cohortsOf(in *detect.Incident) [][]inject.Term {
	var out [][]inject.Term
	for _, c := range append([][]detect.Term{in.Cohort}, in.Or...) {
		terms := make([]inject.Term, len(c))
		for i, t := range c {
			terms[i] = inject.Term(t)
		}
		out = append(out, terms)
	}
	return out
}

// overlaps tells whether an alarm falls into the time of an incident.
func overlaps(t *simulate.Incident, a *alarm) bool {
	return (a.End == nil || !a.End.Before(t.Start)) && (t.End == nil || !a.Start.After(t.End.Add(tail)))
}

// shared counts the clients of an incident that an alarm covers.
func shared(t *simulate.Incident, a *alarm) (both int) {
	for _, c := range t.Clients {
		if addr, err := netip.ParseAddr(c); err == nil && a.clients[addr] {
			both++
		}
	}
	return both
}

// fits tells whether an alarm may be matched to an incident, and how well.
func fits(t *simulate.Incident, a *alarm) (float64, bool) {
	if !overlaps(t, a) {
		return 0, false
	}
	j := jaccard(t, a)
	return j, j >= leastShared
}

// jaccard is the overlap of the clients of an incident and of an alarm.
func jaccard(t *simulate.Incident, a *alarm) float64 {
	both := shared(t, a)
	return float64(both) / float64(max(1, len(t.Clients)+len(a.clients)-both))
}

// match pairs incidents with alarms. Where several alarms fit, those of the
// right kind and with the better fit are preferred; augmenting paths make the
// number of pairs as large as it can be.
func match(truths []simulate.Incident, alarms []*alarm) (out []outcome, rest []*alarm) {
	options := candidates(truths, alarms)
	owner := make([]int, len(alarms))
	for k := range owner {
		owner[k] = -1
	}
	for i := range truths {
		augment(i, options, owner, make([]bool, len(alarms)))
	}
	out = make([]outcome, len(truths))
	used := make([]bool, len(alarms))
	for i := range truths {
		t := &truths[i]
		out[i].truth = t
		out[i].felt = slices.ContainsFunc(alarms, func(a *alarm) bool { return grazed(t, a) })
	}
	for k, i := range owner {
		if i >= 0 {
			out[i].alarm, used[k] = alarms[k], true
		}
	}
	for i := range truths {
		for _, k := range options[i] {
			if !used[k] {
				used[k] = true
				out[i].dups++
			}
		}
	}
	for k, a := range alarms {
		if used[k] {
			continue
		}
		if i := slices.IndexFunc(truths, func(t simulate.Incident) bool { return fragment(&t, a) }); i >= 0 {
			out[i].dups++
		} else {
			rest = append(rest, a)
		}
	}
	return out, rest
}

// fragment tells whether an alarm is about a piece of an incident: at its time,
// of its kind, and with hardly a client that it did not touch. Nobody is told
// anything false by it, but told twice, or too little: it is a duplicate, and no
// find.
func fragment(t *simulate.Incident, a *alarm) bool {
	if a.Kind != "" && (a.Kind == detect.Misuse) != (t.Kind == string(detect.Misuse)) || len(a.clients) == 0 || !overlaps(t, a) {
		return false
	}
	return float64(shared(t, a)) >= fragmentPart*float64(len(a.clients))
}

// candidates lists for each incident the alarms that may be matched to it, the
// best first.
func candidates(truths []simulate.Incident, alarms []*alarm) [][]int {
	options := make([][]int, len(truths))
	for i := range truths {
		t := &truths[i]
		scores := map[int]float64{}
		for k, a := range alarms {
			if j, ok := fits(t, a); ok {
				options[i] = append(options[i], k)
				scores[k] = j
				if string(a.Kind) == t.Kind {
					scores[k]++
				}
			}
		}
		slices.SortStableFunc(options[i], func(x, y int) int {
			switch {
			case scores[x] > scores[y]:
				return -1
			case scores[x] < scores[y]:
				return 1
			}
			return 0
		})
	}
	return options
}

func augment(i int, options [][]int, owner []int, seen []bool) bool {
	for _, k := range options[i] {
		if seen[k] {
			continue
		}
		seen[k] = true
		if owner[k] < 0 || augment(owner[k], options, owner, seen) {
			owner[k] = i
			return true
		}
	}
	return false
}

// ambient tells whether an alarm is about those who really probe the site in
// passing.
func ambient(a *alarm, probing []string) bool {
	if a.Kind != detect.Misuse || len(a.clients) == 0 {
		return false
	}
	n := 0
	for _, p := range probing {
		if addr, err := netip.ParseAddr(p); err == nil && a.clients[addr] {
			n++
		}
	}
	return float64(n) >= ambientPart*float64(len(a.clients))
}

// exact tells whether an alarm names the cohort as the truth does, or in one of
// the ways that are as right.
func exact(t *simulate.Incident, a *alarm) bool {
	have := normal(a.Cohort)
	if have == normalTruth(t.Cohort) {
		return true
	}
	return slices.ContainsFunc(t.Accept, func(c []simulate.Term) bool { return have == normalTruth(c) })
}

func normal(c []detect.Term) string {
	parts := make([]string, len(c))
	for i, t := range c {
		parts[i] = t.Dim + "=" + strings.ToLower(t.Value)
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

func normalTruth(c []simulate.Term) string {
	terms := make([]detect.Term, len(c))
	for i, t := range c {
		terms[i] = detect.Term(t)
	}
	return normal(terms)
}
