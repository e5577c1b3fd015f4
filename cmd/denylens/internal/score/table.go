package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/denylens/denylens/detect"
)

// printTable prints a line for each group and one for all.
func printTable(w io.Writer, groups []*figures, total *figures) {
	fmt.Fprintf(w, "%-25s %4s %4s %7s %7s %6s %6s %7s %7s %7s %4s %7s %9s %7s\n", "case", "logs", "n", "recall", "precis.", "kind", "cause", "cohort",
		"delay", "95 %", "dup", "false/d", "medium+/d", "ambient")
	for _, f := range append(groups, total) {
		if f == total {
			fmt.Fprintln(w, strings.Repeat("-", 119))
		}
		fmt.Fprintf(w, "%-25s %4d %4d %7s %7s %6s %6s %7s %7s %7s %4d %7s %9s %7d\n", f.name, f.logs, f.incidents, share(f.recall()), share(f.precision()),
			share(ratio(f.kind, f.found)), share(ratio(f.cause, f.found)), share(ratio(f.same, f.found)), minutes(quantile(f.delays, .5)), minutes(quantile(f.delays, .95)),
			f.dup, share(f.perDay(f.falseAny)), share(f.perDay(f.falseMedium)), f.ambient)
	}
}

func share(x float64) string {
	if math.IsNaN(x) {
		return "-"
	}
	return fmt.Sprintf("%.2f", x)
}

func minutes(x float64) string {
	if math.IsNaN(x) {
		return "-"
	}
	return fmt.Sprintf("%.1fm", x)
}

// tellMistakes names what was missed, misjudged or false.
func tellMistakes(w io.Writer, results []result) {
	for _, r := range results {
		where := fmt.Sprintf("%s, seed %d:", r.group, r.seed)
		if r.sample != nil {
			where = fmt.Sprintf("%s (%s):", r.group, r.sample.Tell())
		}
		for _, o := range r.outcomes {
			t := o.truth
			what := fmt.Sprintf("%s %s [%s] %s, %d clients", t.Kind, t.Cause, normalTruth(t.Cohort), t.Start.Format("15:04"), len(t.Clients))
			switch {
			case o.alarm == nil:
				fmt.Fprintln(w, "missed", where, what)
				continue
			case string(o.alarm.Kind) != t.Kind:
				fmt.Fprintln(w, "wrong kind", where, what, "as", tell(o.alarm))
			case !rightCause(&o):
				fmt.Fprintln(w, "wrong cause", where, what, "as", tell(o.alarm))
			case !exact(t, o.alarm):
				fmt.Fprintln(w, "other cohort", where, what, "as", tell(o.alarm))
			}
			if o.dups > 0 {
				fmt.Fprintln(w, o.dups, "duplicates", where, what)
			}
		}
		for _, a := range r.rest {
			fmt.Fprintln(w, "false", where, tell(a))
		}
	}
}

func tell(a *alarm) string {
	more := ""
	if len(a.Or) > 0 {
		more = fmt.Sprintf(" (+%d)", len(a.Or))
	}
	return fmt.Sprintf("%s %s %s [%s]%s %s, %d clients", a.Severity, a.Kind, a.Cause.ID, normal(a.Cohort), more, a.Start.Format("15:04"), len(a.clients))
}

// save writes the figures under a name that says when and where they were
// measured.
func save(o options, text string, groups []*figures, total *figures, injected []result) error {
	type line struct {
		Case          string   `json:"case"`
		Logs          int      `json:"logs"`
		Incidents     int      `json:"incidents"`
		Found         int      `json:"found"`
		KindRight     int      `json:"kind_right"`
		CauseRight    int      `json:"cause_right"`
		CohortExact   int      `json:"cohort_exact"`
		Duplicates    int      `json:"duplicates"`
		False         int      `json:"false"`
		FalseMedium   int      `json:"false_medium"`
		Ambient       int      `json:"ambient"`
		DelayMedian   *float64 `json:"delay_median_minutes,omitempty"`
		DelayP95      *float64 `json:"delay_p95_minutes,omitempty"`
		Days          float64  `json:"days"`
		SecondsSpent  float64  `json:"seconds_spent"`
		RequestsSpent int64    `json:"requests"`
	}
	var lines []line
	for _, f := range append(groups, total) {
		l := line{f.name, f.logs, f.incidents, f.found, f.kind, f.cause, f.same, f.dup, f.falseAny, f.falseMedium, f.ambient, nil, nil, f.days, f.seconds, f.requests}
		if len(f.delays) > 0 {
			a, b := quantile(f.delays, .5), quantile(f.delays, .95)
			l.DelayMedian, l.DelayP95 = &a, &b
		}
		lines = append(lines, l)
	}
	if err := os.MkdirAll(o.save, 0o755); err != nil {
		return err
	}
	name := filepath.Join(o.save, time.Now().UTC().Format("2006-01-02")+"-"+runtime.GOOS+"-"+runtime.GOARCH)
	if o.full {
		name += "-full"
	}
	doc, err := json.MarshalIndent(map[string]any{"schema": "denylens.score/v2", "severities": detect.Severities, "cases": lines, "injected": manifestOf(injected)}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(name+".json", append(doc, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(name+".txt", []byte(text), 0o644)
}
