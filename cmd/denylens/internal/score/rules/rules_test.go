package rules

import (
	"fmt"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/score/inject"
)

var begin = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// log writes so many served and refused requests into each minute.
func log(minutes int, of func(minute int) (served, refused int)) (lines []inject.Line) {
	for m := range minutes {
		served, refused := of(m)
		for i := range served + refused {
			l := inject.Line{Time: begin.Add(time.Duration(m)*time.Minute + time.Duration(i)*time.Millisecond).UnixNano(), Client: netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}),
				Request: true, Status: 200, Method: "GET", Path: "/"}
			if i >= served {
				l.Status = 403
			}
			lines = append(lines, l)
		}
	}
	return lines
}

// whole are the alarms of the series of everybody.
func whole(r Rule, lines []inject.Line) (out []Alarm) {
	for _, a := range r.Run(NewStream(lines)) {
		if a.Terms == nil {
			out = append(out, a)
		}
	}
	return out
}

func minute(a Alarm) int { return int(a.At.Sub(begin).Minutes()) }

func TestStaticThreshold(t *testing.T) {
	lines := log(120, func(m int) (int, int) {
		if m >= 60 && m < 70 {
			return 19, 2 // 9.5 %
		}
		return 20, 1 // 4.8 %
	})
	got := whole(static{}, lines)
	if len(got) != 1 || minute(got[0]) != 61 {
		t.Errorf("%+v, want one alarm at minute 61: 6 of 105", got)
	}
	if few := whole(static{}, log(60, func(int) (int, int) { return 4, 4 })); len(few) != 0 {
		t.Errorf("%d alarms at forty requests in five minutes", len(few))
	}
}

func TestZScoreWantsTwoHundredEvents(t *testing.T) {
	burst := func(n int) []inject.Line {
		return log(300, func(m int) (int, int) {
			if m >= 200 && m < 205 {
				return 10, n
			}
			return 10, m % 3
		})
	}
	if got := whole(zscore{}, burst(50)); len(got) != 1 || minute(got[0]) != 205 {
		t.Errorf("%+v, want one at the end of the bucket of 250", got)
	}
	if got := whole(zscore{}, burst(39)); len(got) != 0 {
		t.Errorf("%+v: 195 events are too few", got)
	}
}

func TestEARSKeepsAGuardOfTwoMinutes(t *testing.T) {
	counts := []int{1, 2, 3, 1, 2, 3, 2, 50, 50, 6} // mean 2, deviation .82, of the first seven
	got := whole(ears{}, log(10, func(m int) (int, int) { return 1, counts[m] }))
	if len(got) != 1 || minute(got[0]) != 10 {
		t.Errorf("%+v, want one: 6 > 2 + 3 * .82", got)
	}
	counts[9] = 4
	if got := whole(ears{}, log(10, func(m int) (int, int) { return 1, counts[m] })); len(got) != 0 {
		t.Errorf("%+v: 4 < 2 + 3 * .82", got)
	}
}

func TestLeakyBucketCountsDistinctPaths(t *testing.T) {
	asks := func(gap time.Duration, path func(i int) string) (lines []inject.Line) {
		for i := range 30 {
			lines = append(lines, inject.Line{Time: begin.Add(time.Duration(i) * gap).UnixNano(), Client: netip.MustParseAddr("203.0.113.7"), Request: true, Status: 404, Path: path(i)})
		}
		return lines
	}
	each := func(i int) string { return fmt.Sprint("/", i) }
	got := (bucket{}).Run(NewStream(asks(time.Second, each)))
	if len(got) != 1 || got[0].At.Sub(begin) < 10*time.Second || got[0].At.Sub(begin) > 13*time.Second {
		t.Errorf("%+v, want one at the eleventh path and what has leaked", got)
	}
	for what, lines := range map[string][]inject.Line{
		"one path":      asks(time.Second, func(int) string { return "/x" }),
		"slow":          asks(11*time.Second, each),
		"files of page": asks(time.Second, func(i int) string { return fmt.Sprint("/", i, ".png") }),
	} {
		if got := (bucket{}).Run(NewStream(lines)); len(got) != 0 {
			t.Errorf("%s: %+v", what, got)
		}
	}
}

func TestNegativeBinomial(t *testing.T) {
	// With mean 2 and variance 4, size 2 and p 1/2, P(Y >= 3) = 1 - 1/4 - 1/4 - 3/16.
	if got := tail(3, 2, 4); math.Abs(got-.3125) > 1e-9 {
		t.Errorf("%v, want .3125", got)
	}
	got := whole(negbin{}, log(300, func(m int) (int, int) {
		if m == 200 {
			return 10, 60
		}
		return 10, m % 2
	}))
	if len(got) != 1 || minute(got[0]) != 201 {
		t.Errorf("%+v, want one at minute 201", got)
	}
}

func TestWhatHappensLaterChangesNoAlarm(t *testing.T) {
	lines := log(240, func(m int) (int, int) { return 10, m * m % 11 * (m % 40 / 30) * 6 })
	for _, r := range All() {
		whole, half := r.Run(NewStream(lines)), r.Run(NewStream(lines[:len(lines)/2]))
		cutAt := time.Unix(0, lines[len(lines)/2].Time).Add(-5 * time.Minute)
		seen := map[string]bool{}
		for _, a := range whole {
			seen[fmt.Sprint(a.Terms, a.At)] = true
		}
		for _, a := range half {
			if a.At.Before(cutAt) && !seen[fmt.Sprint(a.Terms, a.At)] && r.Name() != (negbin{}).Name() { // its level depends on how many series there are
				t.Errorf("%s: %+v is not raised when the log goes on", r.Name(), a)
			}
		}
	}
}
