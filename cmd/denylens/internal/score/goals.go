package main

import (
	"fmt"
	"io"
	"math"
)

// goal is the least (or most) that is accepted of one figure over all logs.
type goal struct {
	name  string
	value func(f *figures) float64
	want  float64
	most  bool // want is an upper bound
}

// goals are the minimum figures. Delays are those of a site with a hundred
// visitors an hour for each thing that can break, not of one with thousands a
// minute: six refused clients are the least that can be told from chance.
var goals = []goal{
	{"recall", (*figures).recall, .95, false},
	{"precision", (*figures).precision, .90, false},
	{"kind right, of those found", func(f *figures) float64 { return ratio(f.kind, f.found) }, .95, false},
	{"cause right, of those found", func(f *figures) float64 { return ratio(f.cause, f.found) }, .80, false},
	{"cohort exact, of those found", func(f *figures) float64 { return ratio(f.same, f.found) }, .75, false},
	{"delay, median minutes", func(f *figures) float64 { return quantile(f.delays, .5) }, 5, true},
	{"delay, 95 % minutes", func(f *figures) float64 { return quantile(f.delays, .95) }, 30, true},
	{"onset off, median minutes", func(f *figures) float64 { return quantile(f.onset, .5) }, 2, true},
	{"duplicates an incident", func(f *figures) float64 { return ratio(f.dup, f.incidents) }, .1, true},
	{"false incidents a day", func(f *figures) float64 { return f.perDay(f.falseAny) }, .3, true},
	{"false incidents a day, medium and up", func(f *figures) float64 { return f.perDay(f.falseMedium) }, .1, true},
}

// groupRecall is the least recall of each scenario by itself.
const groupRecall = .6

// printGoals compares figures with goals.
func printGoals(w io.Writer, groups []*figures, total *figures) (passed, failed int) {
	check := func(name string, value, want float64, most bool) {
		if math.IsNaN(value) {
			return
		}
		sign, ok := ">=", value >= want
		if most {
			sign, ok = "<=", value <= want
		}
		word := "ok  "
		if ok {
			passed++
		} else {
			failed++
			word = "MISS"
		}
		fmt.Fprintf(w, "%s  %-42s %8.3f  want %s %g\n", word, name, value, sign, want)
	}
	fmt.Fprintln(w)
	for _, g := range goals {
		check(g.name, g.value(total), g.want, g.most)
	}
	for _, g := range groups {
		if g.incidents > 0 {
			check("recall of "+g.name, g.recall(), groupRecall, false)
		} else {
			check("false, medium and up, on "+g.name, float64(g.falseMedium), 0, true)
		}
	}
	return passed, failed
}
