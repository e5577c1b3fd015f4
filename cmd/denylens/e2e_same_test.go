//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/denylens/denylens/cmd/denylens/internal/report"
)

func TestE2ETheReportIsTheSameAtAnyNumberOfWorkers(t *testing.T) {
	for _, scenario := range []string{"geo-block", "scanner"} {
		path := simulated(t, scenario, "--seed", "2", "--requests", "80000")
		var first string
		for _, n := range []string{"1", "2", "8"} {
			_, o := scan(t, 0, "--workers", n, path)
			if first == "" {
				first = o.stdout
			} else if o.stdout != first {
				t.Errorf("%s: the report with %s workers differs from that with one", scenario, n)
			}
		}
	}
}

// incidents renders what a report found, without where the samples stood.
func incidents(t *testing.T, r report.Report) string {
	t.Helper()
	for i := range r.Incidents {
		for k := range r.Incidents[i].Samples {
			r.Incidents[i].Samples[k].Source, r.Incidents[i].Samples[k].Offset = "", 0
		}
	}
	b, err := json.MarshalIndent(r.Incidents, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestE2ETheIncidentsAreTheSameHoweverTheLogIsCutAndPacked(t *testing.T) {
	path := simulated(t, "htaccess", "--seed", "4", "--requests", "80000")
	log := read(t, path)
	whole, _ := scan(t, 0, path)
	want := incidents(t, whole)
	if len(whole.Incidents) == 0 {
		t.Error("no incident found: the comparison says little")
	}
	dir := t.TempDir()
	for _, pack := range []string{"", ".gz", ".zst"} {
		var files []string
		for i, part := range inThree(log) {
			name := filepath.Join(dir, fmt.Sprintf("access.log.%d%s", 3-i, pack)) // as rotation names them: the newest has the lowest number
			switch pack {
			case ".gz":
				part = gzipped(t, part)
			case ".zst":
				z, err := zstd.NewWriter(nil)
				if err != nil {
					t.Fatal(err)
				}
				part = z.EncodeAll(part, nil)
			}
			if err := os.WriteFile(name, part, 0o644); err != nil {
				t.Fatal(err)
			}
			files = append(files, name)
		}
		for _, order := range [][]string{files, {files[2], files[0], files[1]}, {filepath.Join(dir, "access.log.*"+pack)}} {
			if pack == "" && strings.Contains(order[0], "*") {
				order = []string{filepath.Join(dir, "access.log.[123]")}
			}
			r, _ := scan(t, 0, order...)
			if r.Traffic.Requests != whole.Traffic.Requests || r.Traffic.Clients != whole.Traffic.Clients {
				t.Errorf("%q %v: %d requests, want %d", pack, order, r.Traffic.Requests, whole.Traffic.Requests)
			}
			if got := incidents(t, r); got != want {
				t.Errorf("%q in order %v: incidents differ:\n%s\nwant\n%s", pack, order, got, want)
			}
		}
	}
}

// inThree cuts a log at line ends, into unequal parts.
func inThree(log []byte) [][]byte {
	cut := func(at int) int { return at + bytes.IndexByte(log[at:], '\n') + 1 }
	a, b := cut(len(log)/5), cut(len(log)/2)
	return [][]byte{log[:a], log[a:b], log[b:]}
}

func TestE2EASimulatedIncidentIsReported(t *testing.T) {
	r, _ := scan(t, 0, simulated(t, "geo-block", "--seed", "2"))
	for _, in := range r.Incidents {
		if in.Kind == "overblock" && in.Cause.ID == "geo_block" && len(in.Cohort) == 1 && in.Cohort[0].Dim == "country" {
			return
		}
	}
	t.Errorf("a country is refused and the report says: %+v", r.Incidents)
}

func TestE2EFailOnSaysSoWithTheExitCode(t *testing.T) {
	path := simulated(t, "geo-block", "--seed", "2")
	if o := run(t, nil, "scan", "--fail-on", "low", path); o.code != 1 {
		t.Errorf("exit %d, want 1: %s", o.code, o.stderr)
	}
	if o := run(t, nil, "scan", path); o.code != 0 {
		t.Errorf("exit %d, want 0: %s", o.code, o.stderr)
	}
}

// TestE2ERealLogsAreRead reads logs of real sites, which do not come with the
// repository.
func TestE2ERealLogsAreRead(t *testing.T) {
	folders := os.Getenv("DENYLENS_LOGS") // one or several, as in PATH
	if folders == "" {
		folders = filepath.Join("..", "..", "..", "shared", "logs")
	}
	var logs []string
	for _, dir := range filepath.SplitList(folders) {
		dir, err := filepath.Abs(dir) // the program runs in a folder of its own
		if err != nil {
			t.Fatal(err)
		}
		found, err := filepath.Glob(filepath.Join(dir, "*.gz"))
		if err != nil {
			t.Fatal(err)
		}
		logs = append(logs, found...)
	}
	if len(logs) == 0 {
		t.Skipf("no real logs in %s (set DENYLENS_LOGS)", folders)
	}
	for _, path := range logs {
		t.Run(filepath.Base(path), func(t *testing.T) {
			r, o := scan(t, 0, path)
			if r.Input.Lines == 0 || float64(r.Input.Parsed) < .995*float64(r.Input.Lines) {
				t.Errorf("%d of %d lines read: %+v", r.Input.Parsed, r.Input.Lines, r.Input.Sources)
			}
			t.Logf("%d lines, %d refused, %d incidents, %v", r.Input.Lines, r.Traffic.Denied, len(r.Incidents), o.took.Round(1e7))
		})
	}
}
