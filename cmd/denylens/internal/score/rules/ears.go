package rules

// ears is the C2 of the Early Aberration Reporting System: the count of a minute
// is more than three standard deviations above the mean of seven minutes, of
// which the last is three minutes ago. A deviation below 0.2 is taken for 0.2.
type ears struct{}

const (
	earsBefore = 7
	earsGuard  = 2
	earsOver   = 3
	earsLeast  = .2
)

func (ears) Name() string { return "EARS C2, 1 min, 3 sd" }

func (ears) Run(s *Stream) (out []Alarm) {
	for i := range s.series {
		k := &s.series[i]
		var over []int
		var before [earsBefore]float64
		for t := earsBefore + earsGuard; t < s.length; t++ {
			if k.refused[t] == 0 {
				continue
			}
			for j := range before {
				before[j] = float64(k.refused[t-earsGuard-earsBefore+j])
			}
			if mean, sd := moments(before[:]); float64(k.refused[t]) > mean+earsOver*max(earsLeast, sd) {
				over = append(over, t)
			}
		}
		out = append(out, s.episodes(k.terms, over, 1, stillOne)...)
	}
	return out
}
