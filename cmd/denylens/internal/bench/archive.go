package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// save archives the figures in a folder named by day and machine: in the text
// form that benchstat reads, and as a chart.
func save(works []*work, perLine float64, checks []check) error {
	dir := filepath.Join("testdata", "bench", time.Now().UTC().Format("2006-01-02")+"-"+machine())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "goos: %s\ngoarch: %s\npkg: github.com/denylens/denylens/cmd/denylens\ncpu: %s\n", runtime.GOOS, runtime.GOARCH, cpu())
	for _, w := range works {
		name := strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
				return r
			}
			return '_'
		}, w.name)
		for r, s := range w.seconds {
			fmt.Fprintf(&b, "Benchmark/%s-%d \t 1 \t %.0f ns/op \t %.1f MB/s \t %.0f lines/s \t %.1f cpu-ns/line \t %d peak-B\n", name, runtime.NumCPU(), s*1e9, w.in.Mega/s, float64(w.in.Lines)/s, w.cpu[r]*1e9/float64(max(1, w.in.Lines)), w.rss[r])
		}
	}
	if perLine > 0 {
		fmt.Fprintf(&b, "Benchmark/instructions \t 1 \t %.0f instructions/line\n", perLine)
	}
	for _, w := range works {
		fmt.Fprintf(&b, "# %s: %d lines, %.0f MB: %s\n", w.name, w.in.Lines, w.in.Mega, commandLine(w.argv))
	}
	for _, c := range checks {
		fmt.Fprintf(&b, "# %s: %.2f, %.2f to %.2f (want %g)\n", c.name, c.value, c.least, c.most, c.want)
	}
	for _, tool := range [][]string{{"mawk", "-W", "version"}, {"goaccess", "--version"}, {"gzip", "--version"}, {"zstd", "--version"}} {
		if out, err := exec.Command(tool[0], tool[1:]...).CombinedOutput(); err == nil {
			line, _, _ := strings.Cut(string(out), "\n")
			fmt.Fprintf(&b, "# %s: %s\n", tool[0], line)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "scan.txt"), []byte(b.String()), 0o644); err != nil {
		return err
	}
	return saveChart(dir, works)
}

// commandLine is a command as it was given, but for the folders of its files.
func commandLine(argv []string) string {
	out := make([]string, len(argv))
	for i, a := range argv {
		if out[i] = a; filepath.IsAbs(a) {
			out[i] = filepath.Base(a)
		}
	}
	return strings.Join(out, " ")
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
