package detect

import "math"

// scene is an event as the table of causes sees it.
type scene struct {
	*features
	ev                                    *event
	has                                   [numDims]bool // dimensions named by the (first) cohort
	clients                               int           // of the cohort
	refusedCl                             int           // refused clients
	legit                                 int           // likely legitimate ones among them
	regular                               int           // ... and those that were served something before
	elsewhere                             float64       // share of refused clients served outside the cohort meanwhile
	healed                                float64       // share served in the cohort again
	cured                                 float64       // ... while others are still refused
	late                                  float64       // share served in the cohort before they were refused, when others were already
	relogged                              float64       // share that signed in or got a token and were served again
	sumLegit                              float64
	verdict                               float64 // log-odds of over-blocking against misuse
	countries, networks, agents, prefixes int
	oneNetwork                            float64 // share of the refusals that go to the commonest network
	strangers                             float64 // share of refused clients that were never served anything
}

// aloneLeast is how many rows that an event refuses and no other one does tell
// why; of fewer, all tell.
const aloneLeast = 5

// telling is what is known of an event with those of its refusals that tell why.
func (ev *event) telling() *features {
	f := ev.f
	if ev.alone.denied >= aloneLeast {
		f.refusals = ev.alone
	}
	return &f
}

func (e *Engine) scene(ev *event) *scene {
	s := &scene{features: ev.telling(), ev: ev}
	if len(ev.cohorts) > 0 {
		for _, t := range ev.cohorts[0] {
			s.has[axisDim[t.axis]] = true
		}
	}
	if v, share := s.values[axReferer].top(); v != 0 && share > 0.9 && s.vague() {
		s.has[DimReferer] = true // the cohort does not say so, but all of them come from there
	}
	if v, share := s.values[axRule].top(); v != 0 && share > 0.8 {
		s.has[DimRule] = true
	}
	var elsewhere, healed, cured, late, relogged, strangers float64
	for _, c := range ev.clients {
		if c.denied || c.came <= ev.lastD {
			s.clients++
		}
		if !c.denied {
			continue
		}
		s.refusedCl++
		if c.old {
			s.regular++
		}
		l := float64(c.legit) / 10
		s.sumLegit += sigmoid(l)
		if l > likelyLegit {
			s.legit++
		}
		if c.elsewhere {
			elsewhere++
		}
		if !c.elsewhere && !c.late && !c.old && l <= freshLegit {
			strangers++
		}
		if c.healed {
			healed++
			if c.signed {
				relogged++
			}
			if c.back < ev.lastD {
				cured++
			}
		}
		if c.late {
			late++
		}
	}
	n := float64(s.refusedCl)
	s.elsewhere, s.healed, s.relogged, s.strangers = ratio(elsewhere, n), ratio(healed, n), ratio(relogged, n), ratio(strangers, n)
	s.cured, s.late = ratio(cured, n), ratio(late, n)
	if v, share := s.values[axNetwork].top(); v != 0 {
		s.oneNetwork = share
	}
	s.countries, s.networks = s.values[axCountry].distinct(), s.values[axNetwork].distinct()
	s.agents, s.prefixes = s.values[axAgent].distinct(), s.values[axPath1].distinct()
	s.verdict = s.judge()
	return s
}

// vague tells whether the cohort says neither who the clients are nor what they
// ask for.
func (s *scene) vague() bool {
	for d, has := range s.has {
		if has && Dim(d) != DimRule && Dim(d) != DimMethod && Dim(d) != DimHost {
			return false
		}
	}
	return true
}

// judge is the verdict: how legitimate the refused clients
// are, and whether the refusals follow what they are or what they did.
func (s *scene) judge() float64 {
	n := float64(s.refusedCl)
	v := math.Log((1 + s.sumLegit) / (1 + n - s.sumLegit))
	attribute := s.has[DimCountry] || s.has[DimVersion] || s.has[DimAgent] || s.has[DimPath] || s.has[DimHost] || s.has[DimReferer] || s.has[DimNetwork] || s.has[DimASN] || s.sitewide() || s.ev.limited > 0
	probes := s.share(fProbe)
	if attribute && probes < 0.3 {
		v += 1.5
	}
	if ratio(float64(s.legit), n) > 0.5 {
		v += 2
	}
	if probes > 0.3 {
		v -= 3
	}
	if s.sameErrand() || s.stuffed() {
		v -= 4
	}
	if s.share(fNoAgent)+s.share(fScanner)+s.share(fFakeBot) > 0.5 {
		v -= 1.5
	}
	if ratio(s.hostile, s.denied) > 0.5 {
		v -= 2
	}
	if s.elsewhere > 0.3 || s.healed > 0.3 {
		v += 1
	}
	if s.legit == 0 && s.refusedCl >= waveClients && s.strangers > 0.8 {
		v = min(v, 1) // nobody of whom anything good is known
	}
	return v
}

// everyone tells whether the cohort is everyone.
func (s *scene) everyone() bool { return len(s.ev.cohorts) > 0 && len(s.ev.cohorts[0]) == 0 }

// sitewide tells whether most of those who come are refused, whoever they are,
// or a part of them to which visitors belong that were served before.
func (s *scene) sitewide() bool {
	return len(s.ev.cohorts) > 0 && s.vague() && s.ev.before < 0.1 && (2*s.refusedCl > s.clients || regularPart*s.regular >= s.refusedCl)
}

// regularPart is the part of the refused, one in so many, that was served
// before: botnets bring none.
const regularPart = 6

// fewErrands is for how many things a botnet comes that has come often.
const fewErrands = 3

// sameErrand tells whether the refused are strangers who all came for one thing
// and named no page that led them there, as a botnet does: people who are shut
// out come from somewhere, or look at something else as well. What everybody
// else comes for and is given is no errand.
func (s *scene) sameErrand() bool {
	_, one := s.values[axPath1].top()
	return !s.common() && s.strangers > 0.8 && ratio(s.noReferer, s.denied) > 0.9 && (one > 0.9 || s.prefixes <= fewErrands && s.refusedCl >= waveClients) && s.share(fAsset) < 0.1 && s.user == 0
}

// common tells whether others come for what the cohort is refused, half as many
// at least, and are given it: within the cohort, or outside where hardly anybody
// is refused. Who asks the front page for something by a query does not come for
// the front page.
func (s *scene) common() bool {
	given, query, same := s.served, s.unrefused(fQuery), s.ev.beside.same
	if same.denied <= commonRefused*same.rows {
		given, query = given+same.rows-same.denied, query+s.ev.beside.query
	}
	if s.share(fQuery) > 0.5 && 2*query < given {
		return false
	}
	return given >= sameLeast && 2*given >= s.denied
}

// commonRefused is the share of refusals up to which others are given a thing.
const commonRefused = 0.1

// stuffed tells whether strangers tried to sign in and did nothing else:
// whoever means to use the site has seen a page of it first.
func (s *scene) stuffed() bool {
	return s.strangers > 0.7 && s.share(fLogin) > 0.8 && s.share(fWrite) > 0.8 && s.share(fAsset) == 0
}

func (s *scene) kind() Kind {
	switch {
	case s.ev.origin == byScan || s.ev.origin == byShare || s.ev.origin == byWave || s.ev.origin == byRaid:
		return Misuse
	case s.verdict > 1:
		return Overblock
	case s.verdict < -1:
		return Misuse
	}
	return Spike
}

// crawler tells whether mostly true crawlers are refused: a site that search
// engines cannot read loses more than one visitor.
func (s *scene) crawler() bool { return s.share(fTrueBot) > 0.5 }
