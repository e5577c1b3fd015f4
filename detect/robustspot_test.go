package detect

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// robustCase is a labelled incident of a public set of multi-dimensional
// counts.
type robustCase struct {
	Data      string // name of the file without .csv
	Timestamp int64  // the anomalous minute, Unix seconds
	Cause     any    // attribute: value, or a list of such for an OR
}

// labels reads a cause: conjunctions as sorted terms.
func labels(cause any) (out []string) {
	switch x := cause.(type) {
	case []any:
		for _, c := range x {
			out = append(out, labels(c)...)
		}
	case map[string]any:
		var terms []string
		for k, v := range x {
			terms = append(terms, fmt.Sprintf("%s=%v", k, v))
		}
		slices.Sort(terms)
		out = []string{strings.Join(terms, "&")}
	}
	return out
}

// robustTable is one case's counts: cells at the minute of the incident, with
// the expectation from the minutes before it.
type robustTable struct {
	cells []cell
	names []string // by value
}

// robustCount counts the bad and all.
type robustCount struct{ o, n float64 }

func (c *robustCount) add(o *robustCount) { c.o, c.n = c.o+o.o, c.n+o.n }

func (c *robustCount) rate() float64 { return ratio(c.o, c.n) }

// robustRow is one line of a case.
type robustRow struct {
	minute int64
	v      [numAxes]uint32
	robustCount
}

func readRobust(path string, at int64) (*robustTable, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil || len(lines) < 2 {
		return nil, fmt.Errorf("read %q: %d lines: %w", path, len(lines), err)
	}
	t := &robustTable{names: []string{""}}
	rows, err := t.rows(lines)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", path, err)
	}
	t.fill(rows, at/60)
	return t, nil
}

// rows reads lines by the names of their columns: what is none of the known
// ones is an attribute.
func (t *robustTable) rows(lines [][]string) ([]robustRow, error) {
	head := lines[0]
	minute, bad, all := slices.Index(head, "min"), slices.Index(head, "value"), slices.Index(head, "cnt")
	if minute < 0 || bad < 0 || all < 0 || len(head)-3 > numAxes {
		return nil, fmt.Errorf("columns %v", head)
	}
	ids := map[string]uint32{}
	var rows []robustRow
	for _, line := range lines[1:] {
		var r robustRow
		numbers := [3]float64{}
		for k, i := range []int{minute, bad, all} {
			x, err := strconv.ParseFloat(line[i], 64)
			if err != nil {
				return nil, err
			}
			numbers[k] = x
		}
		r.minute, r.o, r.n = int64(numbers[0])/60, numbers[1], numbers[2]
		axis := 0
		for i, name := range head {
			if i == minute || i == bad || i == all || name == "" {
				continue // no attribute; one without a name is a number of the line
			}
			key := name + "=" + line[i]
			if ids[key] == 0 {
				ids[key] = uint32(len(t.names))
				t.names = append(t.names, key)
			}
			r.v[axis] = ids[key]
			axis++
		}
		rows = append(rows, r)
	}
	return rows, nil
}

const (
	pastWeight = 100 // counts for which the rate of the whole stands in a cell's expectation
	pastCalm   = 1.5 // times the median rate: a minute before with more is none to expect anything from
)

// fill makes the cells of the anomalous minute. What is expected of a cell is
// its rate in the calm minutes before, drawn to that of the whole.
func (t *robustTable) fill(rows []robustRow, at int64) {
	calm := calmMinutes(rows, at)
	past := map[[numAxes]uint32]*robustCount{}
	var whole robustCount
	index := map[[numAxes]uint32]int{}
	for i := range rows {
		r := &rows[i]
		if calm[r.minute] {
			whole.add(&r.robustCount)
			if past[r.v] == nil {
				past[r.v] = &robustCount{}
			}
			past[r.v].add(&r.robustCount)
		}
		if r.minute != at || r.n == 0 {
			continue
		}
		k, ok := index[r.v]
		if !ok {
			k = len(t.cells)
			index[r.v] = k
			t.cells = append(t.cells, cell{v: r.v})
		}
		t.cells[k].o, t.cells[k].n = t.cells[k].o+r.o, t.cells[k].n+r.n
	}
	pi := (whole.o + 0.5) / (whole.n + 50)
	for i := range t.cells {
		c := &t.cells[i]
		b := past[c.v]
		if b == nil {
			b = &robustCount{}
		}
		c.e = c.n * (b.o + pastWeight*pi) / (b.n + pastWeight)
	}
}

