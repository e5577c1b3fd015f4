package inject

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
)

// The grid: cause and scope, share of the cohort, duration, history. Each is a
// deck from which cases are dealt; a deck that is used up is shuffled again, so
// that all of its cards come equally often.
var (
	scopeDeck = []string{"everyone", "country", "country", "network24", "network16", "asn", "ua", "ua_major", "ua_major", "path", "path", "path_method",
		"host", "api_version", "user", "client", "referer", "rate"}
	fractionDeck = []float64{.05, .2, .5, 1, 1, 1}
	durationDeck = []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour, time.Hour, 6 * time.Hour, 6 * time.Hour, 48 * time.Hour}
	historyDeck  = []time.Duration{15 * time.Minute, time.Hour, 24 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 7 * 24 * time.Hour}
	shapeDeck    = []string{"step", "step", "step", "ramp", "brownout"}
	retryDeck    = []int{0, 0, 0, 1, 5}
)

// deck deals cards.
type deck[T any] struct {
	cards []T
	left  []T
	rng   *rand.Rand
}

func newDeck[T any](rng *rand.Rand, cards []T) *deck[T] { return &deck[T]{cards: cards, rng: rng} }

func (d *deck[T]) deal() T {
	if len(d.left) == 0 {
		d.left = slices.Clone(d.cards)
		d.rng.Shuffle(len(d.left), func(i, j int) { d.left[i], d.left[j] = d.left[j], d.left[i] })
	}
	c := d.left[len(d.left)-1]
	d.left = d.left[:len(d.left)-1]
	return c
}

// Case is one cell of the grid on one site.
type Case struct {
	ID       string        `json:"id"`
	Site     string        `json:"site"`
	Split    string        `json:"split"`
	Seed     uint64        `json:"seed"`
	Class    string        `json:"class"`           // refusal, pair, misuse, absence, harmless
	Scope    string        `json:"scope"`           // of a refusal; else what is done
	Other    string        `json:"other,omitempty"` // scope of the second refusal of a pair
	Fraction float64       `json:"fraction,omitempty"`
	Shape    string        `json:"shape,omitempty"`
	Retries  int           `json:"retries,omitempty"`
	Truncate bool          `json:"truncate,omitempty"`
	Duration time.Duration `json:"duration"`
	History  time.Duration `json:"history"`
}

// Cases deals n cases of a class to a site.
func Cases(s *Site, class string, n int, seed uint64) []Case {
	rng := dice(seed, s.Name+" "+class)
	scopes := newDeck(rng, map[string][]string{"refusal": scopeDeck, "pair": pairDeck, "misuse": Misuses, "absence": {"country", "network16", "ua_major"}, "harmless": Harmless}[class])
	fractions, durations, histories := newDeck(rng, fractionDeck), newDeck(rng, durationDeck), newDeck(rng, historyDeck)
	shapes, retries := newDeck(rng, shapeDeck), newDeck(rng, retryDeck)
	list := make([]Case, n)
	for i := range list {
		c := Case{Site: s.Name, Split: s.Split(), Seed: rng.Uint64(), Class: class, Scope: scopes.deal(), Duration: durations.deal(), History: histories.deal()}
		c.ID = fmt.Sprintf("%s/%s/%d-%s", s.Name, class, i+1, c.Scope)
		if class == "pair" {
			for c.Other = scopes.deal(); c.Other == c.Scope; {
				c.Other = scopes.deal()
			}
			c.ID += "+" + c.Other
			c.Fraction, c.Shape, c.Retries = fractions.deal(), "step", retries.deal()
		}
		if class == "absence" {
			c.Fraction, c.Shape, c.Duration, c.History = 1, "step", max(c.Duration, time.Hour), max(c.History, 24*time.Hour)
		}
		if class == "refusal" {
			c.Fraction, c.Shape, c.Retries, c.Truncate = fractions.deal(), shapes.deal(), retries.deal(), rng.IntN(3) == 0
			if c.Scope == "client" || c.Scope == "user" || c.Scope == "rate" {
				c.Fraction, c.Shape, c.Retries = 1, "step", 0
			}
		}
		list[i] = c
	}
	return list
}

// Sample is a case made real.
type Sample struct {
	Case
	Base, Log *Log // before and after
	Truth     simulate.Truth
	Effect    Effect
	Cohort    Candidate
	Onset     time.Time
	plans     []*Plan // of refusals, one for each incident
}

// describe adds what else would be right to say of the incidents.
func (s *Sample) describe() {
	for i, p := range s.plans {
		p.describe(s.Base)
		in := &s.Truth.Incidents[i]
		in.AcceptCause = p.AcceptCause
		for _, c := range p.Accept {
			in.Accept = append(in.Accept, simulated(c))
		}
	}
}

// length is how long all of a case lasts.
func (c Case) length() time.Duration {
	if c.Class == "pair" {
		return c.Duration + c.Duration/2
	}
	return c.Duration
}

