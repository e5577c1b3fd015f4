package main

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// work is a command that is timed, with what came of each round.
type work struct {
	name    string
	in      input
	argv    []string
	seconds []float64
	cpu     []float64 // seconds of all processors
	rss     []int64   // bytes, the most
}

// takeTurns runs each work once a round.
func takeTurns(works []*work, rounds int) error {
	for range rounds {
		for _, w := range works {
			if err := w.run(); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
		}
	}
	return nil
}

func (w *work) run() error {
	cmd := exec.Command(w.argv[0], w.argv[1:]...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, stderr.String())
	}
	w.seconds = append(w.seconds, time.Since(begin).Seconds())
	rss := int64(0)
	if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		rss = ru.Maxrss << 10
	}
	w.rss = append(w.rss, rss)
	w.cpu = append(w.cpu, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
	return nil
}

func printWorks(works []*work) {
	fmt.Printf("%-32s %8s %17s %8s %10s %7s %9s\n", "", "seconds", "", "cpu s", "lines/s", "MB/s", "peak MiB")
	for _, w := range works {
		s := median(w.seconds)
		fmt.Printf("%-32s %8.3f (%6.3f-%7.3f) %8.2f %10.0f %7.0f %9d\n", w.name, s, slices.Min(w.seconds), slices.Max(w.seconds), median(w.cpu),
			float64(w.in.Lines)/s, w.in.Mega/s, slices.Max(w.rss)>>20)
	}
}

// check is a figure and the least, or most, that is asked of it.
type check struct {
	name               string
	value, least, most float64 // median, and range over the rounds
	want               float64
	bound              bool // want is an upper bound
}

func newCheck(name string, want float64, bound bool, rounds int, value func(round int) float64) check {
	var all []float64
	for r := range rounds {
		all = append(all, value(r))
	}
	return check{name, median(all), slices.Min(all), slices.Max(all), want, bound}
}

func (c *check) print() bool {
	sign, ok := ">=", c.value >= c.want
	if c.bound {
		sign, ok = "<=", c.value <= c.want
	}
	word := "MISS"
	if ok {
		word = "ok  "
	}
	fmt.Printf("%s  %-34s %8.2f (%.2f-%.2f)  want %s %g\n", word, c.name, c.value, c.least, c.most, sign, c.want)
	return ok
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}
