// Command bench times a whole scan of a large log, from the file to the report,
// beside mawk counting refusals by address, which is what people do by hand,
// and GoAccess, which is what people look at; and of the same log packed, beside
// the unpacking alone. With valgrind installed it also counts the instructions
// that a line takes, on a part of the log: unlike times, they are the same on a
// busy machine.
//
// The log is simulated with fixed seeds: as many different days as it takes. No
// line is there twice by copying. Sizes: SIZE_MB, default 300; runs of each:
// RUNS, default 3. SAVE=1 archives the figures in testdata/bench.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
)

// The goals, on two cores that nobody else uses. mawk reads two columns.
const (
	leastLinesPerSecond = 1_500_000
	mostMiB             = 256 // the default --max-memory
	leastTimesGoAccess  = 5.0
	mostTimesMawk       = 1.5
)

func main() {
	bin := flag.String("denylens", "./denylens", "the program to time")
	strict := flag.Bool("strict", false, "exit with 1 if a goal is missed: for a machine that nobody else uses")
	flag.Parse()
	ok, err := run(*bin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if !ok && *strict {
		os.Exit(1)
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
	log := filepath.Join(dir, "access.log")
	lines, bytes, err := generate(log, int64(setting("SIZE_MB", 300))<<20)
	if err != nil {
		return false, err
	}
	runs := setting("RUNS", 3)
	mega := float64(bytes) / 1e6
	fmt.Printf("log: %.0f MB, %d lines, combined; %d runs each, medians\n\n", mega, lines, runs)
	fmt.Printf("%-34s %9s %9s %12s %9s %9s\n", "", "seconds", "cpu s", "lines/s", "MB/s", "peak MiB")

	var out []measurement
	add := func(name string, lines int64, mega float64, argv ...string) (measurement, error) {
		m, err := timed(name, lines, mega, runs, argv...)
		if err != nil {
			return m, err
		}
		fmt.Printf("%-34s %9.2f %9.2f %12.0f %9.0f %9d\n", m.name, m.seconds, m.cpu, m.rate(), m.mega/m.seconds, m.rss>>20)
		out = append(out, m)
		return m, nil
	}
	ours, err := add("denylens scan", lines, mega, bin, "scan", "--report", "json", "-o", filepath.Join(dir, "report.json"), log)
	if err != nil {
		return false, err
	}
	if _, err := add("denylens scan --workers 1", lines, mega, bin, "scan", "--workers", "1", "--report", "json", "-o", filepath.Join(dir, "report1.json"), log); err != nil {
		return false, err
	}
	checks := []check{
		{"lines a second", ours.rate(), leastLinesPerSecond, false},
		{"peak memory, MiB", float64(ours.rss >> 20), mostMiB, true},
	}
	if mawk, err := exec.LookPath("mawk"); err == nil {
		m, err := add("mawk '$9==403{c[$1]++}'", lines, mega, mawk, "$9==403{c[$1]++} END{for(a in c) print c[a], a}", log)
		if err != nil {
			return false, err
		}
		checks = append(checks, check{"times the time of mawk", ours.seconds / m.seconds, mostTimesMawk, true})
	}
	more, err := packed(bin, dir, log, lines, mega, add)
	if err != nil {
		return false, err
	}
	checks = append(checks, more...)
	if goaccess, err := exec.LookPath("goaccess"); err == nil {
		part := filepath.Join(dir, "part.log")
		n, size, err := cut(log, part, bytes/6)
		if err != nil {
			return false, err
		}
		m, err := add("goaccess, a sixth of the log", n, float64(size)/1e6, goaccess, part, "--log-format=COMBINED", "--no-progress", "--no-global-config", "-o", filepath.Join(dir, "goaccess.json"))
		if err != nil {
			return false, err
		}
		checks = append(checks, check{"times the speed of GoAccess", ours.rate() / m.rate(), leastTimesGoAccess, false})
	}
	if n, err := instructions(bin, dir, log); err != nil {
		return false, err
	} else if n > 0 {
		fmt.Printf("\n%.0f instructions a line\n", n)
		out = append(out, measurement{name: "instructions", perLine: n})
	}
	passed, failed := 0, 0
	fmt.Println()
	for _, c := range checks {
		if c.print() {
			passed++
		} else {
			failed++
		}
	}
	fmt.Printf("%d of %d goals met\n", passed, passed+failed)
	if os.Getenv("SAVE") != "" {
		return failed == 0, save(out, checks)
	}
	return failed == 0, nil
}

// generate writes days until there are so many bytes: quiet ones, and days on
// which something happens, so that detection has work to do.
func generate(path string, size int64) (lines, bytes int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	kinds := []string{"quiet", "geo-block", "quiet", "scanner", "htaccess", "quiet", "flash-crowd", "stuffing"}
	w := &limited{w: f, left: size}
	for day := 0; w.left > 0; day++ {
		truth, err := simulate.Run(context.Background(), simulate.Options{Scenario: kinds[day%len(kinds)], Seed: uint64(day/4 + 1), Start: simulate.DefaultStart.AddDate(0, 0, day), Requests: 600_000}, w)
		if err != nil && w.left > 0 {
			return 0, 0, err
		}
		lines += truth.Requests
	}
	lines, bytes = w.lines, size-w.left
	return lines, bytes, f.Close()
}

// limited ends a stream behind the line that makes it long enough.
type limited struct {
	w     io.Writer
	left  int64
	lines int64
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, io.ErrShortWrite
	}
	n, err := l.w.Write(p)
	l.left -= int64(n)
	for _, c := range p[:n] {
		if c == '\n' {
			l.lines++
		}
	}
	return n, err
}

// cut copies the first whole lines of a log.
func cut(from, to string, size int64) (lines, bytes int64, err error) {
	in, err := os.Open(from)
	if err != nil {
		return 0, 0, err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return 0, 0, err
	}
	defer out.Close()
	r, w := bufio.NewReaderSize(in, 1<<20), bufio.NewWriterSize(out, 1<<20)
	for bytes < size {
		line, err := r.ReadSlice('\n')
		if err != nil {
			break
		}
		n, err := w.Write(line)
		if err != nil {
			return 0, 0, err
		}
		lines, bytes = lines+1, bytes+int64(n)
	}
	return lines, bytes, w.Flush()
}

// measurement is the median of some runs.
type measurement struct {
	name    string
	seconds float64
	lines   int64
	mega    float64
	rss     int64
	cpu     float64 // seconds of all processors, median
	perLine float64 // instructions a line; such a measurement has nothing else
	all     []float64
}

func (m *measurement) rate() float64 { return float64(m.lines) / m.seconds }

func timed(name string, lines int64, mega float64, runs int, argv ...string) (measurement, error) {
	m := measurement{name: name, lines: lines, mega: mega}
	var cpu []float64
	for range runs {
		cmd := exec.Command(argv[0], argv[1:]...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		begin := time.Now()
		if err := cmd.Run(); err != nil {
			return m, fmt.Errorf("%s: %w: %s", name, err, stderr.String())
		}
		m.all = append(m.all, time.Since(begin).Seconds())
		if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			m.rss = max(m.rss, ru.Maxrss<<10)
		}
		cpu = append(cpu, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
	}
	m.seconds, m.cpu = median(m.all), median(cpu)
	return m, nil
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}
