package main

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
	"github.com/denylens/denylens/detect"
	"github.com/denylens/denylens/ingest"
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
)

// alarm is a reported incident with the clients its cohort covers.
type alarm struct {
	*detect.Incident
	clients map[netip.Addr]bool
}

// outcome is what became of one incident of the truth.
type outcome struct {
	truth *simulate.Incident
	alarm *alarm // nil: missed
	dups  int
}

// cover collects for each reported incident the clients of its cohort: the
// refused ones, or, for misuse, all.
func cover(ctx context.Context, log []byte, format string, incidents []detect.Incident) ([]*alarm, error) {
	alarms := make([]*alarm, len(incidents))
	for i := range incidents {
		alarms[i] = &alarm{&incidents[i], map[netip.Addr]bool{}}
	}
	if len(alarms) == 0 {
		return nil, nil
	}
	err := eachBatch(ctx, log, format, func(b *ingest.Batch) {
		for i := range b.Records {
			r := &b.Records[i]
			refused := r.Status == 403 || r.Status == 401 || r.Status == 429
			for _, a := range alarms {
				if (refused || a.Kind == detect.Misuse) && a.during(r.Time) && !a.clients[r.Client] && cohortsOf(a.Incident).has(r) {
					a.clients[r.Client] = true
				}
			}
		}
	})
	return alarms, err
}

// during tells whether an alarm covers a moment; its onset is known to a minute.
func (a *alarm) during(at int64) bool {
	return at >= a.Start.Add(-time.Minute).UnixNano() && (a.End == nil || at < a.End.Add(time.Minute).UnixNano())
}

// fits tells whether an alarm may be matched to an incident, and how well.
func fits(t *simulate.Incident, a *alarm) (float64, bool) {
	if a.End != nil && a.End.Before(t.Start) || t.End != nil && a.Start.After(t.End.Add(tail)) {
		return 0, false
	}
	both := 0
	for _, c := range t.Clients {
		if addr, err := netip.ParseAddr(c); err == nil && a.clients[addr] {
			both++
		}
	}
	j := float64(both) / float64(max(1, len(t.Clients)+len(a.clients)-both))
	return j, j >= leastShared
}

// match pairs incidents with alarms. Where several alarms fit, those of the
// right kind and with the better fit are preferred; augmenting paths make the
// number of pairs as large as it can be.
func match(truths []simulate.Incident, alarms []*alarm) (out []outcome, rest []*alarm) {
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
		out[i].truth = &truths[i]
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
		if !used[k] {
			rest = append(rest, a)
		}
	}
	return out, rest
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
