package detect

import "github.com/denylens/denylens/ingest"

// guide collects the next steps of an incident.
type guide struct {
	*target
	s    *scene
	edge bool   // an edge refused; its rules are to be looked at, not the server's files
	rule string // the rule that nearly all refusals name, "" = none
	door string // where clients signed in, "" = nowhere seen
	out  []Step
}

func (g *guide) add(text, command string) { g.out = append(g.out, Step{text, command}) }

// steps lists what to do next for an incident's cause, with commands to paste.
// Everything that comes from the log is quoted for the shell.
func (e *Engine) steps(inc *Incident, s *scene) []Step {
	t := e.target(inc, s)
	g := &guide{target: &t, s: s, rule: e.rule(s), out: []Step{}}
	g.edge = s.share(fEdge) > 0.3 || s.whyShare(ingest.WhyEdgeCustom, ingest.WhyEdgeIP, ingest.WhyEdgeASN, ingest.WhyEdgeCountry, ingest.WhyEdgeAgent,
		ingest.WhyEdgeHotlink, ingest.WhyEdgeRule, ingest.WhyEdgeChallenge) > 0.3
	if v, _ := s.doors.top(); v != 0 {
		g.door = e.syms.text(uint32(v))
	}
	if inc.Kind != Misuse {
		g.add("Reproduce it", t.curl())
	}
	own := ownSteps[s.server()]
	if f := own[inc.Cause.ID]; f != nil {
		f(g)
	} else if f := stepsOf[inc.Cause.ID]; f != nil {
		f(g)
	} else if f := own["undetermined"]; f != nil {
		f(g)
	} else {
		g.add("See who is refused and what the server's error log says at that time", "grep -n ' 403 ' access.log | tail -50")
	}
	e.tell(g)
	return g.out
}

// stepsOf has the steps of each cause, the likeliest place first.
var stepsOf = map[string]func(*guide){
	"permissions": (*guide).permissions, "ip_block": (*guide).ipBlock, "auth_token": (*guide).authToken, "server_config": (*guide).serverConfig,
	"geo_block": (*guide).geoBlock, "cdn_waf_rule": (*guide).wafRule, "api_version": (*guide).apiVersion, "rate_limit": (*guide).rateLimit,
	"ua_rule": (*guide).uaRule, "referer_rule": (*guide).refererRule, "key_sharing": (*guide).keySharing,
	"scan": (*guide).rightly, "attack_blocked": (*guide).rightly, "fake_crawler": (*guide).rightly, "credential_stuffing": (*guide).rightly,
	"brute_force": (*guide).rightly, "enumeration": (*guide).rightly, "flood": (*guide).rightly, "scraping": (*guide).rightly, "bypass_probe": (*guide).rightly,
}

// config looks for a pattern in the configuration of the usual servers.
func config(pattern string) string {
	return "grep -rnE " + shellQuote(pattern) + " /etc/nginx /etc/apache2"
}

func (g *guide) permissions() {
	g.add("Ask as a user who is served, then as one who is refused: the difference is a role or a right", g.curl(`-u "$USER_SERVED"`))
	g.add("List the users refused there, to compare their roles; see what changed in the roles or rights of "+g.where()+" at the start", "grep -F "+shellQuote(g.folder())+" access.log | grep -F ' 403 ' | awk '{print $3}' | sort | uniq -c | sort -rn | head")
	g.add("If the server itself decides who may", config("auth_request|satisfy|Require (user|group|valid-user|ldap|expr)"))
}

func (g *guide) ipBlock() {
	net := g.get("network", "ip", "asn")
	if !g.edge && net == "" {
		g.add("Look for addresses in the server's deny lists", config("^ *deny |Require not ip|Deny from"))
	} else if !g.edge {
		g.add("Look for the address or network in the server's and the firewall's deny lists", config(regexpQuote(net)+"|^ *deny |Require not ip|Deny from")+"; nft list ruleset | grep -nF "+shellQuote(net))
		g.add("Look for a ban by a program that watches logs", "fail2ban-client banned | grep -F "+shellQuote(net)+"; csf -g "+shellQuote(net))
	}
	g.cloudflare("Security > WAF > Tools lists IP access rules and zone lockdowns; an exception is a custom rule, action Skip, with this expression")
}

func (g *guide) authToken() {
	door := g.door
	if door == "" {
		door = "/oauth/token"
	}
	g.add("Ask the token endpoint for a fresh token ...", `curl -sS -X POST -d grant_type=refresh_token --data-urlencode "refresh_token=$REFRESH_TOKEN" `+shellQuote("https://"+g.host+door))
	g.add("... and try again with it: if it is served, the old one has expired or its key was changed at the time of the start", g.curl(`--oauth2-bearer "$TOKEN"`))
	if g.s.whyShare(ingest.WhyClientCert) > 0.3 {
		g.add("See until when the client's certificate is valid", "openssl x509 -in client.pem -noout -enddate -issuer")
	}
}

