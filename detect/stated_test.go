package detect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/denylens/denylens/geo"
	"github.com/denylens/denylens/ingest"
)

// stating is a log whose own words say why.
type stating struct {
	cause   string
	who     string // whom it hits, in predicates
	edge    string // security source of an edge, or
	status  int    // number of a page of an edge, or
	nginx   string // message of nginx' error log, or
	apache  string // message of Apache's
	answer  int    // status of the answer, 0 = 403
	limited bool   // nginx' limit_req_status
}

// predicates choose whom a refusal hits.
var predicates = map[string]func(w *siteOf, h *hit) bool{
	"network": func(w *siteOf, h *hit) bool { return w.sameNet(h.who, 2) },
	"country": func(w *siteOf, h *hit) bool { return h.who.country == w.codes[2] },
	"docs":    func(w *siteOf, h *hit) bool { return under(h, "/docs") },
	"index":   func(w *siteOf, h *hit) bool { return h.path == "/docs/" },
	"uploads": func(w *siteOf, h *hit) bool { return under(h, "/uploads") },
	"posts":   func(w *siteOf, h *hit) bool { return h.path == "/forum/post" && w.IntN(3) > 0 },
	"often":   func(w *siteOf, h *hit) bool { return h.often(60) > 8 },
	"browser": func(w *siteOf, h *hit) bool { return h.who.agent == shapeBrowsers[1] },
	"partner": func(w *siteOf, h *hit) bool { return strings.Contains(h.referer, "partner.example.org") },
	"members": func(w *siteOf, h *hit) bool { return h.who.group && under(h, "/account") },
	"some":    func(w *siteOf, h *hit) bool { return h.who.seed%4 == 0 },
}

