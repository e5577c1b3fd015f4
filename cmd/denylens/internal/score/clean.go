package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/score/inject"
	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
	"github.com/denylens/denylens/detect"
)

// Logs in which nothing is wrong: what is found in them is false, and how often
// cohorts exceed a chance is how well that chance is known.
const (
	cleanPerDay = 12_000_000 // requests of a simulated day: ten thousand cohorts are followed
	cleanSeed   = 201
	cleanShare  = .01 // of a real log's requests are refused at most: in others something is wrong
	week        = 7 * 24 * time.Hour
)

// quiet adds up what was found in logs of one sort.
type quiet struct {
	logs, cohorts, low, medium int
	weeks                      float64
	requests, tests            int64
	exceeded                   map[float64]float64 // tests that exceeded a chance
	titles                     []string
}

// add takes the result of one log in. Misuse counts only where the truth is
// known: everywhere else there are scanners.
func (q *quiet) add(sum *detect.Summary, weeks float64, counts func(in *detect.Incident) bool) {
	c := sum.Calibration
	q.logs, q.weeks, q.requests, q.tests = q.logs+1, q.weeks+weeks, q.requests+sum.Traffic.Requests, q.tests+c.Tests
	if q.cohorts == 0 || c.Cohorts < q.cohorts {
		q.cohorts = c.Cohorts
	}
	for _, l := range c.Levels {
		q.exceeded[l.Nominal] += l.Observed * float64(c.Tests)
	}
	for i := range sum.Incidents {
		in := &sum.Incidents[i]
		switch {
		case !counts(in):
			continue
		case in.Severity.Rank() >= detect.Medium.Rank():
			q.medium++
		default:
			q.low++
		}
		q.titles = append(q.titles, fmt.Sprintf("%s %s: %s", in.Severity, in.Kind, in.Title))
	}
}

// times is how many times as often a chance was exceeded as it says.
func (q *quiet) times(nominal float64) float64 {
	return q.exceeded[nominal] / nominal / float64(max(1, q.tests))
}

// runClean measures false incidents and prints them.
func runClean(ctx context.Context, o options, w io.Writer) (failed int, err error) {
	var text strings.Builder
	days := quiet{exceeded: map[float64]float64{}}
	for i := range o.clean {
		if err := busyDay(ctx, uint64(cleanSeed+i), &days); err != nil {
			return 0, err
		}
	}
	fmt.Fprintf(&text, "simulated days: %d, %d requests, at least %d cohorts\n", days.logs, days.requests, days.cohorts)
	fmt.Fprintf(&text, "  false incidents a day: %.3f, of these medium or above: %.3f\n", ratio(days.low+days.medium, days.logs), ratio(days.medium, days.logs))
	days.print(&text)
	sites, err := inject.RealSites(o.real)
	if err != nil {
		return 0, err
	}
	nature := quiet{exceeded: map[float64]float64{}}
	for i := range sites {
		if err := untouched(ctx, &sites[i], &nature); err != nil {
			return 0, err
		}
	}
	if nature.logs > 0 {
		fmt.Fprintf(&text, "real logs as they are, fewer than one in a hundred refused: %d, %d requests in %.0f weeks\n", nature.logs, nature.requests, nature.weeks)
		fmt.Fprintf(&text, "  incidents of medium severity or above, right or wrong, a week and site: %.3f\n", float64(nature.medium)/max(1, nature.weeks))
		nature.print(&text)
	}
	if o.verbose {
		fmt.Fprintln(w, strings.Join(append(days.titles, nature.titles...), "\n"))
	}
	if _, err := io.WriteString(w, text.String()); err != nil || o.save == "" {
		return 0, err
	}
	return 0, os.WriteFile(filepath.Join(o.save, time.Now().UTC().Format("2006-01-02")+"-clean.txt"), []byte(text.String()), 0o644)
}

func (q *quiet) print(w io.Writer) {
	fmt.Fprintf(w, "  %d tests; times as often as nominal: %.2f at 1 in 1000, %.2f at 1 in 100,000\n", q.tests, q.times(1e-3), q.times(1e-5))
}

// busyDay has a simulated day judged while it is written: it is too large to be
// kept.
func busyDay(ctx context.Context, seed uint64, q *quiet) error {
	r, w := io.Pipe()
	defer r.Close() // so that nobody waits to write if reading ends early
	var truth simulate.Truth
	go func() {
		var err error
		truth, err = simulate.Run(ctx, simulate.Options{Scenario: "quiet", Seed: seed, Format: "cloudflare", Requests: cleanPerDay}, w)
		w.CloseWithError(err)
	}()
	sum, err := judge(ctx, r, "cloudflare")
	if err != nil {
		return err
	}
	probing := map[string]bool{}
	for _, a := range truth.Ambient {
		probing[a] = true
	}
	q.add(&sum, 1./7, func(in *detect.Incident) bool { return in.Kind != detect.Misuse || !aboutProbing(in, probing) })
	return nil
}

// aboutProbing tells whether an incident is about those who probe every site in
// passing: all whom it names do, or at least half of those whose lines it shows.
// One that names nobody and shows nothing is not.
func aboutProbing(in *detect.Incident, probing map[string]bool) bool {
	if in.Cause.ID != "scan" || in.Severity != detect.Low {
		return false
	}
	named := false
	for _, c := range append([][]detect.Term{in.Cohort}, in.Or...) {
		for _, t := range c {
			if t.Dim != "ip" {
				continue
			}
			if named = true; !probing[t.Value] {
				return false
			}
		}
	}
	return named || probed(in.Samples, probing)
}

// probed tells whether half of some lines at least are of those who probe. A
// line that an incident shows begins with the client's address, in any format.
func probed(samples []detect.Sample, probing map[string]bool) bool {
	n := 0
	for _, s := range samples {
		addr, _, _ := strings.Cut(s.Line, " ")
		n += count(probing[addr])
	}
	return n > 0 && 2*n >= len(samples)
}

// untouched has a real log judged as it is.
func untouched(ctx context.Context, s *inject.Site, q *quiet) error {
	log, err := s.Load(ctx)
	if err != nil {
		return err
	}
	refused, weeks := 0, map[int64]bool{}
	for i := range log.Lines {
		if log.Lines[i].Refused() {
			refused++
		}
		weeks[log.Lines[i].Time/int64(week)] = true
	}
	if float64(refused) > cleanShare*float64(len(log.Lines)) {
		return nil
	}
	sum, err := judge(ctx, bytes.NewReader(log.Bytes()), log.Format)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	q.add(&sum, float64(len(weeks)), func(*detect.Incident) bool { return true })
	return nil
}
