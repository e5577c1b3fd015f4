package detect

import (
	"fmt"
	"math"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/denylens/denylens/ingest"
)

// tried is how one shape came out.
type tried struct {
	*shape
	size  int
	found bool
	kind  Kind
	best  Cause
	inc   Incident
}

func (x *tried) right() bool {
	return x.best.ID == x.cause || slices.Contains(x.also, x.best.ID) || x.kind == Misuse && slices.Contains(x.also, "misuse")
}

// try plays a shape and takes the incident that refused the most clients.
func try(t *testing.T, sh *shape, seed uint64, size int, edge bool) tried {
	w := sh.play(seed, size)
	var lines []string
	for i := range w.hits {
		switch {
		case edge:
			lines = append(lines, w.hits[i].cloudflare())
		case sh.name == "a host":
			lines = append(lines, w.hits[i].host+" "+w.hits[i].combined())
		default:
			lines = append(lines, w.hits[i].combined())
		}
	}
	x := tried{shape: sh, size: size}
	most := int64(0)
	for _, inc := range analyse(t, ingest.Options{}, lines).Incidents {
		if inc.Impact.DeniedClients > most && inc.Start.Before(hitTime(shapeTo)) {
			most, x.found, x.kind, x.best, x.inc = inc.Impact.DeniedClients, true, inc.Kind, inc.Cause, inc
		}
	}
	return x
}

// marks adds up how often the cause was right, and how well probabilities fit.
type marks struct {
	n, right, none, abstained int
	sure                      [10]struct{ n, right, p float64 }
}

func (m *marks) add(x *tried) {
	if !x.found {
		m.none++
		return
	}
	m.n++
	if x.right() {
		m.right++
	}
	if x.best.ID == "undetermined" {
		m.abstained++
		return
	}
	b := &m.sure[min(9, int(10*x.best.Probability))]
	b.n++
	b.p += x.best.Probability
	if x.right() {
		b.right++
	}
}

func (m *marks) ece() float64 {
	sum, all := 0.0, 0.0
	for _, b := range m.sure {
		sum += math.Abs(b.p - b.right)
		all += b.n
	}
	return ratio(sum, all)
}

func (m *marks) String() string {
	return fmt.Sprintf("top-1 %.3f of %d, %d undetermined, %d not found, ECE %.3f", ratio(float64(m.right), float64(m.n)), m.n, m.abstained, m.none, m.ece())
}

// Causes are named right on shapes that the table was not tuned on. With
// DENYLENS_SHAPES=1 everything is tried and told, and nothing asserted; with a part of a shape's name, only that.
func TestCausesOfManyShapes(t *testing.T) {
	if testing.Short() {
		t.Skip("plays many logs")
	}
	all := os.Getenv("DENYLENS_SHAPES")
	sizes, seeds := []int{24}, uint64(1)
	if all != "" {
		sizes, seeds = []int{6, 20, 80, 400}, 2
	}
	for _, half := range []struct {
		name   string
		shapes []shape
	}{{"tune", tuneShapes}, {"report", reportShapes}, {"fresh", freshShapes}} {
		for _, edge := range []bool{false, true} {
			var m marks
			wrong := map[string]int{}
			for i := range half.shapes {
				sh := &half.shapes[i]
				if all != "" && !strings.Contains(sh.cause+" "+sh.name, strings.Trim(all, "1")) {
					continue
				}
				for _, size := range sizes {
					for seed := uint64(1); seed <= seeds; seed++ {
						x := try(t, sh, seed, size, edge)
						m.add(&x)
						if !x.found {
							wrong[fmt.Sprintf("%-14s %-50s not found", sh.cause, sh.name)]++
						} else if !x.right() {
							wrong[fmt.Sprintf("%-14s %-50s %s %s %.60s", sh.cause, sh.name, x.kind, x.best.ID, cohortOf(x.inc))]++
							if len(all) > 1 {
								for _, g := range x.inc.Causes {
									t.Logf("%s %d %+v", sh.name, size, g)
								}
								for _, g := range x.inc.Evidence {
									t.Log(g.Text)
								}
							}
						}
					}
				}
			}
			var list []string
			for k, n := range wrong {
				list = append(list, fmt.Sprintf("%s x%d", k, n))
			}
			sort.Strings(list)
			t.Logf("%s, edge %v: %v\n%s", half.name, edge, &m, strings.Join(list, "\n"))
			want := 0.85
			if edge {
				want = 0.93
			}
			if top := ratio(float64(m.right), float64(m.n)); all == "" && (top < want || m.ece() > 0.12 || m.none > 5) {
				t.Errorf("%s shapes, edge %v: %v, want %v", half.name, edge, &m, want)
			}
		}
	}
}
