package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/denylens/denylens/cmd/denylens/internal/score/inject"
	"github.com/denylens/denylens/cmd/denylens/internal/score/rules"
	"github.com/denylens/denylens/detect"
)

// aim is a figure that research is after, on injected incidents of the test
// part. A miss is printed and fails nothing.
type aim struct {
	name        string
	value       func(list []*result) float64
	least, want float64
	most        bool // they are upper bounds
}

func over(has func(r *result) bool, value func(f *figures) float64) func(list []*result) float64 {
	return func(list []*result) float64 { return value(gather("", list, has, ours)) }
}

func kindRight(f *figures) float64  { return ratio(f.kind, f.found) }
func causeRight(f *figures) float64 { return ratio(f.cause, f.found) }
func sameCohort(f *figures) float64 { return ratio(f.same, f.found) }
func duplicates(f *figures) float64 { return ratio(f.dup, f.incidents) }
func falseADay(f *figures) float64  { return f.perDay(f.falseAny) }

// incident tells whether a case holds an incident that counts.
func incident(r *result) bool { return cohortAbove(r) || paired(r) || misused(r) }

// full holds refusals of everybody in a cohort at once, of so many clients a
// minute at least.
func full(sizes ...string) func(r *result) bool {
	return func(r *result) bool {
		return cohortAbove(r) && r.sample.Fraction == 1 && r.sample.Shape == "step" && r.sample.Scope != "rate" && strings.Contains(strings.Join(sizes, " "), r.sample.Size())
	}
}

var aims = []aim{
	{"recall above the information floor", over(incident, (*figures).recall), .95, .99, false},
	{"precision", over(counted, (*figures).precision), .95, .99, false},
	{"kind, of those found", over(incident, kindRight), .95, .99, false},
	{"cause, no edge fields", over(func(r *result) bool { return incident(r) && !edgy(r) }, causeRight), .80, .88, false},
	{"cause, with edge fields", over(func(r *result) bool { return incident(r) && edgy(r) }, causeRight), .95, .97, false},
	{"exact cohort", over(incident, sameCohort), .88, .95, false},
	{"median delay, full block, >= 20 clients/min, minutes", over(full("20-100", ">100"), func(f *figures) float64 { return quantile(f.delays, .5) }), 1, 1. / 3, true},
	{"95 % delay, full block, >= 5 clients/min, minutes", over(full("5-20", "20-100", ">100"), func(f *figures) float64 { return quantile(f.delays, .95) }), 3, 2, true},
	{"false incidents a day, nothing wrong", over(harmless, falseADay), .2, .05, true},
	{"false incidents a day, all cases", over(counted, falseADay), .2, .05, true},
	{"turned single clients, recall", over(single, (*figures).recall), .95, .99, false},
	{"turned single clients, precision", turnedPrecision, .95, .99, false},
	{"duplicates an incident", over(incident, duplicates), .05, 0, true},
}

// turnedPrecision is the share of right ones among the alarms that say of one
// client that it is refused without reason.
func turnedPrecision(list []*result) float64 {
	right, wrong := gather("", list, single, ours).found, 0
	for _, r := range list {
		for _, a := range r.rest {
			for _, t := range a.Cohort {
				if a.Kind == detect.Overblock && (t.Dim == "ip" || t.Dim == "user") {
					wrong++
					break
				}
			}
		}
	}
	return ratio(right, right+wrong)
}

// printInjected prints what came of the injected incidents: for each part the
// strata, and the rules of today beside denylens.
func printInjected(w io.Writer, injected []result) {
	if len(injected) == 0 {
		return
	}
	none := 0
	for i := range injected {
		none += count(injected[i].sample == nil)
	}
	fmt.Fprintf(w, "\nInjected incidents: %d; for %d more the site has no such cohort, or something of its own was going on.\n", len(injected)-none, none)
	for _, split := range []string{"dev", "test"} {
		list := sampled(injected, split)
		if len(list) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%-28s %4s %4s %7s %5s %7s %5s %6s %7s %7s %7s %7s %5s %8s %9s\n", split+" part", "logs", "n", "recall", "felt", "precis.", "kind", "cause", "cohort",
			"Jaccard", "delay", "95 %", "dup", "false/d", "medium+/d")
		for _, s := range strata(list) {
			printRow(w, gather(s.name, list, s.has, ours))
		}
		if gather("", list, counted, ours).logs > 0 {
			printRules(w, split, list)
		}
	}
	test := sampled(injected, "test")
	if len(test) == 0 {
		return
	}
	fmt.Fprintln(w, "\nAims, on the test part (a miss fails nothing):")
	for _, a := range aims {
		printAim(w, a, test)
	}
}

