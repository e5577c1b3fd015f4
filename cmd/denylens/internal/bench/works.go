package main

import (
	"os/exec"
	"path/filepath"
)

// Names of works that checks ask for.
const (
	wholeScan   = "denylens scan"
	oneWorker   = "denylens scan --workers 1"
	quarterScan = "denylens scan, a quarter"
	partScan    = "denylens scan, a sixteenth"
	edgeScan    = "denylens scan, Cloudflare"
	attackScan  = "denylens scan, all strangers"
	smallScan   = "denylens scan, 10,000 lines"
	version     = "denylens version"
	mawkDenied  = "mawk '$9==403{c[$1]++}'"
	mawkAll     = "mawk '{c[$1]++}'"
	goAccess    = "goaccess, a sixteenth"
)

// Scans of a packed log, and the unpacking alone.
func packedScan(tool string) string { return wholeScan + ", " + tool }
func unpacking(tool string) string  { return tool + " -dc | wc -l" }

// listWorks lists what is timed; peers as far as they are installed.
func listWorks(bin, dir string, in inputs) (list []*work) {
	scan := func(name string, log input, more ...string) {
		argv := append([]string{bin, "scan", "--report", "json", "-o", filepath.Join(dir, "report.json")}, more...)
		list = append(list, &work{name: name, in: log, argv: append(argv, log.Path)})
	}
	peer := func(name, tool string, log input, argv ...string) {
		if path, err := exec.LookPath(tool); err == nil {
			list = append(list, &work{name: name, in: log, argv: append([]string{path}, argv...)})
		}
	}
	scan(wholeScan, in.Whole)
	scan(oneWorker, in.Whole, "--workers", "1")
	peer(mawkDenied, "mawk", in.Whole, "$9==403{c[$1]++} END{for(a in c) print c[a], a}", in.Whole.Path)
	peer(mawkAll, "mawk", in.Whole, "{c[$1]++} END{for(a in c) print c[a], a}", in.Whole.Path)
	for _, tool := range []string{"gzip", "zstd"} {
		if p, ok := in.Packed[tool]; ok {
			scan(packedScan(tool), p)
			peer(unpacking(tool), "sh", p, "-c", tool+` -dc "$0" | wc -l`, p.Path)
		}
	}
	scan(edgeScan, in.Edge)
	scan(quarterScan, in.Quarter)
	scan(partScan, in.Sixteenth)
	peer(goAccess, "goaccess", in.Sixteenth, in.Sixteenth.Path, "--log-format=COMBINED", "--no-progress", "--no-global-config", "-o", filepath.Join(dir, "goaccess.json"))
	scan(attackScan, in.Attack)
	scan(smallScan, in.Small)
	return append(list, &work{name: version, argv: []string{bin, "version"}})
}

// listChecks compares what was measured with the goals, which are for two cores
// that nobody else uses. What was not measured is left out.
func listChecks(works []*work) (list []check) {
	find := func(name string) *work {
		for _, w := range works {
			if w.name == name {
				return w
			}
		}
		return nil
	}
	ratio := func(name, ours, theirs string, want float64, most bool, of func(a, b *work, round int) float64) {
		if a, b := find(ours), find(theirs); a != nil && b != nil {
			list = append(list, newCheck(name, want, most, len(a.seconds), func(r int) float64 { return of(a, b, r) }))
		}
	}
	elapsed := func(a, b *work, r int) float64 { return a.seconds[r] / b.seconds[r] }
	speed := func(a, b *work, r int) float64 { return a.in.Mega / a.seconds[r] / (b.in.Mega / b.seconds[r]) }
	ratio("times the time of mawk, refusals", wholeScan, mawkDenied, 0.8, true, elapsed)
	ratio("times the time of mawk, all", wholeScan, mawkAll, 0.4, true, elapsed)
	ratio("times the speed of GoAccess", wholeScan, goAccess, 50, false, speed)
	ratio("times the time of gzip -dc", packedScan("gzip"), unpacking("gzip"), 1.2, true, elapsed)
	ratio("times the time of zstd -dc", packedScan("zstd"), unpacking("zstd"), 2, true, elapsed)
	ratio("Cloudflare's MB/s, of combined's", edgeScan, wholeScan, 0.6, false, speed)
	ratio("two workers, times one's speed", wholeScan, oneWorker, 1.8, false, speed)
	ratio("CPU a line, of a quarter's", wholeScan, quarterScan, 1.05, true, func(a, b *work, r int) float64 {
		return a.cpu[r] / float64(a.in.Lines) / (b.cpu[r] / float64(b.in.Lines))
	})
	single := func(name, of string, want float64, value func(w *work, r int) float64) {
		if w := find(of); w != nil {
			list = append(list, newCheck(name, want, true, len(w.seconds), func(r int) float64 { return value(w, r) }))
		}
	}
	single("peak memory, MiB", wholeScan, 256, peakMiB)
	single("peak memory of all strangers, MiB", attackScan, 256, peakMiB)
	single("10,000 lines, ms", smallScan, 100, milliseconds)
	single("version, ms", version, 20, milliseconds)
	return list
}

func peakMiB(w *work, r int) float64      { return float64(w.rss[r]) / (1 << 20) }
func milliseconds(w *work, r int) float64 { return 1e3 * w.seconds[r] }
