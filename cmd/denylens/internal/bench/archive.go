package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// check is a figure and the least, or most, that is accepted of it.
type check struct {
	name  string
	value float64
	want  float64
	most  bool
}

func (c *check) print() bool {
	sign, ok := ">=", c.value >= c.want
	if c.most {
		sign, ok = "<=", c.value <= c.want
	}
	word := "MISS"
	if ok {
		word = "ok  "
	}
	fmt.Printf("%s  %-32s %12.2f  want %s %g\n", word, c.name, c.value, sign, c.want)
	return ok
}

// save archives the figures in a folder named by day and machine, in the text
// form that benchstat reads.
func save(all []measurement, checks []check) error {
	dir := filepath.Join("testdata", "bench", time.Now().UTC().Format("2006-01-02")+"-"+machine())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "goos: %s\ngoarch: %s\npkg: github.com/denylens/denylens/cmd/denylens\ncpu: %s\n", runtime.GOOS, runtime.GOARCH, cpu())
	for _, m := range all {
		name := strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
				return r
			}
			return '_'
		}, m.name)
		if m.perLine > 0 {
			fmt.Fprintf(&b, "BenchmarkScan/%s \t 1 \t %.0f instructions/line\n", name, m.perLine)
		}
		for _, s := range m.all {
			fmt.Fprintf(&b, "BenchmarkScan/%s-%d \t 1 \t %.0f ns/op \t %.1f MB/s \t %.0f lines/s \t %.1f cpu-ns/line \t %d peak-B\n", name, runtime.NumCPU(), s*1e9, m.mega/s, float64(m.lines)/s, m.cpu*1e9/float64(m.lines), m.rss)
		}
	}
	for _, c := range checks {
		fmt.Fprintf(&b, "# %s: %.2f (want %g)\n", c.name, c.value, c.want)
	}
	return os.WriteFile(filepath.Join(dir, "scan.txt"), []byte(b.String()), 0o644)
}

// machine names the machine by what matters for speed, not by its host name.
func machine() string {
	return fmt.Sprintf("%s-%s-%dcpu", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}

func cpu() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for _, line := range strings.Split(string(b), "\n") {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimLeft(name, "\t :")
		}
	}
	return "unknown"
}
