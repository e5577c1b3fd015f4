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
	cols  []string
	names []string // by value
}

func readRobust(path string, at int64) (*robustTable, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 2 {
		return nil, fmt.Errorf("read %q: %d rows: %w", path, len(rows), err)
	}
	t := &robustTable{names: []string{""}}
	at0, bad, all := -1, -1, -1
	var attr []int
	for i, h := range rows[0] {
		switch h {
		case "min", "timestamp":
			at0 = i
		case "value":
			bad = i
		case "cnt":
			all = i
		case "":
		default:
			attr = append(attr, i)
			t.cols = append(t.cols, h)
		}
	}
	if at0 < 0 || bad < 0 || all < 0 || len(attr) > numAxes {
		return nil, fmt.Errorf("read %q: columns %v", path, rows[0])
	}
	ids, index := map[string]uint32{}, map[[numAxes]uint32]int{}
	past := map[[numAxes]uint32]*robustCount{}
	var whole robustCount
	for _, r := range rows[1:] {
		m, _ := strconv.ParseFloat(r[at0], 64)
		o, _ := strconv.ParseFloat(r[bad], 64)
		n, _ := strconv.ParseFloat(r[all], 64)
		var v [numAxes]uint32
		for k, i := range attr {
			key := t.cols[k] + "=" + r[i]
			if ids[key] == 0 {
				ids[key] = uint32(len(t.names))
				t.names = append(t.names, key)
			}
			v[k] = ids[key]
		}
		if int64(m)/60 != at/60 {
			if int64(m) < at {
				whole.add(o, n)
				pastOf(past, v).add(o, n)
			}
			continue
		}
		i, ok := index[v]
		if !ok {
			i = len(t.cells)
			index[v] = i
			t.cells = append(t.cells, cell{v: v})
		}
		t.cells[i].o, t.cells[i].n = t.cells[i].o+o, t.cells[i].n+n
	}
	pi := (whole.o + 0.5) / (whole.n + 50)
	for i := range t.cells {
		c, b := &t.cells[i], pastOf(past, t.cells[i].v)
		c.e = c.n * (b.o + pastWeight*pi) / (b.n + pastWeight)
	}
	t.cells = slices.DeleteFunc(t.cells, func(c cell) bool { return c.n == 0 })
	return t, nil
}

// pastWeight is for how many counts the rate of the whole stands in a cell's
// expectation.
const pastWeight = 200

type robustCount struct{ o, n float64 }

func (c *robustCount) add(o, n float64) { c.o, c.n = c.o+o, c.n+n }

func pastOf(m map[[numAxes]uint32]*robustCount, v [numAxes]uint32) *robustCount {
	if m[v] == nil {
		m[v] = &robustCount{}
	}
	return m[v]
}

// ranked lists cohorts, the most responsible first: those that are named, then
// the runners-up by score.
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
	named := explain(sp, t.cells)
	for i := range named {
		add(&named[i])
	}
	x := newExplainer(sp, t.cells)
	all := x.eval(nil)
	x.findSingles(&all)
	pool := append(slices.Clone(x.single), x.combine()...)
	slices.SortFunc(pool, func(a, b cohortScore) int {
		if better(&a, &b) {
			return -1
		}
		return 1
	})
	for i := range pool {
		add(&pool[i])
	}
	return out
}

// TestExplainerOnRobustSpot measures the explanation on labelled incidents of
// a real system: how often all labelled causes are among the first k.
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
		for k, top := range []int{1, 3, 5} {
			ok := true
			for _, w := range want {
				ok = ok && slices.Contains(got[:min(len(got), max(top, len(want)))], w)
			}
			if ok {
				right[i%2][k]++
			} else if top == 1 {
				t.Logf("%s: %v, labelled %v", c.Data, got[:min(3, len(got))], want)
			}
		}
	}
	for half, name := range []string{"odd", "even"} {
		n := float64(max(cases[half], 1))
		t.Logf("%s cases, %d: top-1 %.3f, top-3 %.3f, top-5 %.3f", name, cases[half], float64(right[half][0])/n, float64(right[half][1])/n, float64(right[half][2])/n)
	}
	n := float64(cases[0] + cases[1])
	share := func(k int) float64 { return float64(right[0][k]+right[1][k]) / n }
	t.Logf("all cases, %.0f: top-1 %.3f, top-3 %.3f, top-5 %.3f", n, share(0), share(1), share(2))
	if share(0) < 0.7 || share(2) < 0.85 {
		t.Error("the explanation has become worse")
	}
}
