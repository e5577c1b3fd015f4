package simulate

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestLogsChangeOnlyOnPurpose compares a small log of each scenario with what
// it was. Figures measured on simulated logs can only be compared while the
// logs are the same; whoever changes them rewrites the file and measures anew.
func TestLogsChangeOnlyOnPurpose(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("other machines round some products of floating point differently")
	}
	if slow {
		t.Skip("told by the same test without the race detector")
	}
	var have bytes.Buffer
	fmt.Fprintln(&have, "# scenario, lines, refused, clients of incidents, SHA-256 of the log: seed 1, 12000 requests; rewritten by make golden")
	for _, s := range Scenarios {
		log, truth := mustRun(t, Options{Scenario: s.Name, Seed: 1, Requests: 12_000})
		clients := 0
		for _, in := range truth.Incidents {
			clients += len(in.Clients)
		}
		fmt.Fprintf(&have, "%-18s %6d %5d %4d %x\n", s.Name, truth.Requests, truth.Denied, clients, sha256.Sum256(log))
	}
	path := filepath.Join("..", "..", "..", "..", "testdata", "scenarios", "digests.txt")
	if *update {
		if err := os.WriteFile(path, have.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have.Bytes(), want) {
		t.Errorf("simulated logs changed; if that is wanted, run make golden and measure again. Now:\n%s", have.Bytes())
	}
}