// calmMinutes are the minutes before the incident that are not themselves out
// of the ordinary.
func calmMinutes(rows []robustRow, at int64) map[int64]bool {
	sums := map[int64]*robustCount{}
	for i := range rows {
		if r := &rows[i]; r.minute < at {
			if sums[r.minute] == nil {
				sums[r.minute] = &robustCount{}
			}
			sums[r.minute].add(&r.robustCount)
		}
	}
	var rates []float64
	for _, c := range sums {
		rates = append(rates, c.rate())
	}
	slices.Sort(rates)
	calm := map[int64]bool{}
	for m, c := range sums {
		calm[m] = c.rate() <= pastCalm*rates[(len(rates)-1)/2]
	}
	return calm
}

// ranked lists cohorts, the most responsible first: those that are named, then
// the runners-up.
func (t *robustTable) ranked() (out []string) {
	sp := &space{group: make([]int, numAxes), prefer: make([]int, numAxes)}
	for k := range sp.group {
		sp.group[k] = -1
	}
	add := func(c *cohortScore) {
		var terms []string
		for _, x := range c.terms {
			terms = append(terms, t.names[x.value])
		}
		slices.Sort(terms)
		if s := strings.Join(terms, "&"); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	x := newExplainer(sp, t.cells)
	named := x.explain()
	for _, list := range [][]cohortScore{named, x.runnersUp(named, robustTops[2])} {
		for i := range list {
			add(&list[i])
		}
	}
	return out
}

// among tells whether all labels are among the first k answers. A cause that is
// a list of n conjunctions takes up n answers, so that is the least looked at.
func among(want, got []string, k int) bool {
	first := got[:min(len(got), max(k, len(want)))]
	return !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(first, w) })
}

// TestExplainerOnRobustSpot measures the explanation on labelled incidents of
// a real system: how often all labelled causes are among the first k. The
// parameters were chosen on the odd cases.
func TestExplainerOnRobustSpot(t *testing.T) {
	dir := os.Getenv("DENYLENS_RS_DIR")
	if dir == "" {
		t.Skip("DENYLENS_RS_DIR names no folder of labelled cases")
	}
	text, err := os.ReadFile(filepath.Join(dir, "anomaly.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var list []robustCase
	if err := yaml.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	var right [2][3]int // of odd and even cases
	var cases [2]int
	for i := range list {
		c := &list[i]
		tab, err := readRobust(filepath.Join(dir, c.Data+".csv"), c.Timestamp)
		if err != nil {
			t.Fatal(err)
		}
		want, got := labels(c.Cause), tab.ranked()
		cases[i%2]++
		for k, top := range robustTops {
			if among(want, got, top) {
				right[i%2][k]++
			} else if k == 0 {
				t.Logf("%s: %q, labelled %q", c.Data, got[:min(5, len(got))], want)
			}
		}
	}
	say := func(name string, n int, right [3]int) {
		share := func(k int) float64 { return ratio(float64(right[k]), float64(n)) }
		t.Logf("%s cases, %d: top-1 %.3f, top-3 %.3f, top-5 %.3f", name, n, share(0), share(1), share(2))
	}
	say("odd", cases[0], right[0])
	say("even", cases[1], right[1])
	var all [3]int
	for k := range all {
		all[k] = right[0][k] + right[1][k]
	}
	say("all", len(list), all)
	for k, least := range []float64{0.78, 0.94, 0.96} {
		if got := ratio(float64(all[k]), float64(len(list))); got < least {
			t.Errorf("top-%d %.3f, want %.2f or more", robustTops[k], got, least)
		}
	}
}

var robustTops = [3]int{1, 3, 5}
