package main

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/score/inject"
	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
	"github.com/denylens/denylens/detect"
)

// result is what was measured on one log.
type result struct {
	group    string
	seed     uint64
	err      error
	truth    simulate.Truth
	outcomes []outcome
	rest     []*alarm // false ones
	ambient  int      // alarms about those who really probe in passing
	natural  int      // alarms that the log raised before anything was injected, too
	seconds  float64
	sample   *inject.Sample // nil for a simulated scenario
}

// measure has one log judged and compares.
func measure(ctx context.Context, t trial) (r result) {
	r.group, r.seed = t.group, t.seed
	text, truth, err := t.open(ctx)
	if r.truth, r.err = truth, err; err != nil {
		return r
	}
	log, err := inject.Read(text, t.format)
	if r.err = err; err != nil {
		return r
	}
	var alarms []*alarm
	alarms, r.seconds, r.err = alarmsOf(ctx, text, t.format, log.Lines)
	r.compare(alarms)
	return r
}

// alarmsOf has a log judged.
func alarmsOf(ctx context.Context, text []byte, format string, lines []inject.Line) ([]*alarm, float64, error) {
	begin := time.Now()
	sum, err := judge(ctx, text, format)
	spent := time.Since(begin).Seconds()
	if err != nil {
		return nil, spent, err
	}
	return cover(lines, sum.Incidents), spent, nil
}

// compare matches alarms with the truth.
func (r *result) compare(alarms []*alarm) {
	out, rest := match(r.truth.Incidents, alarms)
	r.outcomes = out
	for _, a := range rest {
		if ambient(a, r.truth.Ambient) {
			r.ambient++
		} else {
			r.rest = append(r.rest, a)
		}
	}
}

// figures are the sums over some logs.
type figures struct {
	name                                           string
	logs, incidents, found, kind, cause, same, dup int
	falseAny, falseMedium, ambient                 int
	delays                                         []float64 // minutes, sorted
	onset                                          []float64 // minutes by which the reported start is off
	days                                           float64
	requests                                       int64
	seconds                                        float64
}

func (f *figures) add(r *result) {
	f.logs++
	f.days += r.truth.To.Sub(r.truth.From).Hours() / 24
	f.requests += r.truth.Requests
	f.seconds += r.seconds
	f.ambient += r.ambient
	for _, a := range r.rest {
		f.falseAny++
		if a.Severity.Rank() >= detect.Medium.Rank() {
			f.falseMedium++
		}
	}
	for _, o := range r.outcomes {
		f.incidents++
		f.dup += o.dups
		if o.alarm == nil {
			continue
		}
		f.found++
		f.kind += count(string(o.alarm.Kind) == o.truth.Kind)
		f.cause += count(rightCause(&o))
		f.same += count(exact(o.truth, o.alarm))
		f.delays = append(f.delays, math.Max(0, o.alarm.DetectedAt.Sub(o.truth.Start).Minutes()))
		f.onset = append(f.onset, math.Abs(o.alarm.Start.Sub(o.truth.Start).Minutes()))
	}
}

func count(ok bool) int {
	if ok {
		return 1
	}
	return 0
}

func rightCause(o *outcome) bool {
	return o.alarm.Cause.ID == o.truth.Cause || slices.Contains(o.truth.AcceptCause, o.alarm.Cause.ID)
}

func (f *figures) recall() float64    { return ratio(f.found, f.incidents) }
func (f *figures) precision() float64 { return ratio(f.found, f.found+f.falseAny) }
func (f *figures) perDay(n int) float64 {
	if f.days == 0 {
		return math.NaN()
	}
	return float64(n) / f.days
}

func ratio(a, b int) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}

// quantile of sorted values, by nearest rank.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	return sorted[min(len(sorted)-1, int(math.Ceil(q*float64(len(sorted)))-1))]
}

// summarize adds the results up, by group in their order and over all.
func summarize(results []result) (groups []*figures, total *figures) {
	total = &figures{name: "all"}
	byName := map[string]*figures{}
	for i := range results {
		r := &results[i]
		g := byName[r.group]
		if g == nil {
			g = &figures{name: r.group}
			byName[r.group] = g
			groups = append(groups, g)
		}
		g.add(r)
		total.add(r)
	}
	for _, g := range append(groups, total) {
		slices.Sort(g.delays)
		slices.Sort(g.onset)
	}
	return groups, total
}
