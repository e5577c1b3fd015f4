package detect

import (
	"fmt"
	"math"
	"sort"

	"github.com/denylens/denylens/ingest"
)

// evidence is one fact that speaks for a cause (weight > 0) or against it. The
// weight, in nats, counts times the strength with which the fact holds (0..1).
// Weights: 3 and more is strong, 1.5 medium, 0.5 weak; 6 is the log's own word.
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
func over(x, lo, hi float64) float64 { return math.Max(0, math.Min(1, (x-lo)/(hi-lo))) }

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

// stated makes evidence of what the log itself says about the refusals.
func stated(cause string, weight float64, text string, ws ...ingest.Why) evidence {
	share := func(s *scene) float64 { return s.whyShare(ws...) }
	return evidence{cause, weight, func(s *scene) float64 { return over(share(s), 0.05, 0.3) }, say("the log says so for %s of the refusals: "+text, pct(share))}
}

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
	return math.Max(0, ratio(s.auth, s.rows)-2*ratio(s.control.auth, s.control.rows))
}
func (s *scene) heaviness() float64 {
	return ratio(ratio(s.heavyDenied, s.denied), math.Max(1, ratio(s.heavyServed, s.served)))
}
func (s *scene) limitedShare() float64 {
	v, share := s.statuses.top()
	if v == 429 {
		return share
	}
	return ratio(s.limited, s.rows)
}

// usualSize is the most frequent size of a refusal in bytes, -1 = not logged.
func (s *scene) usualSize() int { v, _ := s.sizes.top(); return int(v) }

// blockPage is strong when what sends data is answered with one page of one
// size, longer than the answers of applications and than servers' own pages
// (nginx 153 bytes, Apache 199 and more).
func (s *scene) blockPage() float64 {
	size, share := s.sizes.top()
	return over(float64(size), 1000, 2000) * over(share, 0.8, 0.95) * over(s.share(fWrite), 0.7, 0.95)
}

// filesOnly is strong when pictures, styles and scripts are refused to a client
// that is served pages meanwhile.
func (s *scene) filesOnly() float64 {
	return is(s.ev.origin == byTurn && s.served > 0) * over(s.share(fAsset), 0.8, 0.95)
}

