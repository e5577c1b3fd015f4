package detect

import "github.com/denylens/denylens/ingest"

// reasons are those that a log may state itself, by the cause they mean.
var reasons = []struct {
	cause, text string
	whys        []ingest.Why
}{
	{"permissions", "authenticated but not authorised", []ingest.Why{ingest.WhyAuthz}},
	{"ip_block", "a rule on addresses or networks", []ingest.Why{ingest.WhyEdgeIP, ingest.WhyEdgeASN, ingest.WhyAddress}},
	{"geo_block", "a rule on countries", []ingest.Why{ingest.WhyEdgeCountry}},
	{"auth_token", "failed authentication or a bad certificate", []ingest.Why{ingest.WhyAuthFailed, ingest.WhyClientCert}},
	{"server_config", "a missing index, file permissions or .htaccess", []ingest.Why{ingest.WhyNoIndex, ingest.WhyFilePermission, ingest.WhySymlink, ingest.WhyHtaccess, ingest.WhyServerConfig, ingest.WhyTLSRequired}},
	{"cdn_waf_rule", "a WAF or edge rule", edgeWords},
	{"rate_limit", "a rate limit", []ingest.Why{ingest.WhyRateLimit}},
	{"ua_rule", "a rule on user agents", []ingest.Why{ingest.WhyEdgeAgent}},
	{"referer_rule", "hotlink protection", []ingest.Why{ingest.WhyEdgeHotlink}},
	{"api_version", "", nil},
}

var edgeWords = []ingest.Why{ingest.WhyEdgeRule, ingest.WhyEdgeChallenge, ingest.WhyModSecurity}

// causes is all evidence: what the log states, then the table.
var causes = append(stated(), table...)