// Size names how many clients a minute the cohort has.
func (s *Sample) Size() string {
	perMinute := float64(s.Effect.Active) / max(1, s.Effect.Minutes)
	switch {
	case perMinute < 1:
		return "<1"
	case perMinute < 5:
		return "1-5"
	case perMinute < 20:
		return "5-20"
	case perMinute < 100:
		return "20-100"
	}
	return ">100"
}

const (
	tries = 40        // moments that are tried for a case
	after = time.Hour // of the log, behind the end of an incident
)

// Realize finds a moment and a cohort for a case in a site's log. quiet tells
// whether an untouched window is without an incident of its own from one moment
// to another. ok is false if the site has no such cohort.
func Realize(c Case, site *Log, quiet func(base *Log, from, to time.Time) bool) (s *Sample, ok bool) {
	rng := dice(c.Seed, "moment")
	low := rng.IntN(6) == 0 // one in six lies below the floor
	judged := 0
	first, last := site.Span()
	if last.Sub(first) < 2*c.length() && c.Duration > 6*time.Hour {
		c.Duration = 6 * time.Hour
	}
	if last.Sub(first) < 12*time.Hour { // a piece of a day
		c.Duration = min(c.Duration, (last.Sub(first) / 4).Round(time.Minute))
	}
	wanted := c
	for range tries {
		base, onset, found := window(wanted, site, rng)
		if !found {
			continue
		}
		first, _ := base.Span()
		c.History = onset.Sub(first).Round(time.Minute)
		s, ok = c.make(base, onset, rng)
		if !ok || c.Class == "refusal" && s.Effect.Above() == low || c.Class == "pair" && !s.Effect.Above() {
			continue
		}
		if judged++; judged > 4 {
			return nil, false
		}
		if quiet(base, onset.Add(-time.Hour), onset.Add(c.length()+10*time.Minute)) {
			s.describe()
			return s, true
		}
	}
	return nil, false
}

// window draws a moment, more often where there is more traffic, and cuts the
// case's window out of the site's log.
func window(c Case, site *Log, rng *rand.Rand) (*Log, time.Time, bool) {
	if len(site.Lines) < 200 {
		return nil, time.Time{}, false
	}
	first, last := site.Span()
	at := time.Unix(0, site.Lines[rng.IntN(len(site.Lines))].Time).UTC().Truncate(time.Second)
	history := min(c.History, last.Sub(first)/2)
	if at.Sub(first) < history || last.Sub(at) < c.length() {
		return nil, at, false
	}
	base := site.Between(at.Add(-history), at.Add(c.length()+after))
	if len(base.Lines) < 50 || behindProxy(base.Lines) > .3 {
		return nil, at, false
	}
	return base, at, true
}

// make applies the case at a moment.
func (c Case) make(base *Log, onset time.Time, rng *rand.Rand) (*Sample, bool) {
	s := &Sample{Case: c, Base: base, Onset: onset}
	var in []simulate.Incident
	switch c.Class {
	case "refusal":
		p, cohort, ok := c.plan(base, onset, rng)
		if !ok {
			return nil, false
		}
		log, truth, effect := p.Apply(base)
		if effect.Lines == 0 {
			return nil, false
		}
		s.plans, s.Log, s.Effect, s.Cohort, in = []*Plan{p}, log, effect, cohort, []simulate.Incident{truth}
	case "pair":
		var ok bool
		if in, ok = s.pair(onset, rng); !ok {
			return nil, false
		}
	case "misuse":
		log, truth, effect, ok := misuse(c, base, onset, rng)
		if !ok {
			return nil, false
		}
		s.Log, s.Effect, in = log, effect, []simulate.Incident{truth}
	case "absence":
		p, cohort, ok := c.plan(base, onset, rng)
		if !ok || cohort.Clients < 10 {
			return nil, false
		}
		log, effect, clients := absent(p, base)
		end := onset.Add(c.Duration)
		s.Log, s.Effect, s.Cohort = log, effect, cohort
		in = []simulate.Incident{{Kind: "overblock", Cause: p.Cause, AcceptCause: []string{"undetermined"}, Cohort: simulated(p.Cohort), Start: onset, End: &end, Clients: clients}}
	case "harmless":
		log, ok := harmless(c, base, onset, rng)
		if !ok {
			return nil, false
		}
		s.Log = log
	}
	from, to := base.Span()
	s.Truth = simulate.Truth{Scenario: c.ID, Seed: c.Seed, From: from, To: to, Requests: int64(len(s.Log.Lines)), Incidents: in}
	return s, true
}

// Tell describes a sample in a few words.
func (s *Sample) Tell() string {
	floor := "below the floor"
	if s.Above() {
		floor = "above the floor"
	}
	e := s.Effect
	return fmt.Sprintf("%s %s, %.0f %%, %s, %s, history %s, %d of %d clients refused, %d served before, %.0f nats, %s", s.Split, floor, 100*s.Fraction, s.Shape,
		s.Duration, s.History, e.Refused, e.Active, e.Newly, e.Nats(), s.Size())
}

// Above tells whether the sample holds an incident that can be seen.
func (s *Sample) Above() bool { return len(s.plans) == 0 || s.Effect.Above() }
