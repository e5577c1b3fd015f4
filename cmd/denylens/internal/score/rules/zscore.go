package rules

import "math"

// zscore is Cloudflare's alert on security events as its documentation has it:
// five minutes that are more than 3.5 standard deviations above the mean of the
// six hours before, and hold 200 events; none again for two hours.
type zscore struct{}

const (
	zWidth  = 5
	zBefore = 72 // buckets
	zLeast  = 12 // buckets that must have gone before
	zOver   = 3.5
	zEvents = 200
	zQuiet  = 120
)

func (zscore) Name() string { return "z > 3.5 and >= 200 events in 5 min" }

func (zscore) Run(s *Stream) (out []Alarm) {
	for i := range s.series {
		k := &s.series[i]
		var counts []float64
		var over []int
		for t := 0; t+zWidth <= s.length; t += zWidth {
			y := 0.0
			for _, n := range k.refused[t : t+zWidth] {
				y += float64(n)
			}
			if mean, sd := moments(counts[max(0, len(counts)-zBefore):]); len(counts) >= zLeast && y >= zEvents && y > mean+zOver*sd {
				over = append(over, t+zWidth-1)
			}
			counts = append(counts, y)
		}
		out = append(out, s.episodes(k.terms, over, zWidth, zQuiet)...)
	}
	return out
}

func moments(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	if len(x) < 2 {
		return mean, 0
	}
	for _, v := range x {
		sd += (v - mean) * (v - mean) / float64(len(x)-1)
	}
	return mean, math.Sqrt(sd)
}
