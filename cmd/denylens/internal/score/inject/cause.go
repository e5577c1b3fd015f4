package inject

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// causes say why a scope is refused, which other causes a log cannot tell from
// it, and which part of an edge does it; an empty part: the origin does.
var causes = map[string]struct {
	cause  string
	accept []string
	part   string
}{
	"everyone":    {"server_config", []string{"undetermined"}, ""},
	"country":     {"geo_block", nil, "country"},
	"network24":   {"ip_block", nil, "ipRange"},
	"network16":   {"ip_block", nil, "ipRange"},
	"asn":         {"ip_block", []string{"cdn_waf_rule"}, "asn"},
	"ua":          {"ua_rule", []string{"cdn_waf_rule"}, "uaBlock"},
	"ua_major":    {"ua_rule", []string{"cdn_waf_rule"}, "uaBlock"},
	"path":        {"server_config", nil, ""},
	"path_method": {"cdn_waf_rule", nil, "firewallManaged"},
	"host":        {"server_config", nil, ""},
	"api_version": {"api_version", nil, ""},
	"user":        {"auth_token", []string{"permissions"}, ""},
	"client":      {"ip_block", nil, "ip"},
	"referer":     {"referer_rule", []string{"cdn_waf_rule"}, "hotlink"},
	"rate":        {"rate_limit", []string{"cdn_waf_rule"}, "ratelimit"},
}

// plan chooses a cohort of the case's scope and says how it is refused.
func (c Case) plan(base *Log, onset time.Time, rng *rand.Rand) (*Plan, Candidate, bool) {
	during := base.Between(onset, onset.Add(c.Duration)).Lines
	why := causes[c.Scope]
	p := &Plan{Scope: c.Scope, Cause: why.cause, AcceptCause: why.accept, Fraction: c.Fraction, Shape: c.Shape, Onset: onset, Duration: c.Duration,
		Retries: c.Retries, Truncate: c.Truncate, Seed: c.Seed}
	scope := c.Scope
	if scope == "rate" {
		scope, p.Limit = "everyone", 8+rng.IntN(6)
	}
	cohort, ok := choose(Candidates(during, scope), scope, c.Fraction, rng)
	if !ok {
		return nil, cohort, false
	}
	p.Cohort = cohort.Terms
	p.Answer = answer(base, c.Scope, why.part, rng)
	return p, cohort, true
}

// describe fills in what else would be a right answer.
func (p *Plan) describe(base *Log) {
	p.Accept = Same(base.Between(p.Onset, p.Onset.Add(p.Duration)).Lines, p.Cohort)
	if p.Scope == "path_method" {
		p.Accept = append(p.Accept, p.Cohort[:1])
	}
	if p.Scope == "client" {
		p.AcceptCause = append(p.AcceptCause, "auth_token", "permissions")
	}
	p.AcceptCause = append(p.AcceptCause, alike(p)...)
	if e := p.Answer.Edge; e != nil && e.Rule != "" {
		rule := Term{"rule", e.Rule}
		p.Accept = append(p.Accept, []Term{rule}, append(slices.Clone(p.Cohort), rule))
	}
	if p.Scope == "everyone" && p.Fraction < 1 { // whatever it is that refuses every other client everything
		p.AcceptCause = append(p.AcceptCause, "ip_block", "cdn_waf_rule", "rate_limit")
	}
	if p.Scope == "path_method" && p.Answer.Edge == nil { // nothing in the log tells a rule of a firewall from one of the server
		p.AcceptCause = append(p.AcceptCause, "server_config", "permissions", "referer_rule")
	}
}

// byDim are the causes of a refusal of whatever has one value of a dimension.
var byDim = map[string]string{"country": "geo_block", "network": "ip_block", "ip": "ip_block", "asn": "ip_block", "ua": "ua_rule", "path": "server_config",
	"host": "server_config", "referer": "referer_rule", "user": "auth_token", "api_version": "api_version"}

// alike lists the causes that the other descriptions of the cohort have: if all
// requests of a network are those of one crawler, a rule against the one cannot
// be told from a rule against the other.
func alike(p *Plan) (out []string) {
	for _, c := range append([][]Term{p.Cohort}, p.Accept...) {
		for _, t := range c {
			if (t.Dim == "path" && strings.HasPrefix(t.Value, "/api") || t.Dim == "host" && strings.HasPrefix(t.Value, "api.")) && len(c) == 1 {
				out = append(out, "auth_token") // what everybody is refused who comes with a key may be the keys' fault
			}
			if cause := byDim[t.Dim]; len(c) == 1 && cause != p.Cause {
				out = append(out, cause)
			}
		}
	}
	return out
}

// choose takes a cohort that has enough clients if there is one, else one of the
// largest. Everybody must not be in it, for a refusal of everybody is another
// case.
func choose(list []Candidate, scope string, fraction float64, rng *rand.Rand) (Candidate, bool) {
	wanted := int(10 / fraction)
	if scope == "client" || scope == "user" {
		return chooseSingle(list, rng)
	}
	var fit []Candidate
	for _, c := range list {
		if scope != "everyone" && c.Shared > .85 || c.Clients < 3 {
			continue
		}
		if c.Clients >= wanted || len(fit) < 1 {
			fit = append(fit, c)
		}
	}
	if len(fit) == 0 {
		return Candidate{}, false
	}
	return fit[rng.IntN(min(len(fit), 12))], true
}

// chooseSingle takes one of those who ask most, as far as they are served.
func chooseSingle(list []Candidate, rng *rand.Rand) (Candidate, bool) {
	var fit []Candidate
	for _, c := range list {
		if c.Lines >= 20 && c.Clients > 0 {
			fit = append(fit, c)
		}
	}
	if len(fit) == 0 {
		return Candidate{}, false
	}
	return fit[rng.IntN(len(fit))], true
}

// answer is the refusal as its cause would write it: a small constant page of
// the server or of the edge, or the site's own page for what is forbidden.
func answer(base *Log, scope, part string, rng *rand.Rand) Answer {
	a := Answer{Status: 403, Bytes: oneOf(rng, []int64{146, 153, 162, 162, 548})}
	if part == "" {
		a.Bytes = ownPage(base)
		if scope == "api_version" || scope == "user" {
			a.Bytes, a.App = 40+int64(rng.IntN(60)), true
		}
		return a
	}
	rule := fmt.Sprintf("%016x%016x", rng.Uint64(), rng.Uint64())
	if part == "hotlink" {
		rule = ""
	}
	if base.Format == "cloudflare" {
		a.Bytes = 4547
		a.Edge = &Edge{part, rule, strings.ToUpper(part[:1]) + part[1:] + " rule"}
	}
	return a
}

// ownPage is the commonest size of the site's own refusals.
func ownPage(base *Log) int64 {
	counts := map[int64]int{}
	best := int64(199) // of an unconfigured Apache
	for i := range base.Lines {
		if l := &base.Lines[i]; l.Status == 403 {
			counts[l.Bytes]++
			if n := counts[l.Bytes]; n > counts[best] || n == counts[best] && l.Bytes < best {
				best = l.Bytes
			}
		}
	}
	return best
}
