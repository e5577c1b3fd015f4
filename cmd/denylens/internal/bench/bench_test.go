package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func scanOf(name string, lines int64, seconds ...float64) *work {
	w := &work{name: name, in: input{Lines: lines, Mega: float64(lines) / 4000}, seconds: seconds}
	for _, s := range seconds {
		w.cpu, w.rss = append(w.cpu, s), append(w.rss, 64<<20)
	}
	return w
}

// A busy round slows both down: the ratio is that within the rounds.
func TestRatiosAreThoseWithinRounds(t *testing.T) {
	works := []*work{scanOf(wholeScan, 1000, 1, 8, 1), scanOf(mawkDenied, 1000, 2, 16, 2)}
	for _, c := range listChecks(works) {
		if c.name == "times the time of mawk, refusals" {
			if c.value != .5 || c.least != .5 || c.most != .5 {
				t.Errorf("%+v, want a half each time", c)
			}
			return
		}
	}
	t.Error("mawk is not compared")
}

func TestWhatIsNotInstalledIsNotCompared(t *testing.T) {
	for _, c := range listChecks([]*work{scanOf(wholeScan, 1000, 1)}) {
		if strings.Contains(c.name, "mawk") || strings.Contains(c.name, "GoAccess") {
			t.Errorf("%s without it", c.name)
		}
	}
}

func TestAPartOfALogHasWholeLines(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	os.WriteFile(from, []byte(strings.Repeat("0123456789\n", 10)), 0o644)
	for _, c := range []struct{ size, most, lines int64 }{{12, 99, 2}, {1000, 99, 10}, {1000, 3, 3}} {
		lines, size, err := cut(from, to, c.size, c.most)
		text, _ := os.ReadFile(to)
		if err != nil || lines != c.lines || size != 11*c.lines || int64(bytes.Count(text, []byte("\n"))) != c.lines {
			t.Errorf("%d lines, %d bytes of %+v: %v", lines, size, c, err)
		}
	}
}

func TestStrangersAreAllDifferent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if _, _, err := strangers(path, 2000); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	seen := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		for _, part := range []string{strings.Fields(line)[0], strings.Fields(line)[6], line[strings.LastIndex(line, "Agent/"):]} {
			if seen[part] {
				t.Errorf("twice: %s", part)
			}
			seen[part] = true
		}
	}
	if len(seen) != 6000 {
		t.Errorf("%d different values, want 6000", len(seen))
	}
}

func TestTheChartIsWellFormed(t *testing.T) {
	svg := chart([]*work{scanOf(smallScan, 10_000, .2), scanOf(partScan, 100_000, .3), scanOf(wholeScan, 1_600_000, 1)})
	d := xml.NewDecoder(strings.NewReader(svg))
	dots := 0
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "circle" {
			dots++
		}
	}
	if dots != 6 {
		t.Errorf("%d points, want three of each figure", dots)
	}
}

func TestTheDelayOfAlertsIsThatOfNearlyAll(t *testing.T) {
	var list []float64
	for i := range 100 {
		list = append(list, float64(100-i)/1000)
	}
	if c := alertCheck(list); c.value != 99 || c.least != 1 || c.most != 100 || !c.bound {
		t.Errorf("%+v", c)
	}
	if c := alertCheck(list[:3]); c.value != 100 {
		t.Errorf("of three: %+v", c)
	}
}

func TestPartsOfAWatchedLogAreCutByItsTime(t *testing.T) {
	before, parts, err := incident(1)
	if err != nil || len(before) == 0 || len(parts) < 100 {
		t.Fatalf("%d bytes, %d parts, %v", len(before), len(parts), err)
	}
	for i := 1; i < len(parts); i++ {
		if !parts[i].until.After(parts[i-1].until) {
			t.Fatalf("part %d ends at %s, the one before at %s", i, parts[i].until, parts[i-1].until)
		}
	}
}

func TestTheLeastOfSomeRunsIsCounted(t *testing.T) {
	counts := []int64{995, 1215, 993}
	n, err := leastOf(len(counts), func() (n int64, err error) { n, counts = counts[0], counts[1:]; return n, nil })
	if n != 993 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := leastOf(2, func() (int64, error) { return 0, os.ErrInvalid }); err == nil {
		t.Error("no error")
	}
}
