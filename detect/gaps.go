package detect

import (
	"strings"

	"github.com/denylens/denylens/ingest"
)

// gap is a field that the log does not have, and the causes that it would tell
// from others.
type gap struct {
	what   string
	absent func(e *Engine, s *scene) bool
	tells  []string
}

// gaps are ordered by how much they say.
var gaps = []gap{
	{"the server's error log", func(e *Engine, s *scene) bool { return !e.notes.any && s.usual() },
		[]string{"server_config", "ip_block", "geo_block", "rate_limit", "auth_token", "permissions", "cdn_waf_rule"}},
	{"the answer of the application ($upstream_status)", func(_ *Engine, s *scene) bool { return s.share(fUpstream)+s.share(fUnasked) == 0 && s.usual() },
		[]string{"permissions", "auth_token", "server_config", "cdn_waf_rule", "api_version"}},
	{"the user name or key", func(e *Engine, _ *scene) bool { return !e.syms.seen[DimUser] }, []string{"permissions", "auth_token", "rate_limit", "server_config"}},
	{"what limit_req decided ($limit_req_status)", func(e *Engine, s *scene) bool { return s.whyless() && s.usual() }, []string{"rate_limit"}},
	{"the user agent", func(e *Engine, _ *scene) bool { return !e.syms.seen[DimAgent] }, []string{"ua_rule", "attack_blocked"}},
	{"the referring page", func(e *Engine, _ *scene) bool { return !e.syms.seen[DimReferer] && !e.syms.seen[DimAgent] }, []string{"referer_rule"}},
	{"the host", func(e *Engine, _ *scene) bool { return !e.syms.seen[DimHost] }, []string{"server_config"}},
	{"the clients' countries (--geoip)", func(e *Engine, _ *scene) bool { return !e.syms.seen[DimCountry] }, []string{"geo_block", "ip_block"}},
	{"the clients' networks by number (--geoip with an ASN database)", func(e *Engine, _ *scene) bool { return !e.syms.seen[DimASN] }, []string{"ip_block"}},
	{"the security fields of the edge", func(e *Engine, s *scene) bool { return s.edged() && s.whyless() },
		[]string{"cdn_waf_rule", "ip_block", "geo_block", "rate_limit", "ua_rule", "referer_rule"}},
}

// edged tells whether the log is an edge's: it says of requests whether the
// origin was asked.
func (s *scene) edged() bool {
	return s.flagged[fEdge]+s.unrefused(fEdge)+s.flagged[fOrigin]+s.unrefused(fOrigin) > 0
}

// usual tells whether the log may be that of nginx or Apache.
func (s *scene) usual() bool { return !s.edged() && s.server() == ingest.ServerUnknown }

// whyless tells whether the log states no reason for the refusals.
func (s *scene) whyless() bool { return len(s.why) == 0 }

// unsure tells whether the cause is not known, or only just.
func (inc *Incident) unsure() bool {
	return inc.Kind != Misuse && (inc.Cause.ID == "undetermined" || inc.Cause.Probability < 0.65)
}

// lacking lists the fields that the log does not have and that would tell the two
// best causes apart.
func (e *Engine) lacking(inc *Incident, s *scene) []string {
	var out []string
	if len(inc.Causes) < 2 {
		return nil
	}
	for _, g := range gaps {
		a, b := false, false
		for _, c := range g.tells {
			a, b = a || c == inc.Causes[0].ID, b || c == inc.Causes[1].ID
		}
		if (a || b) && len(out) < 3 && g.absent(e, s) {
			out = append(out, g.what)
		}
	}
	return out
}

// Log formats that have what tells causes apart, as denylens reads them.
const (
	nginxFields = `log_format denylens escape=json '{"time_iso8601":"$time_iso8601","remote_addr":"$remote_addr","remote_user":"$remote_user","host":"$host",` +
		`"request":"$request","status":"$status","body_bytes_sent":"$body_bytes_sent","http_referer":"$http_referer","http_user_agent":"$http_user_agent",` +
		`"upstream_status":"$upstream_status","request_time":"$request_time","limit_req_status":"$limit_req_status"}'; access_log /var/log/nginx/denylens.log denylens;`
	apacheFields = `LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" vhost_combined`
	iisFields    = `appcmd set config /section:system.applicationHost/sites /siteDefaults.logFile.logExtFileFlags:` +
		`Date,Time,ClientIP,UserName,Method,UriStem,UriQuery,Host,HttpStatus,HttpSubStatus,Win32Status,BytesSent,TimeTaken,UserAgent,Referer`
	logpushFields = `"field_names": ["ClientIP", "ClientCountry", "ClientASN", "ClientRequestHost", "ClientRequestMethod", "ClientRequestURI", "ClientRequestReferer", "ClientRequestUserAgent", ` +
		`"ClientRequestSource", "EdgeStartTimestamp", "EdgeResponseStatus", "EdgeResponseBytes", "OriginResponseStatus", "RayID", "SecurityAction", "SecurityActions", "SecuritySources", "SecurityRuleID", "SecurityRuleIDs"]`
)

// tell adds what to log, where the log does not say which of two causes it is or
// whether the refused are legitimate.
func (e *Engine) tell(g *guide) {
	if g.inc.Kind != Spike && !g.inc.unsure() {
		return
	}
	lacks := e.lacking(g.inc, g.s)
	for _, l := range lacks {
		if l == gaps[0].what {
			g.add("Read the error log beside the access log: it states the reason of many refusals", "denylens access.log error.log")
		}
	}
	switch {
	case len(lacks) == 0 && g.inc.Kind != Spike:
	case g.s.server() == ingest.ServerIIS:
		g.add("IIS: log all that tells causes apart", iisFields)
	case g.s.server() != ingest.ServerUnknown: // its columns are AWS's own
	case g.s.edged():
		g.add("Cloudflare Logpush, data set http_requests: log these fields", logpushFields)
	default:
		g.add("nginx: log what tells causes apart", nginxFields)
		g.add("Apache: the same as far as it knows", apacheFields)
	}
	if g.inc.Kind == Spike {
		g.add("Read the days before as well: who was served before is no stranger", "denylens access.log.2.gz access.log.1 access.log")
	}
}

// untold says in words what the log lacks, "" = nothing.
func (e *Engine) untold(inc *Incident, s *scene) string {
	switch lacks := e.lacking(inc, s); {
	case len(lacks) > 0 && inc.unsure():
		return "the log does not tell " + inc.Causes[0].ID + " from " + inc.Causes[1].ID + "; it would with " + strings.Join(lacks, ", ")
	case inc.Kind == Spike:
		return "whether these clients are legitimate cannot be told: " + e.strangerNote(s)
	}
	return ""
}

// strangerNote says why nothing is known of the refused clients.
func (e *Engine) strangerNote(s *scene) string {
	var lacks []string
	for _, f := range []struct {
		absent bool
		what   string
	}{{!e.syms.seen[DimUser], "user names"}, {!e.syms.seen[DimAgent], "user agents"}, {!e.syms.seen[DimReferer] && s.noReferer >= s.denied, "referring pages"}} {
		if f.absent {
			lacks = append(lacks, f.what)
		}
	}
	note := "few of them were served before"
	if len(lacks) > 0 {
		note += ", and the log has no " + strings.Join(lacks, ", no ")
	}
	return note
}
