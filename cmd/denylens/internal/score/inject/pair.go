package inject

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
)

// pairDeck holds the scopes of which two go on at once. That of a limit of
// rates, of everyone or of one client holds the other, or is lost in it.
var pairDeck = []string{"country", "country", "network16", "asn", "ua", "ua_major", "path", "path", "path_method", "host", "api_version", "referer"}

// mixed is the part of one incident's clients up to which another has them as
// well: beyond it the two are one to everybody who reads the log.
const mixed = .25

// pair refuses two cohorts, each for a reason of its own: the second begins
// while the first is refused, and ends after it. Who is refused by both belongs
// to whichever comes first.
func (s *Sample) pair(onset time.Time, rng *rand.Rand) (in []simulate.Incident, ok bool) {
	log := s.Base
	second := s.Case
	second.Scope, second.Seed, second.Fraction = s.Other, rng.Uint64(), 1
	later := onset.Add(time.Duration(float64(s.Duration) * (.1 + .4*rng.Float64())).Round(time.Second))
	for i, c := range []Case{s.Case, second} {
		p, cohort, found := c.plan(s.Base, []time.Time{onset, later}[i], rng)
		if !found {
			return nil, false
		}
		out, truth, effect := p.Apply(log)
		if effect.Lines == 0 {
			return nil, false
		}
		if i == 0 || effect.Nats() < s.Effect.Nats() { // a pair is as large as the smaller of the two
			s.Effect, s.Cohort = effect, cohort
		}
		if s.plans, in = append(s.plans, p), append(in, truth); !effect.Above() {
			return nil, false
		}
		log = out
	}
	s.Log = log
	return in, !mingled(in[0].Clients, in[1].Clients)
}

// mingled tells whether two lists of clients are mostly the same.
func mingled(a, b []string) bool {
	in := map[netip.Addr]bool{}
	for _, x := range a {
		in[netip.MustParseAddr(x)] = true
	}
	both := 0
	for _, x := range b {
		if in[netip.MustParseAddr(x)] {
			both++
		}
	}
	return float64(both) > mixed*float64(min(len(a), len(b)))
}