// table is what else speaks for and against each cause. One line per fact; a
// missing field makes a fact not hold, never its opposite.
var table = []evidence{
	{"permissions", 2.5, func(s *scene) float64 {
		return over(s.userShare(), 0.5, 0.9) * is(s.has[DimPath] && !s.clientDim() && !s.has[DimVersion])
	}, say("%s of the refusals hit signed-in users, on one part of the site", pct((*scene).userShare))},
	{"permissions", 1.5, func(s *scene) float64 { return over(s.userShare(), 0.5, 0.9) * over(s.elsewhere, 0.3, 0.7) },
		say("%s of the refused clients are served elsewhere meanwhile", pct(func(s *scene) float64 { return s.elsewhere }))},
	{"permissions", 1.5, func(s *scene) float64 { return s.steady() * is(s.has[DimPath]) }, say("some are refused always, others never: who asks decides")},
	{"permissions", 1, func(s *scene) float64 { return over(s.share(fUp403), 0.3, 0.8) }, say("the application itself answered 403")},
	{"permissions", -3, func(s *scene) float64 { return over(s.share(fUnasked), 0.5, 0.9) }, say("the application was not asked")},
	{"permissions", -3, func(s *scene) float64 { return over(ratio(s.noUser, s.denied), 0.3, 0.7) * over(s.user, 0, 1) }, say("clients without a user name are refused as well")},
	{"permissions", -1.5, func(s *scene) float64 {
		return over(ratio(s.noUser, s.denied), 0.3, 0.7) * (1 - over(s.user, 0, 1)) * (1 - s.steady())
	}, say("no refused client has a user name")},
	{"permissions", -2, func(s *scene) float64 { return over(s.relogged, 0.1, 0.4) }, say("signing in again helps")},
	{"permissions", -2, func(s *scene) float64 { return over(s.cured, 0.1, 0.4) }, say("%s of the refused are served there again", pct(func(s *scene) float64 { return s.cured }))},
	{"permissions", -3, func(s *scene) float64 { return is(s.clientDim() || s.has[DimReferer]) }, say("the refusals follow where clients come from or what they run")},
	{"permissions", -3, (*scene).open, say("strangers are served there meanwhile: no right is needed")},
	{"permissions", -1.5, (*scene).page, say("a whole page answers, as applications seldom do")},

	{"ip_block", 3.5, (*scene).network, say("the refused clients share a network")},
	{"ip_block", 3.5, func(s *scene) float64 {
		return is(s.ev.origin == byTurn) * over(float64(s.prefixes), 1, 3) * (1 - over(s.elsewhere, 0, 0.2))
	}, say("one client alone is refused, on %d different parts of the site", num(func(s *scene) int { return s.prefixes }))},
	{"ip_block", 1.5, func(s *scene) float64 { return s.network() * over(float64(s.prefixes), 1, 4) },
		say("%d different parts of the site are refused to them", num(func(s *scene) int { return s.prefixes }))},
	{"ip_block", 1, func(s *scene) float64 { return s.network() * (1 - over(s.elsewhere, 0, 0.2)) }, say("the refused clients are served nothing else")},
	custom("ip_block", (*scene).network),
	{"ip_block", 6, func(s *scene) float64 { return over(s.whyShare(ingest.WhyRule), 0.05, 0.3) * s.network() }, say("the server names an access rule (deny, Require)")},
	{"ip_block", -3.5, func(s *scene) float64 { return is(s.ev.origin != byTurn) * (1 - s.network()) }, say("the refused clients come from %d networks", num(func(s *scene) int { return s.networks }))},

	{"geo_block", 4.5, func(s *scene) float64 { return is(s.has[DimCountry]) }, say("the refusals follow the clients' country")},
	{"geo_block", 1, func(s *scene) float64 { return is(s.has[DimCountry]) * over(float64(s.networks), 2, 5) }, say("%d networks of that country are refused", num(func(s *scene) int { return s.networks }))},
	{"geo_block", 1, func(s *scene) float64 { return is(s.has[DimCountry]) * (1 - over(s.outside(), 0.02, 0.2)) }, say("everybody else: %s refused", pct((*scene).outside))},
	custom("geo_block", (*scene).fewCountries),
	{"geo_block", 6, func(s *scene) float64 { return over(s.whyShare(ingest.WhyRule), 0.05, 0.3) * is(s.has[DimCountry]) }, say("the server names an access rule (deny, Require)")},
	{"geo_block", -4, func(s *scene) float64 { return 1 - s.fewCountries() }, say("the refused clients come from %d countries", num(func(s *scene) int { return s.countries }))},
	{"geo_block", -4, func(s *scene) float64 { return is(s.has[DimCountry]) * s.network() }, say("all of them are in one network")},

	{"auth_token", 2, func(s *scene) float64 {
		return over(s.userShare(), 0.3, 0.8) * is(!s.has[DimCountry] && !s.has[DimNetwork] && (!s.has[DimVersion] || s.has[DimAgent]))
	}, say("%s of the refusals carry a user or key", pct((*scene).userShare))},
	{"auth_token", 2.5, func(s *scene) float64 { return over(s.authRise(), 0.02, 0.2) }, say("401 answers rise with the refusals")},
	{"auth_token", 3, func(s *scene) float64 { return over(s.relogged, 0.05, 0.3) }, say("%s of the refused clients were served again after they signed in or got a token", pct(func(s *scene) float64 { return s.relogged }))},
	{"auth_token", 1.5, func(s *scene) float64 { return over(s.late, 0.1, 0.4) * most(s.userShare(), s.relogged) }, say("each is refused from a time of its own")},
	{"auth_token", 3, func(s *scene) float64 { return is(s.ev.origin == byTurn && s.prefixes <= 2) }, say("one client alone is refused where it was served before, as when a session or token ends")},
	{"auth_token", -5, (*scene).filesOnly, say("only files are refused, as no sign-in does")},
	{"auth_token", 1.5, func(s *scene) float64 { return is(s.has[DimUser]) }, say("one user or key is refused")},
	{"auth_token", 1, func(s *scene) float64 { return over(s.share(fUp403), 0.3, 0.8) }, say("the application itself answered 403")},
	{"auth_token", -2.5, func(s *scene) float64 { return over(s.share(fUnasked), 0.5, 0.9) }, say("the application was not asked")},
	{"auth_token", -3, func(s *scene) float64 {
		return is(s.ev.origin != byTurn) * is(s.why[ingest.WhyAuthFailed]+s.why[ingest.WhyClientCert] == 0) * (1 - over(s.userShare(), 0, 0.2)) * (1 - over(s.authRise(), 0, 0.02)) * (1 - over(s.relogged, 0, 0.05))
	}, say("no user names, no 401, no new sign-in")},
	{"auth_token", -2, func(s *scene) float64 { return over(s.cured-s.relogged, 0.2, 0.5) }, say("they are served again without having signed in")},
	{"auth_token", -3, func(s *scene) float64 {
		return is(s.has[DimCountry] || s.has[DimNetwork] || s.has[DimVersion] && !s.has[DimAgent] || s.has[DimReferer])
	}, say("the refusals follow something other than who signs in")},

	{"server_config", 3, (*scene).everybody, say("everybody is refused there: %s of its clients' requests", pct((*scene).purity))},
	{"server_config", 1, func(s *scene) float64 { return s.everybody() * over(s.elsewhere, 0.1, 0.5) }, say("the same clients are served on the rest of the site")},
	{"server_config", 1, func(s *scene) float64 { return s.everybody() * over(s.share(fAsset), 0.02, 0.2) }, say("static files are refused as well")},
	{"server_config", 5, func(s *scene) float64 {
		return s.slashOnly() * (1 - is(s.clientDim() || s.has[DimReferer] || s.has[DimUser]))
	}, say("directories are refused, files are not")},
	{"server_config", 6, func(s *scene) float64 { return over(s.whyShare(ingest.WhyRule), 0.05, 0.3) * s.everybody() }, say("the server names an access rule (deny, Require)")},
	{"server_config", 5, func(s *scene) float64 { return s.filesOnly() * is(!s.clientDim() && !s.has[DimReferer]) }, say("only files that pages are made of are refused, the pages are served")},
	{"server_config", -3, func(s *scene) float64 { return is(s.ev.origin == byTurn) * (1 - s.filesOnly()) }, say("one client alone is refused")},
	{"server_config", -3, func(s *scene) float64 { return over(s.share(fEdge), 0.3, 0.8) }, say("an edge answered before the server was asked")},
	{"server_config", -4, func(s *scene) float64 { return is(s.clientDim() || s.has[DimReferer] || s.has[DimUser]) }, say("only some clients are refused")},
	{"server_config", -3, func(s *scene) float64 { return s.steady() * (1 - s.filesOnly()) * (1 - s.slashOnly()) * (1 - s.open()) }, say("only some clients are refused")},
	{"server_config", 2, func(s *scene) float64 {
		return s.open() * (1 - s.everybody()) * (1 - s.content()) * is(s.ev.limited == 0)
	}, say("some are refused what strangers are served meanwhile, as when one of several servers differs")},
	{"server_config", -3, func(s *scene) float64 { return is(s.has[DimVersion]) }, say("the part refused is an API version")},
	{"server_config", -2, func(s *scene) float64 { return over(s.userShare(), 0.7, 0.95) * (1 - over(s.share(fAsset), 0, 0.05)) }, say("signed-in users alone are refused")},
	{"server_config", -1.5, func(s *scene) float64 { return is(s.has[DimMethod]) }, say("only one method is refused")},

	custom("cdn_waf_rule", func(s *scene) float64 { return 1 - most(s.narrow(), s.fewCountries(), s.mute()) }),
	{"cdn_waf_rule", 4, func(s *scene) float64 {
		return is(s.has[DimRule]) * (1 - s.word(edgeWords))
	}, say("all refusals name the same rule")},
	{"cdn_waf_rule", 2, func(s *scene) float64 { return is((s.has[DimPath] || s.has[DimVersion]) && s.has[DimMethod]) }, say("one method on one path is refused, as a content rule does")},
	{"cdn_waf_rule", 1.5, func(s *scene) float64 { return s.content() * is(s.ev.origin != byTurn) }, say("the refused requests send data or a query that a rule can look into")},
	{"cdn_waf_rule", 1, func(s *scene) float64 { return over(s.purityGap(), 0.1, 0.4) * is(s.has[DimPath]) }, say("the same path is served to others: the content decides")},
	{"cdn_waf_rule", 1, func(s *scene) float64 { return s.byTurns() * s.content() }, say("the same clients are served and refused there: what they send decides")},
	{"cdn_waf_rule", 1.5, func(s *scene) float64 { return s.page() * s.content() }, say("one page of %d bytes answers what was sent, as a firewall's does", num((*scene).usualSize))},
	{"cdn_waf_rule", 1, func(s *scene) float64 { return over(s.share(fEdge), 0.5, 0.95) }, say("the edge answered by itself")},
	{"cdn_waf_rule", -4, func(s *scene) float64 { return over(s.share(fUp403), 0.3, 0.8) }, say("the application itself answered 403")},
	{"cdn_waf_rule", -1.5, func(s *scene) float64 { return 1 - s.content() }, say("the refused requests carry little that a rule could look into")},
	{"cdn_waf_rule", -2, func(s *scene) float64 {
		return s.everybody() * is(!s.has[DimMethod]) * (1 - over(s.share(fEdge), 0, 0.5)) * (1 - s.content())
	}, say("everything below a path is refused, whatever it asks")},

	{"api_version", 5, func(s *scene) float64 {
		return is(s.has[DimVersion]) * (1 - 0.8*is(s.clientDim() || s.has[DimUser] || s.has[DimMethod]))
	}, say("one API version is refused, its siblings are not")},
	{"api_version", -4, func(s *scene) float64 { return is(!s.has[DimVersion]) }, say("no single API version is concerned")},

	{"rate_limit", 3, func(s *scene) float64 { return over(s.limitedShare(), 0.02, 0.3) }, say("429 answers come with them")},
	{"rate_limit", 4, func(s *scene) float64 { return is(s.ev.limited > 0) }, say("on the same paths, who asks little is spared")},
	{"rate_limit", 2, (*scene).inTurn, say("the same clients are served and refused within a minute")},
	{"rate_limit", 1.5, (*scene).byTurns, say("the same clients are served and refused in turn")},
	{"rate_limit", 2.5, func(s *scene) float64 { return over(s.heaviness(), 1.5, 2.5) }, say("who asks often is refused: in such a minute %.1f times as much as usual", func(s *scene) any { return s.heaviness() })},
	{"rate_limit", -3, func(s *scene) float64 {
		return (1 - s.inTurn()) * (1 - over(s.limitedShare(), 0, 0.02)) * (1 - s.byTurns())
	}, say("nobody is served and refused in turn")},
	{"rate_limit", -1.5, func(s *scene) float64 {
		return (1 - over(s.heaviness(), 0.9, 1.3)) * (1 - over(s.limitedShare(), 0, 0.02))
	}, say("the refused ask no more often than others")},
	{"rate_limit", -2.5, func(s *scene) float64 { return over(s.relogged, 0.1, 0.4) }, say("signing in again helps")},
	{"rate_limit", -2, func(s *scene) float64 { return is(s.has[DimCountry] || s.has[DimVersion] || s.has[DimReferer]) }, say("the refusals follow something other than the rate")},

	{"ua_rule", -2.5, func(s *scene) float64 { return is(s.has[DimAgent] || s.has[DimOS]) * (1 - over(s.purity(), 0.5, 0.9)) }, say("only %s of what that user agent asks for is refused", pct((*scene).purity))},
	{"ua_rule", -2, func(s *scene) float64 { return over(s.userShare(), 0.5, 0.9) }, say("signed-in users are concerned")},
	{"ua_rule", 4.5, func(s *scene) float64 { return is(s.has[DimAgent] || s.has[DimOS]) }, say("the refusals follow the user agent")},
	custom("ua_rule", func(s *scene) float64 { return is(s.has[DimAgent] || s.has[DimOS]) }),
	{"ua_rule", -4, func(s *scene) float64 { return is(!s.has[DimAgent] && !s.has[DimOS]) }, say("%d kinds of user agents are refused", num(func(s *scene) int { return s.agents }))},

	{"referer_rule", 4.5, func(s *scene) float64 { return is(s.has[DimReferer]) }, say("the refusals follow the referring site")},
	{"referer_rule", 6, func(s *scene) float64 { return is(!s.has[DimReferer]) * s.mute() }, say("the refused name no page that they come from, the served there do")},
	{"referer_rule", 1.5, func(s *scene) float64 { return over(s.share(fAsset), 0.5, 0.9) * is(s.has[DimReferer]) }, say("files embedded by other sites are refused")},
	custom("referer_rule", func(s *scene) float64 { return most(is(s.has[DimReferer]), s.mute()) }),
	{"referer_rule", -4, func(s *scene) float64 { return is(!s.has[DimReferer]) * (1 - s.mute()) }, say("no single referring site is concerned")},

	{"attack_blocked", 3.5, func(s *scene) float64 { return over(-s.verdict, 0, 2) }, say("the refused clients show no sign of legitimacy")},
	{"attack_blocked", 2, func(s *scene) float64 { return over(s.share(fProbe), 0.2, 0.6) }, say("%s of the refused requests ask for what no visitor asks for", pct(func(s *scene) float64 { return s.share(fProbe) }))},
	{"attack_blocked", -5, func(s *scene) float64 { return over(s.verdict, 0, 1.5) }, say("%d of %d refused clients look legitimate", num(func(s *scene) int { return s.legit }), num(func(s *scene) int { return s.refusedCl }))},
}
