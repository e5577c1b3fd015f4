package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// stratum is a row of the table of injected incidents: the results that belong
// to it.
type stratum struct {
	name string
	has  func(r *result) bool
}

// cohortAbove holds the incidents of cohorts that can be told from chance.
func cohortAbove(r *result) bool {
	return r.sample.Class == "refusal" && !r.sample.Effect.Single && r.sample.Above()
}

func single(r *result) bool {
	return r.sample.Class == "refusal" && r.sample.Effect.Single && r.sample.Above()
}

// paired holds two refusals at once, each of which can be told from chance.
func paired(r *result) bool { return r.sample.Class == "pair" }

func misused(r *result) bool  { return r.sample.Class == "misuse" }
func harmless(r *result) bool { return r.sample.Class == "harmless" }

// counted holds what the totals are made of: everything but what is below the
// floor, single clients, and absences, which have rows of their own.
func counted(r *result) bool { return incident(r) || harmless(r) }

// edgy tells whether the log of a case says what the edge decided.
func edgy(r *result) bool { return strings.Contains(r.sample.Site, "cloudflare") }

// strata lists the rows: the main ones, then those that split the refusals of
// cohorts.
func strata(list []*result) (rows []stratum) {
	rows = []stratum{
		{"all", counted},
		{"refusals of a cohort", cohortAbove},
		{"two causes at once", paired},
		{"misuse", misused},
		{"harmless", harmless},
		{"single clients", single},
		{"six clients, under 20.9 nats", func(r *result) bool {
			e := r.sample.Effect
			return r.sample.Class == "refusal" && !e.Single && !e.Above() && e.Newly >= 6
		}},
		{"under six clients", func(r *result) bool {
			e := r.sample.Effect
			return r.sample.Class == "refusal" && !e.Single && e.Newly < 6
		}},
		{"lines that stay away", func(r *result) bool { return r.sample.Class == "absence" }},
	}
	split := func(title string, of func(r *result) bool, value func(r *result) string) {
		var values []string
		for _, r := range list {
			if v := value(r); of(r) && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		slices.Sort(values)
		for _, v := range values {
			rows = append(rows, stratum{title + v, func(r *result) bool { return of(r) && value(r) == v }})
		}
	}
	split("scope ", cohortAbove, func(r *result) string { return r.sample.Scope })
	split("share ", cohortAbove, func(r *result) string { return fmt.Sprintf("%3.0f %%", 100*r.sample.Fraction) })
	split("clients a minute ", cohortAbove, func(r *result) string { return r.sample.Size() })
	split("lasts ", cohortAbove, func(r *result) string { return fmt.Sprintf("%4.0f min", r.sample.Duration.Minutes()) })
	split("history ", cohortAbove, historyOf)
	split("shape ", cohortAbove, func(r *result) string { return r.sample.Shape })
	split("background ", cohortAbove, func(r *result) string {
		if strings.HasPrefix(r.sample.Site, "site-") {
			return "real"
		}
		return "simulated"
	})
	split("misuse ", misused, func(r *result) string { return r.sample.Scope })
	split("harmless ", harmless, func(r *result) string { return r.sample.Scope })
	return rows
}

func historyOf(r *result) string {
	switch h := r.sample.History; {
	case h < 30*time.Minute:
		return "< 30 min"
	case h < 2*time.Hour:
		return "< 2 h"
	case h < 30*time.Hour:
		return "<= 1 d"
	}
	return "> 1 d"
}

// gather adds up what one judge, denylens or a rule, made of some results.
func gather(name string, list []*result, has func(r *result) bool, of func(r *result) *verdict) *figures {
	f := &figures{name: name}
	for _, r := range list {
		if has(r) {
			f.add(r, of(r))
		}
	}
	f.sort()
	return f
}

func ours(r *result) *verdict { return &r.verdict }

func ofRule(i int) func(r *result) *verdict {
	return func(r *result) *verdict { return &r.rules[i] }
}

// sampled lists the results of a part that came to something.
func sampled(injected []result, split string) (list []*result) {
	for i := range injected {
		if s := injected[i].sample; s != nil && s.Split == split {
			list = append(list, &injected[i])
		}
	}
	return list
}

const resamples = 1000

// interval is the central 95 % of a figure when sites are drawn anew with
// replacement.
func interval(list []*result, has func(r *result) bool, of func(r *result) *verdict, value func(f *figures) float64) (lo, hi float64) {
	bySite := map[string][]*result{}
	var names []string
	for _, r := range list {
		if !has(r) {
			continue
		}
		if bySite[r.sample.Site] == nil {
			names = append(names, r.sample.Site)
		}
		bySite[r.sample.Site] = append(bySite[r.sample.Site], r)
	}
	if len(names) < 2 {
		return math.NaN(), math.NaN()
	}
	parts := make([]*figures, len(names))
	for i, n := range names {
		parts[i] = gather(n, bySite[n], func(*result) bool { return true }, of)
	}
	rng := rand.New(rand.NewPCG(1, uint64(len(list))))
	var values []float64
	for range resamples {
		var sum figures
		for range parts {
			sum.merge(parts[rng.IntN(len(parts))])
		}
		if v := value(&sum); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return quantile(values, .025), quantile(values, .975)
}

// merge adds the counts of another.
func (f *figures) merge(o *figures) {
	f.logs, f.incidents, f.found, f.felt = f.logs+o.logs, f.incidents+o.incidents, f.found+o.found, f.felt+o.felt
	f.kind, f.cause, f.same, f.dup = f.kind+o.kind, f.cause+o.cause, f.same+o.same, f.dup+o.dup
	f.falseAny, f.falseMedium, f.days = f.falseAny+o.falseAny, f.falseMedium+o.falseMedium, f.days+o.days
}
