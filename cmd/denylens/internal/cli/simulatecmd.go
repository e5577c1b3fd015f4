package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
)

func simulateCommand(a *app) *cobra.Command {
	var o simulate.Options
	var start, truth, output string
	c := &cobra.Command{
		Use:   "simulate SCENARIO [FLAG...]",
		Short: "write a realistic log with a known incident, to try denylens without a log",
		Example: `  denylens simulate geo-block | denylens
  denylens simulate geo-block --truth truth.json -o access.log`,
		ValidArgs: simulate.Names(),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return a.scenarioList(len(args) == 0)
			}
			o.Scenario = args[0]
			return a.simulate(c, o, start, truth, output)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.Uint64Var(&o.Seed, "seed", 1, "`N` another seed is another day")
	f.StringVar(&start, "start", "", "`TIME` of the first line (default: 2 March 2026, so that the same command gives the same log)")
	f.DurationVar(&o.Duration, "duration", 24*time.Hour, "`DURATION` of the log")
	f.IntVar(&o.Requests, "requests", 0, "`N` requests, about (default: 150,000 a day)")
	f.StringVar(&o.Format, "format", "combined", "`NAME` of the log format: "+strings.Join(simulate.Formats, ", "))
	f.StringVar(&truth, "truth", "", "`FILE` for what is true about the log, as JSON")
	f.StringVarP(&output, "output", "o", "", "`FILE` instead of standard output")
	return c
}

// scenarioList lists the scenarios; asking for none is a question, for two a
// mistake.
func (a *app) scenarioList(asked bool) error {
	if !asked {
		return usagef("denylens simulate lists the scenarios", "one scenario at a time")
	}
	w := bufio.NewWriter(checked{a.stdout, "standard output"})
	for _, s := range simulate.Scenarios {
		fmt.Fprintf(w, "  %-20s %s\n", s.Name, s.Title)
	}
	return w.Flush()
}

func (a *app) simulate(c *cobra.Command, o simulate.Options, start, truth, output string) error {
	if n := o.Scenario; !known(n, simulate.Names()) {
		hint := "denylens simulate lists the scenarios"
		if m := config.Nearest(n, simulate.Names()); m != "" {
			hint = "did you mean " + m + "?"
		}
		return usagef(hint, "no scenario is called %q", n)
	}
	if !known(o.Format, simulate.Formats) {
		return usagef("", "--format: must be one of %s, not %q", strings.Join(simulate.Formats, ", "), o.Format)
	}
	if start != "" {
		t, err := config.Moment(start, time.Now())
		if err != nil {
			return usagef("", "--start: %s", err)
		}
		o.Start = t
	}
	var told simulate.Truth
	err := a.output(output, nil, func(w io.Writer) error {
		b := bufio.NewWriterSize(w, 256<<10)
		var err error
		told, err = simulate.Run(c.Context(), o, b)
		return errors.Join(err, b.Flush())
	})
	if truth == "" || err != nil && !brokenPipe(err) {
		return err
	}
	return a.output(truth, nil, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(told)
	})
}

func known(name string, list []string) bool {
	for _, n := range list {
		if n == name {
			return true
		}
	}
	return false
}