var statings = []stating{
	// nginx, src/http/modules: ngx_http_access_module, _autoindex_ and _index_, _static_, _limit_req_, _limit_conn_, _auth_basic_, ngx_http_request.c
	{cause: "ip_block", who: "network", nginx: "access forbidden by rule"},
	{cause: "server_config", who: "docs", nginx: "access forbidden by rule"},
	{cause: "server_config", who: "index", nginx: `directory index of "/srv/www%s" is forbidden`},
	{cause: "server_config", who: "uploads", nginx: `open() "/srv/www%s" failed (13: Permission denied)`},
	{cause: "server_config", who: "uploads", nginx: `"/srv/www%sindex.html" is forbidden (13: Permission denied)`},
	{cause: "server_config", who: "uploads", nginx: `open() "/srv/www%s" failed (40: Too many levels of symbolic links)`},
	{cause: "rate_limit", who: "often", nginx: `limiting requests, excess: 5.020 by zone "site"`},
	{cause: "rate_limit", who: "often", nginx: `limiting connections by zone "address"`},
	{cause: "auth_token", who: "members", nginx: `user "pat": password mismatch`, answer: 401},
	{cause: "auth_token", who: "members", nginx: `user "pat" was not found in "/etc/nginx/users"`, answer: 401},
	{cause: "auth_token", who: "members", nginx: `client SSL certificate verify error: (10:certificate has expired) while reading client request headers`},
	{cause: "cdn_waf_rule", who: "posts", nginx: "ModSecurity: Access denied with code 403 (phase 2). Matched \"Operator `Ge' with parameter `5'\" [file \"/etc/crs/rules/REQUEST-949.conf\"] [line \"80\"] [id \"942100\"] [rev \"\"] [msg \"SQL Injection Attack Detected via libinjection\"] [severity \"2\"] [hostname \"192.0.2.1\"] [uri \"%s\"] [unique_id \"17\"]"},

	// Apache httpd: numbers of mod_authz_core, mod_access_compat, mod_autoindex, core, mod_auth_basic, mod_ssl (docs/log-message-tags)
	{cause: "ip_block", who: "network", apache: "[authz_core:error] [pid 7:tid 8] [client %a:5011] AH01630: client denied by server configuration: /srv/www%s"},
	{cause: "server_config", who: "docs", apache: "[authz_core:error] [pid 7:tid 8] [client %a:5011] AH01630: client denied by server configuration: /srv/www%s"},
	{cause: "server_config", who: "docs", apache: "[access_compat:error] [pid 7:tid 8] [client %a:5011] AH01797: client denied by server configuration: /srv/www%s"},
	{cause: "server_config", who: "index", apache: "[autoindex:error] [pid 7:tid 8] [client %a:5011] AH01276: Cannot serve directory /srv/www%s: No matching DirectoryIndex (index.html) found, and server-generated directory index forbidden by Options directive"},
	{cause: "server_config", who: "uploads", apache: "[core:error] [pid 7:tid 8] (13)Permission denied: [client %a:5011] AH00035: access to %s denied (filesystem path '/srv/www/uploads/x') because search permissions are missing on a component of the path"},
	{cause: "server_config", who: "uploads", apache: "[core:error] [pid 7:tid 8] (13)Permission denied: [client %a:5011] AH00132: file permissions deny server access: /srv/www%s"},
	{cause: "server_config", who: "docs", apache: "[core:crit] [pid 7:tid 8] (13)Permission denied: [client %a:5011] AH00529: /srv/www/docs/.htaccess pcfg_openfile: unable to check htaccess file, ensure it is readable and that '/srv/www/docs/' is executable"},
	{cause: "server_config", who: "uploads", apache: "[core:error] [pid 7:tid 8] [client %a:5011] AH00037: Symbolic link not allowed or link target not accessible: /srv/www%s"},
	{cause: "permissions", who: "members", apache: "[authz_core:error] [pid 7:tid 8] [client %a:5011] AH01631: user pat: authorization failure for \"%s\": "},
	{cause: "auth_token", who: "members", apache: "[auth_basic:error] [pid 7:tid 8] [client %a:5011] AH01617: user pat: authentication failure for \"%s\": Password Mismatch", answer: 401},
	{cause: "auth_token", who: "members", apache: "[auth_basic:error] [pid 7:tid 8] [client %a:5011] AH01618: user pat not found: %s", answer: 401},
	{cause: "auth_token", who: "members", apache: "[ssl:error] [pid 7:tid 8] [client %a:5011] AH02261: Re-negotiation handshake failed"},
	{cause: "cdn_waf_rule", who: "posts", apache: "[:error] [pid 7:tid 8] [client %a:5011] [client %a] ModSecurity: Access denied with code 403 (phase 2). Pattern match \"(?i)select\" at ARGS:text. [file \"/etc/crs/x.conf\"] [line \"9\"] [id \"942190\"] [msg \"Detects SQL code execution\"] [hostname \"www.example.com\"] [uri \"%s\"] [unique_id \"Z\"]"},

	// Cloudflare: SecuritySources (developers.cloudflare.com/logs, "Security fields")
	{cause: "ip_block", who: "network", edge: "asn"},
	{cause: "ip_block", who: "network", edge: "ip"},
	{cause: "ip_block", who: "network", edge: "ipRange"},
	{cause: "ip_block", who: "some", edge: "zoneLockdown"},
	{cause: "ip_block", who: "network", edge: "firewallCustom"},
	{cause: "geo_block", who: "country", edge: "country"},
	{cause: "geo_block", who: "country", edge: "firewallCustom"},
	{cause: "geo_block", who: "country", edge: "firewallRules"},
	{cause: "cdn_waf_rule", who: "posts", edge: "waf"},
	{cause: "cdn_waf_rule", who: "posts", edge: "firewallManaged"},
	{cause: "cdn_waf_rule", who: "posts", edge: "firewallCustom"},
	{cause: "cdn_waf_rule", who: "some", edge: "botFight"},
	{cause: "cdn_waf_rule", who: "some", edge: "botManagement"},
	{cause: "cdn_waf_rule", who: "some", edge: "securityLevel"},
	{cause: "cdn_waf_rule", who: "often", edge: "l7ddos"},
	{cause: "cdn_waf_rule", who: "posts", edge: "apiShieldSchemaValidation"},
	{cause: "auth_token", who: "members", edge: "apiShieldTokenValidation"},
	{cause: "rate_limit", who: "often", edge: "rateLimit"},
	{cause: "ua_rule", who: "browser", edge: "uaBlock"},
	{cause: "ua_rule", who: "browser", edge: "bic"},
	{cause: "ua_rule", who: "browser", edge: "firewallCustom"},
	{cause: "referer_rule", who: "partner", edge: "hot"},
	{cause: "referer_rule", who: "partner", edge: "firewallCustom"},

	// Cloudflare's 1xxx pages in place of the status
	{cause: "ip_block", who: "network", status: 1006},
	{cause: "ip_block", who: "network", status: 1007},
	{cause: "ip_block", who: "network", status: 1008},
	{cause: "geo_block", who: "country", status: 1009},
	{cause: "ua_rule", who: "browser", status: 1010},
	{cause: "cdn_waf_rule", who: "posts", status: 1020},
	{cause: "rate_limit", who: "often", status: 1015},
	{cause: "rate_limit", who: "often", limited: true},
}