func printRow(w io.Writer, f *figures) {
	if f.logs == 0 {
		return
	}
	fmt.Fprintf(w, "%-28s %4d %4d %7s %5s %7s %5s %6s %7s %7s %7s %7s %5s %8s %9s\n", f.name, f.logs, f.incidents, share(f.recall()), share(ratio(f.felt, f.incidents)), share(f.precision()),
		share(kindRight(f)), share(causeRight(f)), share(sameCohort(f)), share(quantile(f.overlap, .5)), minutes(quantile(f.delays, .5)), minutes(quantile(f.delays, .95)),
		share(duplicates(f)), share(falseADay(f)), share(f.perDay(f.falseMedium)))
}

// printRules prints denylens and the rules side by side.
func printRules(w io.Writer, split string, list []*result) {
	fmt.Fprintf(w, "\n%-38s %19s %19s %7s %7s %8s %7s %7s %6s %6s %6s\n", split+" part, the same logs", "recall (95 %)", "precision (95 %)", "refus.", "misuse", "false/d", "delay", "95 %", "dup", "cohort", "cause")
	line := func(name string, of func(r *result) *verdict, cause bool) {
		all, refused, misuse := gather(name, list, incident, of), gather(name, list, cohortAbove, of), gather(name, list, misused, of)
		every := gather(name, list, counted, of)
		why := "none"
		if cause {
			why = share(causeRight(all))
		}
		fmt.Fprintf(w, "%-38s %19s %19s %7s %7s %8s %7s %7s %6s %6s %6s\n", name, bounds(list, incident, of, (*figures).recall), bounds(list, counted, of, (*figures).precision),
			share(refused.recall()), share(misuse.recall()), share(falseADay(every)), minutes(quantile(all.delays, .5)), minutes(quantile(all.delays, .95)), share(duplicates(all)), share(sameCohort(all)), why)
	}
	line("denylens", ours, true)
	for i, rule := range rules.All() {
		line(rule.Name(), ofRule(i), false)
	}
}

// bounds prints a figure with its interval.
func bounds(list []*result, has func(r *result) bool, of func(r *result) *verdict, value func(f *figures) float64) string {
	lo, hi := interval(list, has, of, value)
	if math.IsNaN(lo) {
		return share(value(gather("", list, has, of)))
	}
	return fmt.Sprintf("%s (%s-%s)", share(value(gather("", list, has, of))), share(lo), share(hi))
}

func printAim(w io.Writer, a aim, list []*result) {
	v := a.value(list)
	if math.IsNaN(v) {
		fmt.Fprintf(w, "-     %-52s        -  no case\n", a.name)
		return
	}
	sign, least, want := ">=", v >= a.least, v >= a.want
	if a.most {
		sign, least, want = "<=", v <= a.least, v <= a.want
	}
	word := "MISS"
	if want {
		word = "aim"
	} else if least {
		word = "ok"
	}
	fmt.Fprintf(w, "%-5s %-52s %8.3f  least %s %.4g, aim %.4g\n", word, a.name, v, sign, a.least, a.want)
}

// manifest is what is published of a case: how to make it again, and how large
// it was. No line, address or name of a real site is in it.
type manifest struct {
	inject.Case
	Requests int64         `json:"requests"`
	Effect   inject.Effect `json:"effect"`
	Above    bool          `json:"above_floor"`
	Found    bool          `json:"found"` // all of its incidents
	Rules    []bool        `json:"found_by_rules"`
	False    int           `json:"false"`
}

func manifestOf(injected []result) (list []manifest) {
	for i := range injected {
		r := &injected[i]
		if r.sample == nil {
			continue
		}
		m := manifest{Case: r.sample.Case, Requests: r.truth.Requests, Effect: r.sample.Effect, Above: r.sample.Above(), False: len(r.rest)}
		m.Found = r.verdict.all()
		for i := range r.rules {
			m.Rules = append(m.Rules, r.rules[i].all())
		}
		list = append(list, m)
	}
	return list
}

// all tells whether every incident was found, and there was one.
func (v *verdict) all() bool {
	return len(v.outcomes) > 0 && !slices.ContainsFunc(v.outcomes, func(o outcome) bool { return o.alarm == nil })
}
