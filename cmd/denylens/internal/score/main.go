// Command score measures how well incidents are found. It simulates days with a
// known truth, and injects incidents into simulated and real logs (package
// inject); has them judged as a scan would; compares; and prints tables. The
// rules by which people watch refusals today (package rules) run on the same
// logs with injected incidents. Real episodes with a truth file beside them are
// measured like a simulated day.
//
//	go run ./cmd/denylens/internal/score            some seeds of each scenario, some injected incidents
//	go run ./cmd/denylens/internal/score -full      more seeds, formats, sizes and incidents
//	go run ./cmd/denylens/internal/score -real DIR  incidents in the logs DIR/*.log.gz, too
//	go run ./cmd/denylens/internal/score -case geo-block -v
//	go run ./cmd/denylens/internal/score -split dev -case /misuse/ -v -dump DIR
//
// A name with a slash is that of an injected incident. What counts as found is in
// match.go. The exit code is 1 if a goal of goals.go is missed, which are those of
// the scenarios; the aims of research.go, on the test part of the injected
// incidents, fail nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"
)

type options struct {
	full     bool
	seeds    int
	requests int
	only     string
	episodes string
	real     string
	split    string
	dump     string
	save     string
	clean    int
	verbose  bool
}

func main() {
	var o options
	flag.BoolVar(&o.full, "full", false, "more seeds, formats and sizes")
	flag.IntVar(&o.seeds, "seeds", 0, "seeds of each case; 0 = 3, or 12 with -full")
	flag.IntVar(&o.requests, "requests", 0, "requests a day; 0 = 150,000")
	flag.StringVar(&o.only, "case", "", "only cases whose name contains this")
	flag.StringVar(&o.episodes, "episodes", "", "folder of real episodes: NAME.log[.gz] beside NAME.truth.json")
	flag.StringVar(&o.real, "real", os.Getenv("DENYLENS_LOGS"), "folders of real logs NAME.log.gz to inject incidents into, as in PATH; by default what DENYLENS_LOGS says")
	flag.StringVar(&o.split, "split", "", "only sites of this part: dev or test")
	flag.StringVar(&o.dump, "dump", "", "folder to write each injected log and its truth to, to be looked at")
	flag.StringVar(&o.save, "save", "", "folder to write a dated result to")
	flag.IntVar(&o.clean, "clean", 0, "measure false incidents instead, on so many simulated days of much traffic and on the untouched logs of -real")
	flag.BoolVar(&o.verbose, "v", false, "say what was missed and what was false")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	measure := run
	if o.clean > 0 {
		measure = runClean
	}
	failed, err := measure(ctx, o, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "score:", err)
		os.Exit(2)
	}
	if failed > 0 {
		os.Exit(1)
	}
}

// job is work of which one processor does a piece at a time.
type job func(ctx context.Context) []result

// run measures all cases and returns how many goals were missed.
func run(ctx context.Context, o options, w io.Writer) (failed int, err error) {
	jobs, err := listJobs(o)
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	results, injected, err := work(ctx, jobs)
	if err != nil {
		return 0, err
	}
	if o.verbose { // with addresses of the logs: it is never kept
		tellMistakes(w, results)
		tellMistakes(w, injected)
	}
	var text strings.Builder
	groups, total := summarize(results)
	if len(results) > 0 {
		printTable(&text, groups, total)
	}
	printInjected(&text, injected)
	if o.real == "" {
		fmt.Fprintln(&text, "\nNo folder of real logs is named (-real or DENYLENS_LOGS): cases on real logs are skipped.")
	}
	passed, failed := printGoals(&text, groups, total)
	fmt.Fprintf(&text, "%d logs of scenarios, %d with injected incidents, judged in %.0f s\n", len(results), len(injected), time.Since(begin).Seconds())
	fmt.Fprintf(&text, "%d passed, %d failed\n", passed, failed)
	if _, err := io.WriteString(w, text.String()); err != nil {
		return failed, err
	}
	if o.save != "" {
		return failed, save(o, text.String(), groups, total, injected)
	}
	return failed, nil
}