func (st *stating) String() string {
	return fmt.Sprintf("%s: %s %s%d%.60s%.90s", st.cause, st.who, st.edge, st.status, st.nginx, st.apache)
}

// logs plays the log, and the error log beside it.
func (st *stating) logs() (access, errors []string) {
	sh := shape{people: func(w *siteOf, i int, s *soul) {
		member(st.who == "members", "GET /account/orders", "GET /uploads/2026/boat.jpg", "GET /uploads/2026/tree.jpg", "GET /docs/", "POST /forum/post", "GET /docs/start")(w, i, s)
		switch st.who {
		case "network":
			fromCommon(1)(w, i, s)
		case "country":
			fromCommon(4)(w, i, s)
		case "browser":
			s.agent = shapeBrowsers[1]
		case "partner":
			s.entry = "https://partner.example.org/list"
		case "often":
			s.busy = true
		}
	}, decide: func(w *siteOf, h *hit) {
		if !predicates[st.who](w, h) {
			return
		}
		if h.refuse(153); st.answer != 0 {
			h.status = st.answer
		}
		h.upstream, h.message = 0, st.nginx+st.apache
		if st.edge != "" {
			h.edge(st.edge, "7f3a", 1200)
		}
		if st.status != 0 {
			h.status = st.status
		}
	}}
	w := sh.play(5, 40)
	for i := range w.hits {
		h := &w.hits[i]
		switch {
		case st.edge != "" || st.status != 0:
			access = append(access, h.cloudflare())
		case st.limited:
			access = append(access, h.json())
		default:
			access = append(access, h.combined())
		}
		if h.message != "" {
			errors = append(errors, h.explained(st.apache != ""))
		}
	}
	return access, errors
}

func (h *hit) json() string {
	limit := "PASSED"
	if h.status == 403 {
		limit = "REJECTED"
	}
	return fmt.Sprintf("{\"time_iso8601\":%q,\"remote_addr\":%q,\"request\":\"%s %s HTTP/1.1\",\"status\":\"%d\",\"body_bytes_sent\":\"%d\",\"http_referer\":%q,\"http_user_agent\":%q,\"limit_req_status\":%q}\n",
		hitTime(h.at).Format("2006-01-02T15:04:05-07:00"), h.who.addr, h.method, h.path, h.status, h.size, strings.Trim(h.referer, "-"), h.who.agent, limit)
}

// explained is the line of the server's error log.
func (h *hit) explained(apache bool) string {
	msg := strings.NewReplacer("%a", h.who.addr.String(), "%s", h.path).Replace(h.message)
	if apache {
		return "[" + hitTime(h.at).Format("Mon Jan 02 15:04:05.000000 2006") + "] " + msg + "\n"
	}
	return fmt.Sprintf("%s [error] 7#7: *%d %s, client: %s, server: www.example.com, request: \"%s %s HTTP/1.1\", host: \"www.example.com\"\n",
		hitTime(h.at).Format("2006/01/02 15:04:05"), h.at, msg, h.who.addr, h.method, h.path)
}

func TestWhatALogStatesIsTheCause(t *testing.T) {
	if testing.Short() {
		t.Skip("plays many logs")
	}
	for i := range statings {
		st := &statings[i]
		access, errors := st.logs()
		e := New(Config{Geo: geo.Embedded(), Crawlers: geo.KnownCrawlers(), DenyStatus: append([]int{401, 1015}, DefaultDenyStatus...)})
		var best Incident
		for _, inc := range analyseWith(t, e, ingest.Options{}, access, errors).Incidents {
			if inc.Impact.DeniedClients > best.Impact.DeniedClients {
				best = inc
			}
		}
		if best.Cause.ID != st.cause || best.Cause.Probability < 0.9 || best.Kind != Overblock {
			t.Errorf("%v\n\tgot %s %+v of %s%d clients\n\t%+v", st, best.Kind, best.Cause, cohortOf(best), best.Impact.DeniedClients, best.Causes)
		}
	}
}
