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
// counts. Its name is under one of the keys that such lists use.
type robustCase struct {
	Name, File, Data, ID string
	Timestamp            any
	Cause                any
}

func (c *robustCase) file() string {
	for _, s := range []string{c.Name, c.File, c.Data, c.ID, fmt.Sprint(c.Timestamp)} {
		if s != "" {
			return strings.TrimSuffix(s, ".csv")
		}
	}
	return ""
}

// labels reads a cause: conjunctions apart by ';' or as a list, terms by '&'.
func labels(cause any) (out []string) {
	switch x := cause.(type) {
	case string:
		for _, c := range strings.Split(x, ";") {
			terms := strings.FieldsFunc(c, func(r rune) bool { return r == '&' || r == ',' })
			for i := range terms {
				terms[i] = strings.ReplaceAll(strings.TrimSpace(terms[i]), " ", "")
			}
			slices.Sort(terms)
			out = append(out, strings.Join(terms, "&"))
		}
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
	var pastO, pastN []float64
	sumO, sumN := 0.0, 0.0
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
		i, ok := index[v]
		if !ok {
			i = len(t.cells)
			index[v] = i
			t.cells = append(t.cells, cell{v: v})
			pastO, pastN = append(pastO, 0), append(pastN, 0)
		}
		switch {
		case int64(m)/60 == at/60:
			t.cells[i].o, t.cells[i].n = t.cells[i].o+o, t.cells[i].n+n
		case int64(m) < at:
			pastO[i], pastN[i] = pastO[i]+o, pastN[i]+n
			sumO, sumN = sumO+o, sumN+n
		}
	}
	mean := (sumO + 0.5) / (sumN + 50)
	for i := range t.cells {
		c := &t.cells[i]
		c.e = c.n * (pastO[i] + 50*mean) / (pastN[i] + 50)
	}
	t.cells = slices.DeleteFunc(t.cells, func(c cell) bool { return c.n == 0 })
	return t, nil
}

// TestExplainerOnRobustSpot measures the explanation on labelled incidents of
// a real system, none of which the parameters were chosen on.
func TestExplainerOnRobustSpot(t *testing.T) {
	dir := os.Getenv("DENYLENS_RS_DIR")
	if dir == "" {
		t.Skip("DENYLENS_RS_DIR names no folder of labelled cases")
	}
	text, err := os.ReadFile(filepath.Join(dir, "anomaly.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Data []robustCase }
	if err := yaml.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	first, some, all := 0, 0, 0
	for i := range list.Data {
		c := &list.Data[i]
		at, err := strconv.ParseInt(fmt.Sprint(c.Timestamp), 10, 64)
		if err != nil {
			t.Fatalf("case %d: time stamp %v", i, c.Timestamp)
		}
		tab, err := readRobust(filepath.Join(dir, c.file()+".csv"), at)
		if err != nil {
			t.Fatal(err)
		}
		sp := &space{group: make([]int, numAxes), prefer: make([]int, numAxes)}
		for k := range sp.group {
			sp.group[k] = -1
		}
		all++
		want := labels(c.Cause)
		for k, f := range explain(sp, tab.cells) {
			var terms []string
			for _, x := range f.terms {
				terms = append(terms, tab.names[x.value])
			}
			slices.Sort(terms)
			if slices.Contains(want, strings.Join(terms, "&")) {
				some++
				if k == 0 {
					first++
				}
				break
			}
			if k == 0 {
				t.Logf("%s: found %v, labelled %v", c.file(), terms, want)
			}
		}
	}
	if all == 0 {
		t.Fatal("no cases")
	}
	t.Logf("%d cases: top-1 %.3f, among all found %.3f", all, float64(first)/float64(all), float64(some)/float64(all))
	if float64(first) < 0.7*float64(all) {
		t.Errorf("top-1 %d of %d", first, all)
	}
}
