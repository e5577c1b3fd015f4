package detect

import (
	"fmt"
	"strings"
	"unicode"
)

// steps lists what to do next for an incident's cause, with commands to paste.
// Everything that comes from the log is quoted for the shell.
func (e *Engine) steps(inc *Incident, s *scene) []Step {
	t := e.target(inc, s)
	out := []Step{}
	add := func(text, command string) { out = append(out, Step{text, command}) }
	if inc.Kind != Misuse {
		add("Reproduce it", t.curl())
	}
	switch inc.Cause.ID {
	case "permissions":
		add("See what changed in the roles or rights of "+t.where()+"; compare a refused user with one who is served", "")
	case "ip_block":
		add("Look for the network in the server's and firewall's deny lists", "grep -rnE "+shellQuote(regexpQuote(t.get("network", "asn"))+`|deny|Require not ip`)+" /etc/nginx /etc/apache2; nft list ruleset | grep -n "+shellQuote(t.get("network", "asn")))
		add("Cloudflare: Security > WAF > Tools lists IP access rules; an exception is a custom rule, action Skip, with this expression", t.expression())
	case "auth_token":
		add("Ask the token endpoint for a fresh token and try again with it; check expiry and key rotation at the time of the start", t.curl(`--oauth2-bearer "$TOKEN"`))
	case "server_config":
		add("Find the rule: what changed in the configuration at the time of the start", "grep -rnE 'deny |Require |Order |autoindex|index ' /etc/nginx /etc/apache2; find /var/www -name .htaccess -newermt "+shellQuote(inc.Start.Format("2006-01-02 15:04")))
		add("See the server's own word", "grep -nE 'forbidden|denied' /var/log/nginx/error.log /var/log/apache2/error.log | tail")
	case "geo_block":
		add("Look for a rule on countries", "grep -rnE 'geoip|GeoIP|country' /etc/nginx /etc/apache2")
		add("Cloudflare: Security > WAF > Custom rules: look for one with this expression", t.expression())
	case "cdn_waf_rule":
		add("Find the rule in the WAF's log and exclude this path from it", "grep -nE 'ModSecurity: Access denied' /var/log/nginx/error.log /var/log/apache2/error.log | tail")
		if r := oneLine(e.rule(s)); r != "" {
			add("ModSecurity: an exclusion for this path", "SecRule REQUEST_URI \"@beginsWith "+oneLine(t.path)+"\" \"id:10001,phase:1,pass,nolog,ctl:ruleRemoveById="+r+"\"")
		}
		if x := t.expression(); x != "" {
			add("Cloudflare: Security > Events, filter on this; then a custom rule, action Skip, with the same expression", x)
		} else {
			add("Cloudflare: Security > Events shows which rule it was", "")
		}
	case "api_version":
		add("Tell the clients that still use "+t.get("api_version")+", or serve it again; who they are is in the log", "grep -F "+shellQuote("/"+t.get("api_version")+"/")+" access.log | awk '{print $1}' | sort | uniq -c | sort -rn | head")
	case "rate_limit":
		add("Compare the limit with what these clients need", "grep -rnE 'limit_req|limit_conn' /etc/nginx; grep -n 'limiting requests' /var/log/nginx/error.log | tail")
	case "ua_rule":
		add("Look for a rule on user agents", "grep -rnE 'http_user_agent|BrowserMatch|HTTP_USER_AGENT' /etc/nginx /etc/apache2")
	case "referer_rule":
		add("Look for hotlink protection and add the referring site to it", "grep -rnE 'valid_referers|HTTP_REFERER' /etc/nginx /etc/apache2")
	case "key_sharing":
		add("Ask the owner whether these places are theirs; if not, revoke the key or close the sessions", t.served())
	case "scan", "attack_blocked", "fake_crawler", "credential_stuffing", "brute_force", "enumeration", "flood", "scraping":
		if inc.Impact.Denied > 0 {
			add("The refusals are right. See what was served to these clients, if anything", t.served())
		} else {
			add("See what was served to these clients, if anything", t.served())
		}
	default:
		add("See who is refused and what the server's error log says at that time", "grep -n ' 403 ' access.log | tail -50")
	}
	return out
}

