// Command bench times whole runs of denylens beside what people reach for: mawk
// counting by address, GoAccess, and the unpacking of a packed log alone. All
// take turns, several rounds of them, so that a busy minute meets each alike;
// a figure is the median of the rounds, a ratio the median of the ratios within
// each. With valgrind installed it also counts the instructions that a line
// takes, on a part of the log: unlike times, they are the same on a busy machine.
//
// The logs are simulated with fixed seeds: as many different days as it takes.
// No line is there twice by copying. Settings, of the environment:
//
//	SIZE_MB  of the log, default 300
//	RUNS     rounds, default 3
//	ATTACK   lines of a log of as many addresses, paths and user agents, default 3000 a MB
//	WATCH    alerts whose delay is measured, default 10
//	SAVE     archives the figures in testdata/bench
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

func main() {
	bin := flag.String("denylens", "./denylens", "the program to time")
	strict := flag.Bool("strict", false, "exit with 1 if a goal is missed: for a machine that nobody else uses")
	inputs := flag.String("inputs", "", "only write the logs to this folder, and say what they are")
	flag.Parse()
	if *inputs != "" {
		in, err := makeInputs(*inputs)
		if err == nil {
			err = json.NewEncoder(os.Stdout).Encode(in)
		}
		fail(err)
		return
	}
	ok, err := run(*bin)
	fail(err)
	if !ok && *strict {
		os.Exit(1)
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}

func setting(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

func run(bin string) (bool, error) {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "denylens-bench")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	in, err := prepare(dir)
	if err != nil {
		return false, err
	}
	rounds := setting("RUNS", 3)
	fmt.Printf("log: %.0f MB, %d lines, combined; %d rounds, medians (least to most)\n\n", in.Whole.Mega, in.Whole.Lines, rounds)
	works := listWorks(bin, dir, in)
	if err := takeTurns(works, rounds); err != nil {
		return false, err
	}
	printWorks(works)
	perLine, err := instructions(bin, dir, in.Whole.Path)
	switch {
	case err != nil:
		fmt.Printf("\ninstructions a line: not counted, %v\n\n", err)
	case perLine > 0:
		fmt.Printf("\n%.0f instructions a line\n\n", perLine)
	default:
		fmt.Println()
	}
	delays, err := alertDelays(bin, dir, setting("WATCH", 10))
	if err != nil {
		return false, err
	}
	checks := append(listChecks(works), alertCheck(delays))
	missed := 0
	for i := range checks {
		if !checks[i].print() {
			missed++
		}
	}
	fmt.Printf("%d of %d goals met\n", len(checks)-missed, len(checks))
	if os.Getenv("SAVE") != "" {
		return missed == 0, save(works, perLine, checks)
	}
	return missed == 0, nil
}