func (g *guide) serverConfig() {
	start := shellQuote(g.inc.Start.Format("2006-01-02 15:04"))
	g.add("Find the rule: what was changed in the configuration since shortly before the start", config("deny |return 403|Require |Order |autoindex|index |internal;")+"; find /etc/nginx /etc/apache2 /var/www -newermt "+start+" \\( -name '*.conf' -o -name .htaccess \\)")
	g.add("See whether the server may read the files, and the folders above them", "namei -l "+shellQuote("/var/www/html"+g.folder()))
	if g.s.share(fSlash) > 0.7 {
		g.add("Directories are refused: is the index file there, and named by index or DirectoryIndex?", "find "+shellQuote("/var/www/html"+g.folder())+" -maxdepth 1 -name 'index.*'")
	}
	g.add("See the server's own word", "grep -nE 'forbidden|denied|AH0(0035|0132|0529|1276|1630|1797)' /var/log/nginx/error.log /var/log/apache2/error.log | tail")
}

func (g *guide) geoBlock() {
	if !g.edge {
		g.add("Look for a rule on countries", config("geoip|GeoIP|country|MM_COUNTRY"))
	}
	g.cloudflare("Security > WAF > Custom rules, and Tools for access rules by country: look for one with this expression")
}

func (g *guide) wafRule() {
	if !g.edge {
		g.add("Find the rule in the WAF's log", "grep -nE 'ModSecurity: Access denied' /var/log/nginx/error.log /var/log/apache2/error.log | tail")
		if r := oneLine(g.rule); r != "" {
			g.add("ModSecurity: an exclusion for this path", "SecRule REQUEST_URI \"@beginsWith "+g.folder()+"\" \"id:10001,phase:1,pass,nolog,ctl:ruleRemoveById="+r+"\"")
		}
	}
	if r := oneLine(g.rule); r != "" && g.edge {
		g.add("Cloudflare: Security > Events, filter on this rule", "RuleID eq "+r)
	}
	if x := g.expression(); x != "" {
		g.add("Cloudflare: Security > Events, filter on this; then a custom rule, action Skip, with the same expression", x)
	} else {
		g.add("Cloudflare: Security > Events shows which rule it was", "")
	}
}

func (g *guide) apiVersion() {
	v := g.get("api_version")
	g.add("Tell the clients that still use "+v+", or serve it again; who they are is in the log", "grep -F "+shellQuote("/"+v+"/")+" access.log | grep -F ' 403 ' | awk '{print $1, $3}' | sort | uniq -c | sort -rn | head")
	g.add("Find where it is refused", config("/"+regexpQuote(v)+"(/|[^0-9]|$)"))
}

func (g *guide) rateLimit() {
	if !g.edge {
		g.add("Compare the limit with what these clients need", config("limit_req|limit_conn|mod_evasive|DOSPageCount|SecAction.*ip\\.")+"; grep -n 'limiting ' /var/log/nginx/error.log | tail")
	}
	g.add("See how often the refused ask in a minute", "grep -F "+shellQuote(g.folder())+" access.log | awk '{print $1, substr($4, 2, 17)}' | sort | uniq -c | sort -rn | head")
	g.cloudflare("Security > WAF > Rate limiting rules: look for one that covers this expression")
}

func (g *guide) uaRule() {
	if !g.edge {
		g.add("Look for a rule on user agents", config("http_user_agent|BrowserMatch|HTTP_USER_AGENT"))
	}
	plain := *g.target
	plain.agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
	g.add("Ask the same as another user agent: it should be served", plain.curl())
	g.cloudflare("Security > WAF > Tools > User agent blocking, and Custom rules: look for this expression")
}

func (g *guide) refererRule() {
	if !g.edge {
		g.add("Look for hotlink protection or a check of the origin, and add the referring site to it", config("valid_referers|HTTP_REFERER|http_referer|http_origin"))
	}
	own := *g.target
	own.referer = "https://" + g.host + "/"
	g.add("Ask the same as if a page of the site led there: it should be served", own.curl())
	g.cloudflare("Scrape Shield > Hotlink protection, and Custom rules: look for this expression")
}

func (g *guide) keySharing() {
	g.add("Ask the owner whether these places are theirs; if not, revoke the key or close the sessions", g.served())
}

func (g *guide) rightly() {
	if g.inc.Impact.Denied > 0 {
		g.add("The refusals are right. See what was served to these clients, if anything", g.served())
	} else {
		g.add("See what was served to these clients, if anything", g.served())
	}
}

// cloudflare adds a step that ends in the cohort as an expression, unless
// another's edge is known to be asked.
func (g *guide) cloudflare(text string) {
	if x := g.expression(); x != "" && g.server == ingest.ServerUnknown {
		g.add("Cloudflare: "+text, x)
	}
}

// rule is the rule that nearly all refusals name, "" = none.
func (e *Engine) rule(s *scene) string {
	if v, share := s.values[axRule].top(); v != 0 && share > 0.5 {
		return e.syms.text(uint32(v))
	}
	return ""
}
