package ingest

// Why is a reason for a refusal that a log states itself: an error-log line
// (FORMATS of nginx and Apache), an edge's action and source. It is hard
// evidence; everything else has to be inferred from behaviour.
type Why uint8

const (
	WhyUnknown         Why = iota
	WhyRule                // nginx "access forbidden by rule", Apache AH01630/AH01797: allow/deny, Require
	WhyNoIndex             // nginx "directory index of ... is forbidden", Apache AH01276
	WhyFilePermission      // (13: Permission denied), AH00132, AH00035
	WhySymlink             // AH00037, ELOOP
	WhyHtaccess            // AH00529: .htaccess unreadable
	WhyServerConfig        // other configuration faults (AH00127, AH00670, a missing password file ...)
	WhyAuthz               // AH01631: authenticated but not authorised
	WhyAuthFailed          // password mismatch, unknown user, wrong scheme
	WhyClientCert          // TLS client certificate missing or refused
	WhyTLSRequired         // plain HTTP where TLS is required
	WhyRateLimit           // limit_req, limit_conn, edge rate limit, Apinto rate-limiting
	WhyModSecurity         // ModSecurity, Coraza, NAXSI: access denied
	WhyEdgeRule            // edge managed, bot or schema rule: it looks at what is asked
	WhyEdgeCustom          // edge rule of the owner's own: it may look at anything
	WhyEdgeIP              // edge rule on address or range
	WhyEdgeASN             // edge rule on an autonomous system
	WhyEdgeCountry         // edge rule on a country
	WhyEdgeAgent           // edge rule on the user agent, browser integrity check
	WhyEdgeHotlink         // edge hotlink protection
	WhyEdgeChallenge       // an unsolved challenge: soft refusal
	WhyGatewayStrategy     // API gateway denied before asking the upstream
	WhyUpstreamRefused     // the application behind answered 403 itself
	WhyAddress             // IIS 403.6, 403.8, 403.503: a rule of the server's on addresses
	numWhy
)

var whyNames = [numWhy]string{
	"unknown", "rule", "no_index", "file_permission", "symlink", "htaccess", "server_config", "authz", "auth_failed",
	"client_cert", "tls_required", "rate_limit", "modsecurity", "edge_rule", "edge_custom", "edge_ip", "edge_asn", "edge_country",
	"edge_agent", "edge_hotlink", "edge_challenge", "gateway_strategy", "upstream_refused", "address",
}

// String returns the stable lower-case name of w.
func (w Why) String() string {
	if w < numWhy {
		return whyNames[w]
	}
	return whyNames[WhyUnknown]
}
