package detect

import (
	"fmt"
	"math"
	"sort"

	"github.com/denylens/denylens/ingest"
)

// Weights of what the log states, for the cause it names and against others.
const (
	ownWord   = 9
	otherWord = 6
)

// evidence is one fact that speaks for a cause (weight > 0) or against it. The
// weight, in nats, counts times the strength with which the fact holds (0..1).
// Weights: 3 and more is strong, 1.5 medium, 0.5 weak; the log's own word has 9,
// more than behaviour ever adds up to.
type evidence struct {
	cause  string
	weight float64
	holds  func(*scene) float64
	text   func(*scene) string
}

func is(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// over is 0 up to lo, 1 from hi on, linear between.
func over(x, lo, hi float64) float64 { return max(0, min(1, (x-lo)/(hi-lo))) }

func say(format string, args ...func(*scene) any) func(*scene) string {
	return func(s *scene) string {
		v := make([]any, len(args))
		for i, a := range args {
			v[i] = a(s)
		}
		return fmt.Sprintf(format, v...)
	}
}

func pct(f func(*scene) float64) func(*scene) any {
	return func(s *scene) any { return fmt.Sprintf("%.0f %%", 100*f(s)) }
}

func num(f func(*scene) int) func(*scene) any { return func(s *scene) any { return f(s) } }

// stated makes evidence of what the log itself says about the refusals: for the
// cause that it names and against all others.
func stated() (out []evidence) {
	for _, w := range reasons {
		share := func(s *scene) float64 { return s.whyShare(w.whys...) }
		out = append(out,
			evidence{w.cause, ownWord, func(s *scene) float64 { return over(share(s), 0.05, 0.3) }, say("the log says so for %s of the refusals: "+w.text, pct(share))},
			evidence{w.cause, -otherWord, func(s *scene) float64 { return s.word(w.whys) }, say("the log names another reason")})
	}
	return out
}

// custom makes evidence of a rule of the owner's own at the edge, which may look
// at anything: what the refusals follow says at what.
func custom(cause string, follows func(*scene) float64) evidence {
	return evidence{cause, 6, func(s *scene) float64 { return over(s.whyShare(ingest.WhyEdgeCustom), 0.05, 0.3) * follows(s) }, say("the log names a rule of the owner's own")}
}

// misuseCause names what refused attackers were up to.
func (s *scene) misuseCause() string {
	if h := s.ev.habit; h > 0 {
		return habitList[h-1].cause
	}
	if s.ev.origin == byShare {
		return "key_sharing"
	}
	switch {
	case s.ev.origin == byRaid || s.stuffed():
		return "credential_stuffing"
	case s.bypassing():
		return "bypass_probe"
	case s.ev.origin == byScan || s.ev.origin == byWave || s.share(fProbe) > 0.5 || s.share(fScanner) > 0.5 || s.sameErrand():
		return "scan"
	case s.share(fFakeBot) > 0.5:
		return "fake_crawler"
	case s.share(fLogin) > 0.5 && s.share(fWrite) > 0.5:
		return "credential_stuffing"
	}
	return "attack_blocked"
}

// bypassing tells whether a scanner looks for a way around one refusal: by
// method after method (OWASP WSTG-CONF-06) on hardly more than one place, or by
// writing its path in ways that mean the same, which is more than to look for
// files of the system.
func (s *scene) bypassing() bool {
	_, one := s.values[axPath1].top()
	methods, tricks := s.values[axMethod].distinct() >= 4, s.share(fTrick)
	return s.ev.origin == byScan && s.denied >= 20 && (methods && (one > 0.4 || tricks > 0.2) || tricks > 0.3 && s.share(fProbe) < 0.75*tricks)
}

const (
	temperature = 1.15
	abstainTop  = 0.45
	abstainGap  = 0.1
)

// diagnose weighs the table and returns the causes, the most probable first.
func (s *scene) diagnose() []Guess {
	type entry struct {
		Guess
		score float64
	}
	var list []*entry
	byID := map[string]*entry{}
	for i := range causes {
		ev := &causes[i]
		g := byID[ev.cause]
		if g == nil {
			g = &entry{Guess: Guess{ID: ev.cause, For: []string{}, Against: []string{}}}
			byID[ev.cause] = g
			list = append(list, g)
		}
		x := ev.holds(s)
		g.score += x * ev.weight
		switch {
		case x < 0.3:
		case ev.weight > 0:
			g.For = append(g.For, ev.text(s))
		default:
			g.Against = append(g.Against, ev.text(s))
		}
	}
	top := math.Inf(-1)
	for _, g := range list {
		top = max(top, g.score)
	}
	sum := 0.0
	for _, g := range list {
		g.Probability = math.Exp((g.score - top) / temperature)
		sum += g.Probability
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].score > list[j].score })
	out := make([]Guess, 0, len(list))
	for _, g := range list {
		g.Probability = math.Round(g.Probability/sum*1000) / 1000
		out = append(out, g.Guess)
	}
	return out
}
