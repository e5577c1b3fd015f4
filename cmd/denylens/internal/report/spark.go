package report

import (
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/escape"
	"github.com/denylens/denylens/detect"
)

var bars = []rune("▁▂▃▄▅▆▇█")

// sparkline draws values as bars, the highest full. Nothing is the lowest bar,
// anything at all at least the next.
func sparkline(values []float64) escape.TermText {
	top := 0.0
	for _, v := range values {
		top = max(top, v)
	}
	out := make([]rune, len(values))
	for i, v := range values {
		out[i] = bars[0]
		if v > 0 && top > 0 {
			out[i] = bars[min(1+int(v/top*float64(len(bars)-1)), len(bars)-1)]
		}
	}
	return escape.Term(string(out))
}

// fit joins neighbours until no more than n values are left; each is the mean
// of what it stands for.
func fit(values []float64, n int) []float64 {
	if n < 1 || len(values) <= n {
		return values
	}
	out := make([]float64, n)
	for i := range out {
		lo, hi := i*len(values)/n, (i+1)*len(values)/n
		for _, v := range values[lo:hi] {
			out[i] += v / float64(hi-lo)
		}
	}
	return out
}

// rates turns the points of a timeline into refusals a minute. step is the time
// between two points.
func rates(points []detect.Minute) (perMinute []float64, step time.Duration) {
	step = time.Minute
	if len(points) > 1 {
		step = points[len(points)-1].Start.Sub(points[0].Start) / time.Duration(len(points)-1)
	}
	if step <= 0 {
		step = time.Minute
	}
	perMinute = make([]float64, len(points))
	for i, p := range points {
		perMinute[i] = float64(p.Denied) / step.Minutes()
	}
	return perMinute, step
}
