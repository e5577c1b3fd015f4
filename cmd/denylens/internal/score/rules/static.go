package rules

// static is the threshold that most people begin with: more than 5 % of the
// requests of five minutes refused, of fifty at least.
type static struct{}

const (
	staticShare    = .05
	staticWidth    = 5
	staticRequests = 50
)

func (static) Name() string { return "static: 403 > 5 % of >= 50 in 5 min" }

func (static) Run(s *Stream) (out []Alarm) {
	for i := range s.series {
		k := &s.series[i]
		var over []int
		var requests, refused int32
		for t := range k.refused {
			requests, refused = requests+k.requests[t], refused+k.refused[t]
			if t >= staticWidth {
				requests, refused = requests-k.requests[t-staticWidth], refused-k.refused[t-staticWidth]
			}
			if requests >= staticRequests && float64(refused) > staticShare*float64(requests) {
				over = append(over, t)
			}
		}
		out = append(out, s.episodes(k.terms, over, staticWidth, stillOne)...)
	}
	return out
}
