package detect

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/denylens/denylens/ingest"
)

// target is where an incident can be tried.
type target struct {
	inc               *Incident
	host, path, agent string
	method, referer   string
	server            ingest.Server
}

// target takes a refused request that the log shows as the example; what the
// cohort names is as it names it.
func (e *Engine) target(inc *Incident, s *scene) target {
	t := target{inc: inc, host: "SITE", path: "/", server: s.server()}
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
	if r := t.get("referer"); r != "" {
		t.referer = "https://" + r + "/"
	}
	for _, x := range inc.Samples {
		if strings.HasPrefix(x.asked.uri, "/") {
			t.take(x.asked)
			break
		}
	}
	return t
}

// take fills in what one refused request looked like.
func (t *target) take(a asked) {
	t.path, t.method = a.uri, a.method
	if a.host != "" {
		t.host = a.host
	}
	if a.agent != "" {
		t.agent = a.agent
	}
	if t.referer == "" || strings.HasPrefix(a.referer, t.referer) {
		t.referer = a.referer
	}
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

// folder is the part of the example's path that others share.
func (t *target) folder() string {
	if p := t.get("path"); p != "" {
		p, _, _ = strings.Cut(p, "{n}")
		return p
	}
	p, _, _ := strings.Cut(t.path, "?")
	if i := strings.Index(strings.TrimPrefix(p, "/"), "/"); i > 0 {
		p = p[:i+2]
	}
	return oneLine(p)
}

// curl asks what a refused client asked. extra words are the caller's own.
func (t *target) curl(extra ...string) string {
	var b strings.Builder
	b.WriteString("curl -sS -o /dev/null -w '%{http_code}\\n'")
	if strings.ContainsAny(t.path, "[]{}") {
		b.WriteString(" -g") // brackets are no patterns
	}
	switch m := strings.ToUpper(t.method); m {
	case "", "GET":
	case "HEAD":
		b.WriteString(" -I")
	default:
		b.WriteString(" -X " + shellQuote(m))
	}
	if t.agent != "" {
		b.WriteString(" -A " + shellQuote(t.agent))
	}
	if t.referer != "" {
		b.WriteString(" -e " + shellQuote(t.referer))
	}
	for _, x := range extra {
		b.WriteString(" " + x)
	}
	b.WriteString(" " + shellQuote("https://"+t.host+t.path))
	return b.String()
}

// served lists what was served to the cohort, or where a user comes from.
func (t *target) served() string {
	user := t.get("user")
	switch {
	case user == "":
	case t.server != ingest.ServerUnknown:
		return "grep -F " + shellQuote(" "+user+" ") + " access.log | head"
	default:
		return "grep -F " + shellQuote(" "+user+" [") + " access.log | awk '{print $1}' | sort | uniq -c | sort -rn | head"
	}
	if ip := t.get("ip"); ip != "" {
		return "grep -wF " + shellQuote(ip) + " access.log | grep -E " + t.success() + " | head"
	}
	return "grep -E " + t.success() + " access.log | grep -F " + shellQuote(t.folder()) + " | head"
}

// success is a pattern of lines that were served.
func (t *target) success() string {
	if t.server == ingest.ServerUnknown {
		return `'" 2[0-9][0-9] '`
	}
	return "'[[:space:]]2[0-9][0-9][[:space:]]'"
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

func regexpQuote(s string) string { return strings.ReplaceAll(s, ".", `\.`) }
