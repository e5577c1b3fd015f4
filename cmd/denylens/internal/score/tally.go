package main

import (
	"bytes"
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
	group   string
	seed    uint64
	err     error
	truth   simulate.Truth
	seconds float64
	verdict
	rules  []verdict      // of the rules of today, on the same log
	sample *inject.Sample // nil for a simulated scenario
}

// verdict compares some alarms with the truth.
type verdict struct {
	outcomes []outcome
	rest     []*alarm // false ones
	ambient  int      // alarms about those who really probe in passing
	natural  int      // alarms that the log raised before anything was injected, too
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
	r.verdict = compare(&r.truth, alarms, nil)
	return r
}

// alarmsOf has a log judged.
func alarmsOf(ctx context.Context, text []byte, format string, lines []inject.Line) ([]*alarm, float64, error) {
	begin := time.Now()
	sum, err := judge(ctx, bytes.NewReader(text), format)
	spent := time.Since(begin).Seconds()
	if err != nil {
		return nil, spent, err
	}
	return cover(lines, sum.Incidents), spent, nil
}

// compare matches alarms with the truth. What the log raised before anything was
// injected is neither false nor found.
func compare(truth *simulate.Truth, alarms, before []*alarm) (v verdict) {
	var left []*alarm
	for _, a := range alarms {
		if slices.ContainsFunc(before, func(b *alarm) bool { return sameEvent(a, b) }) {
			v.natural++
		} else {
			left = append(left, a)
		}
	}
	out, rest := match(truth.Incidents, left)
	v.outcomes = out
	for _, a := range rest {
		if ambient(a, truth.Ambient) {
			v.ambient++
		} else {
			v.rest = append(v.rest, a)
		}
	}
	return v
}

// figures are the sums over some logs.
type figures struct {
	name                                           string
	logs, incidents, found, kind, cause, same, dup int
	falseAny, falseMedium, ambient, felt           int
	overlap                                        []float64 // Jaccard index of the clients, sorted
	delays                                         []float64 // minutes, sorted
	onset                                          []float64 // minutes by which the reported start is off
	days                                           float64
	requests                                       int64
	seconds                                        float64
}

func (f *figures) add(r *result, v *verdict) {
	f.logs++
	f.days += r.truth.To.Sub(r.truth.From).Hours() / 24
	f.requests += r.truth.Requests
	f.seconds += r.seconds
	f.ambient += v.ambient
	for _, a := range v.rest {
		f.falseAny++
		if a.Severity.Rank() >= detect.Medium.Rank() {
			f.falseMedium++
		}
	}
	for _, o := range v.outcomes {
		f.incidents++
		f.dup += o.dups
		f.felt += count(o.felt)
		if o.alarm == nil {
			continue
		}
		f.found++
		f.kind += count(string(o.alarm.Kind) == o.truth.Kind)
		f.cause += count(rightCause(&o))
		f.same += count(exact(o.truth, o.alarm))
		f.overlap = append(f.overlap, jaccard(o.truth, o.alarm))
		f.delays = append(f.delays, max(0, o.alarm.DetectedAt.Sub(o.truth.Start).Minutes()))
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
		g.add(r, &r.verdict)
		total.add(r, &r.verdict)
	}
	for _, g := range append(groups, total) {
		g.sort()
	}
	return groups, total
}

func (f *figures) sort() {
	slices.Sort(f.delays)
	slices.Sort(f.onset)
	slices.Sort(f.overlap)
}
