package detect

import (
	"github.com/denylens/denylens/ingest"
)

// What the table of causes reads of a scene, each from 0 (not at all) to 1.

// clientDim tells whether the cohort says where clients come from or what they
// run.
func (s *scene) clientDim() bool {
	return s.has[DimCountry] || s.has[DimASN] || s.has[DimNetwork] || s.has[DimAgent] || s.has[DimOS]
}

// everybody is strong when the cohort is a part of the site, refused to all.
func (s *scene) everybody() float64 {
	if !(s.has[DimPath] || s.has[DimHost]) || s.clientDim() || s.has[DimReferer] || s.has[DimVersion] || s.has[DimUser] {
		return 0
	}
	return over(s.purity(), 0.5, 0.9)
}

func (s *scene) userShare() float64 { return ratio(s.user, s.denied) }

func (s *scene) authRise() float64 {
	return max(0, ratio(s.auth, s.rows)-2*ratio(s.control.auth, s.control.rows))
}

// limitedShare is the share of 429 answers.
func (s *scene) limitedShare() float64 {
	v, share := s.statuses.top()
	if v == 429 {
		return share
	}
	return ratio(s.limited, s.rows)
}

// usualSize is the most frequent size of a refusal in bytes, -1 = not logged.
func (s *scene) usualSize() int { v, _ := s.sizes.top(); return int(v) }

// page is strong when all refusals are one page of one size, longer than the
// answers of applications and than servers' own pages (nginx 153 bytes, Apache
// 199 and more).
func (s *scene) page() float64 {
	size, share := s.sizes.top()
	return over(float64(size), 1000, 2000) * over(share, 0.8, 0.95)
}

// content is strong when the refused requests carry something that a rule can
// look into, and that those served in the same place do not all carry.
func (s *scene) content() float64 {
	return max(over(s.share(fWrite), 0.7, 0.95), over(s.share(fQuery), 0.7, 0.95)*over(s.contrast(fQuery, true), 0.05, 0.3))
}

// purityGap is how far the cohort is from being refused as a whole.
func (s *scene) purityGap() float64 { return 1 - s.purity() }

// steady is strong when whoever is refused is refused always, while others are
// served in the same place: who asks decides. Pictures and styles are nobody's
// in particular: there it is one of several servers that differs.
func (s *scene) steady() float64 {
	return (1 - over(s.share(fAsset), 0.5, 0.9)) * over(s.purityGap(), 0.1, 0.4) * (1 - over(max(s.late, s.cured), 0.1, 0.4)) * over(s.served, 3, 10)
}

// open is strong when what is refused to some is served to strangers meanwhile,
// who are nobody and come for the first time: no right is needed there.
func (s *scene) open() float64 {
	return is(!s.clientDim() && !s.has[DimReferer] && !s.has[DimUser]) * over(ratio(s.meanwhile.open, s.served), 0.03, 0.1) * over(s.served, 3, 10)
}

// byTurns is strong when the refused were served in the same place before, when
// others were refused already, and are again while others still are.
func (s *scene) byTurns() float64 { return over(min(s.late, s.cured), 0.05, 0.3) }

// inTurn is strong when clients are served and refused within a minute, and not
// because one sort of request is refused and another is not.
func (s *scene) inTurn() float64 {
	sort := most(s.contrast(fAsset, true), s.contrast(fSlash, true), s.contrast(fQuery, true), s.contrast(fWrite, true))
	both := ratio(s.turns.both, s.turns.minutes) * (1 - over(sort, 0.2, 0.6))
	return over(max(both, ratio(s.mixed, s.denied)), 0.1, 0.5)
}

// filesOnly is strong when pictures, styles and scripts are refused to clients
// that are served pages meanwhile.
func (s *scene) filesOnly() float64 {
	if s.ev.origin == byTurn {
		return is(s.served > 0) * over(s.share(fAsset), 0.8, 0.95)
	}
	return over(s.contrast(fAsset, true), 0.4, 0.8)
}

// slashOnly is strong when directories are refused and the files in them are
// not.
func (s *scene) slashOnly() float64 {
	return max(over(s.contrast(fSlash, true), 0.4, 0.8), 0.3*over(s.share(fSlash), 0.7, 0.95)*is(s.has[DimPath]))
}

// mute is strong when the refused name no page they come from and the served in
// the same place do.
func (s *scene) mute() float64 {
	return is(!s.clientDim()) * over(s.contrast(fReferer, false), 0.4, 0.8)
}

// network is strong when those refused share a network: one that the cohort
// names, or one that holds all of a country's clients.
func (s *scene) network() float64 {
	if s.has[DimNetwork] || s.has[DimASN] {
		return 1
	}
	return is(s.has[DimCountry]) * over(s.oneNetwork, 0.9, 0.99) * over(float64(s.refusedCl), 2, 6)
}

// narrow is strong when what is refused follows something that the cohort names
// of clients or of where they come from, so that a rule of any kind may say so.
func (s *scene) narrow() float64 { return is(s.clientDim() || s.has[DimReferer]) }

// word is how far the log itself states a reason other than ws. An access rule
// may be about anything, and so may a rule of the owner's own.
func (s *scene) word(ws []ingest.Why) float64 {
	all := 0.0
	for w, n := range s.why {
		switch w {
		case ingest.WhyRule, ingest.WhyEdgeCustom, ingest.WhyUpstreamRefused, ingest.WhyGatewayStrategy:
		default:
			all += n
		}
	}
	return over(ratio(all, s.denied)-s.whyShare(ws...), 0.05, 0.3)
}

// fewCountries is strong when those refused come from one country or a few,
// though there are many of them in many networks.
func (s *scene) fewCountries() float64 {
	if s.has[DimCountry] {
		return 1
	}
	return is(!s.has[DimNetwork] && !s.has[DimASN] && s.countries <= 3) * over(float64(s.networks)/float64(max(s.countries, 1)), 3, 6)
}

// most is the largest of xs.
func most(xs ...float64) float64 {
	top := 0.0
	for _, x := range xs {
		top = max(top, x)
	}
	return top
}