// causes is the table of evidence. One line per fact; a missing
// field makes a fact not hold, never its opposite.
var causes = []evidence{
	{"permissions", 2.5, func(s *scene) float64 {
		return over(s.userShare(), 0.5, 0.9) * is(s.has[DimPath] && !s.clientDim() && !s.has[DimVersion])
	}, say("%s of the refusals hit signed-in users, on one part of the site", pct((*scene).userShare))},
	{"permissions", 1.5, func(s *scene) float64 { return over(s.userShare(), 0.5, 0.9) * over(s.elsewhere, 0.3, 0.7) },
		say("%s of the refused clients are served elsewhere meanwhile", pct(func(s *scene) float64 { return s.elsewhere }))},
	stated("permissions", 6, "authenticated but not authorised", ingest.WhyAuthz),
	{"permissions", 1, func(s *scene) float64 { return over(s.share(fUp403), 0.3, 0.8) }, say("the application itself answered 403")},
	{"permissions", -3, func(s *scene) float64 { return over(ratio(s.noUser, s.denied), 0.3, 0.7) }, say("clients without a user name are refused as well")},
	{"permissions", -2, func(s *scene) float64 { return over(s.relogged, 0.1, 0.4) }, say("signing in again helps")},
	{"permissions", -3, func(s *scene) float64 { return is(s.clientDim()) }, say("the refusals follow where clients come from or what they run")},
	{"permissions", -1.5, (*scene).blockPage, say("a whole page answers what programs send, not the application")},

	{"ip_block", 3.5, func(s *scene) float64 { return is(s.has[DimNetwork] || s.has[DimASN]) }, say("the refused clients share a network")},
	{"ip_block", 3.5, func(s *scene) float64 {
		return is(s.ev.origin == byTurn) * over(float64(s.prefixes), 1, 3) * (1 - over(s.elsewhere, 0, 0.2))
	}, say("one client alone is refused, on %d different parts of the site", num(func(s *scene) int { return s.prefixes }))},
	{"ip_block", 1.5, func(s *scene) float64 {
		return is(s.has[DimNetwork] || s.has[DimASN]) * over(float64(s.prefixes), 1, 4)
	}, say("%d different parts of the site are refused to them", num(func(s *scene) int { return s.prefixes }))},
	{"ip_block", 1, func(s *scene) float64 {
		return is(s.has[DimNetwork] || s.has[DimASN]) * (1 - over(s.elsewhere, 0, 0.2))
	}, say("the refused clients are served nothing else")},
	stated("ip_block", 6, "a rule on addresses or networks", ingest.WhyEdgeIP, ingest.WhyEdgeASN),
	{"ip_block", 2, func(s *scene) float64 {
		return over(s.whyShare(ingest.WhyRule), 0.05, 0.3) * is(s.has[DimNetwork] || s.has[DimASN])
	}, say("the server names an access rule")},
	{"ip_block", -3.5, func(s *scene) float64 { return is(!s.has[DimNetwork] && !s.has[DimASN] && s.ev.origin != byTurn) }, say("the refused clients come from %d networks", num(func(s *scene) int { return s.networks }))},

	{"geo_block", 4.5, func(s *scene) float64 { return is(s.has[DimCountry]) }, say("the refusals follow the clients' country")},
	{"geo_block", 1, func(s *scene) float64 { return is(s.has[DimCountry]) * over(float64(s.networks), 2, 5) }, say("%d networks of that country are refused", num(func(s *scene) int { return s.networks }))},
	{"geo_block", 1, func(s *scene) float64 { return is(s.has[DimCountry]) * (1 - over(s.outside(), 0.02, 0.2)) }, say("everybody else: %s refused", pct((*scene).outside))},
	stated("geo_block", 6, "a rule on countries", ingest.WhyEdgeCountry),
	{"geo_block", -4, func(s *scene) float64 { return is(!s.has[DimCountry]) }, say("the refused clients come from %d countries", num(func(s *scene) int { return s.countries }))},

	{"auth_token", 2, func(s *scene) float64 {
		return over(s.userShare(), 0.3, 0.8) * is(!s.has[DimCountry] && !s.has[DimNetwork] && (!s.has[DimVersion] || s.has[DimAgent]))
	}, say("%s of the refusals carry a user or key", pct((*scene).userShare))},
	{"auth_token", 2.5, func(s *scene) float64 { return over(s.authRise(), 0.02, 0.2) }, say("401 answers rise with the refusals")},
	{"auth_token", 3, func(s *scene) float64 { return over(s.relogged, 0.05, 0.3) }, say("%s of the refused clients were served again after asking a login or token endpoint", pct(func(s *scene) float64 { return s.relogged }))},
	{"auth_token", 3, func(s *scene) float64 { return is(s.ev.origin == byTurn && s.prefixes <= 2) }, say("one client alone is refused where it was served before, as when a session or token ends")},
	{"auth_token", -5, (*scene).filesOnly, say("only files are refused, as no sign-in does")},
	{"auth_token", 1.5, func(s *scene) float64 { return is(s.has[DimUser]) }, say("one user or key is refused")},
	stated("auth_token", 6, "failed authentication or a bad certificate", ingest.WhyAuthFailed, ingest.WhyClientCert),
	{"auth_token", -3, func(s *scene) float64 {
		return is(s.ev.origin != byTurn) * (1 - over(s.userShare(), 0, 0.2)) * (1 - over(s.authRise(), 0, 0.02)) * (1 - over(s.relogged, 0, 0.05))
	}, say("no user names, no 401, no new sign-in")},
	{"auth_token", -3, func(s *scene) float64 {
		return is(s.has[DimCountry] || s.has[DimNetwork] || s.has[DimVersion] && !s.has[DimAgent] || s.has[DimReferer])
	}, say("the refusals follow something other than who signs in")},

	{"server_config", 3, (*scene).everybody, say("everybody is refused there: %s of its clients' requests", pct((*scene).purity))},
	{"server_config", 1, func(s *scene) float64 { return s.everybody() * over(s.elsewhere, 0.1, 0.5) }, say("the same clients are served on the rest of the site")},
	{"server_config", 1, func(s *scene) float64 { return s.everybody() * over(s.share(fAsset), 0.02, 0.2) }, say("static files are refused as well")},
	{"server_config", 1.5, func(s *scene) float64 { return over(s.share(fSlash), 0.7, 0.95) * is(s.has[DimPath]) }, say("directories are refused, files are not")},
	stated("server_config", 6, "a missing index, file permissions or .htaccess", ingest.WhyNoIndex, ingest.WhyFilePermission, ingest.WhySymlink, ingest.WhyHtaccess, ingest.WhyServerConfig, ingest.WhyTLSRequired),
	{"server_config", 3, func(s *scene) float64 { return over(s.whyShare(ingest.WhyRule), 0.05, 0.3) * s.everybody() }, say("the server names an access rule (deny, Require)")},
	{"server_config", 5, (*scene).filesOnly, say("only files that pages are made of are refused, the pages are served")},
	{"server_config", -3, func(s *scene) float64 { return is(s.ev.origin == byTurn) * (1 - s.filesOnly()) }, say("one client alone is refused")},
	{"server_config", -3, func(s *scene) float64 { return over(s.share(fEdge), 0.3, 0.8) }, say("an edge answered before the server was asked")},
	{"server_config", -4, func(s *scene) float64 { return is(s.clientDim() || s.has[DimReferer] || s.has[DimUser]) }, say("only some clients are refused")},
	{"server_config", -3, func(s *scene) float64 { return is(s.has[DimVersion]) }, say("the part refused is an API version")},
	{"server_config", -2, func(s *scene) float64 { return over(s.userShare(), 0.7, 0.95) * (1 - over(s.share(fAsset), 0, 0.05)) }, say("signed-in users alone are refused")},
	{"server_config", -1.5, func(s *scene) float64 { return is(s.has[DimMethod]) }, say("only one method is refused")},

	stated("cdn_waf_rule", 6, "a WAF or edge rule", ingest.WhyEdgeRule, ingest.WhyEdgeChallenge, ingest.WhyModSecurity),
	{"cdn_waf_rule", 4, func(s *scene) float64 { return is(s.has[DimRule]) }, say("all refusals name the same rule")},
	{"cdn_waf_rule", 2, func(s *scene) float64 { return is(s.has[DimPath] && s.has[DimMethod]) }, say("one method on one path is refused, as a content rule does")},
	{"cdn_waf_rule", 1.5, func(s *scene) float64 { return over(s.share(fWrite), 0.7, 0.95) * is(s.ev.origin != byTurn) }, say("%s of the refused requests send data", pct(func(s *scene) float64 { return s.share(fWrite) }))},
	{"cdn_waf_rule", 1, func(s *scene) float64 { return over(s.purityGap(), 0.1, 0.4) * is(s.has[DimPath]) }, say("the same path is served to others: the content decides")},
	{"cdn_waf_rule", 1.5, (*scene).blockPage, say("one page of %d bytes answers what was sent, as a firewall's does", num((*scene).usualSize))},
	{"cdn_waf_rule", 1, func(s *scene) float64 { return over(s.share(fEdge), 0.5, 0.95) }, say("the edge answered by itself")},
	{"cdn_waf_rule", -2, func(s *scene) float64 { return over(s.share(fUp403), 0.3, 0.8) }, say("the application itself answered 403")},
	{"cdn_waf_rule", -2, func(s *scene) float64 {
		return s.everybody() * is(!s.has[DimMethod]) * (1 - over(s.share(fEdge), 0, 0.5)) * (1 - over(s.share(fWrite), 0.5, 0.9))
	}, say("everything below a path is refused, whatever it asks")},

	{"api_version", 5, func(s *scene) float64 { return is(s.has[DimVersion]) * (1 - 0.8*is(s.clientDim() || s.has[DimUser])) }, say("one API version is refused, its siblings are not")},
	{"api_version", -4, func(s *scene) float64 { return is(!s.has[DimVersion]) }, say("no single API version is concerned")},

	stated("rate_limit", 6, "a rate limit", ingest.WhyRateLimit),
	{"rate_limit", 3, func(s *scene) float64 { return over(s.limitedShare(), 0.02, 0.3) }, say("429 answers come with them")},
	{"rate_limit", 2.5, func(s *scene) float64 { return over(ratio(s.mixed, s.denied), 0.1, 0.5) }, say("the same clients are served and refused on the same paths within a minute")},
	{"rate_limit", 1.5, func(s *scene) float64 { return over(s.heaviness(), 2, 5) }, say("the refused ask more often than the served")},
	{"rate_limit", -3, func(s *scene) float64 {
		return (1 - over(ratio(s.mixed, s.denied), 0, 0.1)) * (1 - over(s.limitedShare(), 0, 0.02))
	}, say("nobody is served and refused in turn")},
	{"rate_limit", -2, func(s *scene) float64 { return is(s.has[DimCountry] || s.has[DimVersion] || s.has[DimReferer]) }, say("the refusals follow something other than the rate")},

	{"ua_rule", -2.5, func(s *scene) float64 { return is(s.has[DimAgent] || s.has[DimOS]) * (1 - over(s.purity(), 0.5, 0.9)) }, say("only %s of what that user agent asks for is refused", pct((*scene).purity))},
	{"ua_rule", -2, func(s *scene) float64 { return over(s.userShare(), 0.5, 0.9) }, say("signed-in users are concerned")},
	{"ua_rule", 4.5, func(s *scene) float64 { return is(s.has[DimAgent] || s.has[DimOS]) }, say("the refusals follow the user agent")},
	stated("ua_rule", 6, "a rule on user agents", ingest.WhyEdgeAgent),
	{"ua_rule", -4, func(s *scene) float64 { return is(!s.has[DimAgent] && !s.has[DimOS]) }, say("%d kinds of user agents are refused", num(func(s *scene) int { return s.agents }))},

	{"referer_rule", 4.5, func(s *scene) float64 { return is(s.has[DimReferer]) }, say("the refusals follow the referring site")},
	{"referer_rule", 1.5, func(s *scene) float64 { return over(s.share(fAsset), 0.5, 0.9) * is(s.has[DimReferer]) }, say("files embedded by other sites are refused")},
	stated("referer_rule", 6, "hotlink protection", ingest.WhyEdgeHotlink),
	{"referer_rule", -4, func(s *scene) float64 { return is(!s.has[DimReferer]) }, say("no single referring site is concerned")},

	{"attack_blocked", 3.5, func(s *scene) float64 { return over(-s.verdict, 0, 2) }, say("the refused clients show no sign of legitimacy")},
	{"attack_blocked", 2, func(s *scene) float64 { return over(s.share(fProbe), 0.2, 0.6) }, say("%s of the refused requests ask for what no visitor asks for", pct(func(s *scene) float64 { return s.share(fProbe) }))},
	{"attack_blocked", -5, func(s *scene) float64 { return over(s.verdict, 0, 1.5) }, say("%d of %d refused clients look legitimate", num(func(s *scene) int { return s.legit }), num(func(s *scene) int { return s.refusedCl }))},
}

// purityGap is how far the cohort is from being refused as a whole.
func (s *scene) purityGap() float64 { return 1 - s.purity() }

// misuseCause names what refused attackers were up to.
func (s *scene) misuseCause() string {
	if h := s.ev.habit; h > 0 {
		return habitList[h-1].cause
	}
	if s.ev.origin == byShare {
		return "key_sharing"
	}
	switch {
	case s.stuffed():
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
// method after method (OWASP WSTG-CONF-06) on hardly more than one place.
func (s *scene) bypassing() bool {
	_, one := s.values[axPath1].top()
	return s.ev.origin == byScan && s.values[axMethod].distinct() >= 4 && one > 0.4 && s.denied >= 20
}

const (
	temperature = 1.3
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
		top = math.Max(top, g.score)
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