// target is where an incident can be tried.
type target struct {
	inc               *Incident
	host, path, agent string
	method            string
}

func (e *Engine) target(inc *Incident, s *scene) target {
	t := target{inc: inc, host: "SITE", path: "/"}
	top := func(a int) string {
		if v, _ := s.values[a].top(); v != 0 {
			return e.syms.text(uint32(v))
		}
		return ""
	}
	for a := axPath3; a >= axPath1; a-- {
		if p := top(a); p != "" {
			t.path = strings.ReplaceAll(p, "{n}", "1")
			break
		}
	}
	if h := top(axHost); h != "" {
		t.host = h
	}
	t.method = top(axMethod)
	if s.has[DimAgent] {
		t.agent = t.get("ua")
	}
	return t
}

// get is the value of the first of the dimensions that the cohort names.
func (t *target) get(dims ...string) string {
	for _, d := range dims {
		for _, term := range t.inc.Cohort {
			if term.Dim == d {
				return oneLine(term.Value)
			}
		}
	}
	return ""
}

func (t *target) where() string {
	if p := t.get("path"); p != "" {
		return p
	}
	return "the application"
}

func (t *target) curl(extra ...string) string {
	var b strings.Builder
	b.WriteString("curl -sS -o /dev/null -w '%{http_code}\\n'")
	if t.method != "" && t.method != "GET" {
		b.WriteString(" -X " + shellQuote(t.method))
	}
	if t.agent != "" {
		b.WriteString(" -A " + shellQuote(t.agent))
	}
	if r := t.get("referer"); r != "" {
		b.WriteString(" -e " + shellQuote("https://"+r+"/"))
	}
	for _, x := range extra {
		b.WriteString(" " + x)
	}
	b.WriteString(" " + shellQuote("https://"+t.host+t.path))
	return b.String()
}

func (t *target) served() string {
	if user := t.get("user"); user != "" {
		return "grep -F " + shellQuote(" "+user+" [") + " access.log | awk '{print $1}' | sort | uniq -c | sort -rn | head"
	}
	if ip := t.get("ip"); ip != "" {
		return fmt.Sprintf("grep -F %s access.log | grep -E '\" 2[0-9][0-9] ' | head", shellQuote(ip+" "))
	}
	return "grep -E '\" 2[0-9][0-9] ' access.log | grep -F " + shellQuote(t.path) + " | head"
}

// oneLine takes away what could break a line or a quoted string.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unseen(r) || r == '"' || r == '\'' || r == '\\' || r == '`' || r == '$' {
			return -1
		}
		return r
	}, s)
}

// unseen tells whether a character has no place in a command: controls,
// separators of lines, marks that turn the direction of text.
func unseen(r rune) bool { return r == 0xfffd || !unicode.IsPrint(r) }

// fields are the names of dimensions in Cloudflare's rules language
// (developers.cloudflare.com/ruleset-engine/rules-language/fields).
var fields = map[string]string{
	"country": `ip.src.country eq "%s"`, "asn": "ip.src.asnum eq %s", "network": "ip.src in {%s}", "ip": "ip.src eq %s",
	"host": `http.host eq "%s"`, "path": `starts_with(http.request.uri.path, "%s")`, "api_version": `http.request.uri.path contains "/%s/"`,
	"method": `http.request.method eq "%s"`, "ua": `http.user_agent contains "%s"`, "referer": `http.referer contains "%s"`,
}

// expression says the cohort in Cloudflare's rules language, "" = it cannot.
func (t *target) expression() string {
	var out []string
	for _, term := range t.inc.Cohort {
		if f := fields[term.Dim]; f != "" {
			v, _, _ := strings.Cut(term.Value, "{n}")
			out = append(out, fmt.Sprintf(f, oneLine(v)))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "(" + strings.Join(out, " and ") + ")"
}

// rule is the rule that nearly all refusals name, "" = none.
func (e *Engine) rule(s *scene) string {
	if v, share := s.values[axRule].top(); v != 0 && share > 0.5 {
		return e.syms.text(uint32(v))
	}
	return ""
}

func regexpQuote(s string) string { return strings.ReplaceAll(s, ".", `\.`) }
