package ingest

import (
	"bytes"
	"time"
)

// cfDuration takes the time to the first byte, as the edge measured it.
func cfDuration(m *cfValues, r *Record) {
	b := m.v[cfMillis].text
	if n, k := number(b); k > 0 && k < 13 && k == len(b) {
		r.Duration = time.Duration(n) * time.Millisecond
		r.Has |= HasDuration
	}
}

// cfCommon fills the texts that both data sets have.
func cfCommon(m *cfValues, r *Record, esc bool) {
	r.RemoteText = m.text(cfClientIP, esc)
	r.Method = m.text(cfMethod, esc)
	r.URI = m.text(cfURI, esc)
	r.Path = m.text(cfPath, esc)
	r.Proto = m.text(cfProto, esc)
	r.Referer = m.text(cfReferer, esc)
	r.Agent = m.text(cfAgent, esc)
	r.Host = m.text(cfHost, esc)
	r.RequestID = m.text(cfRay, esc)
	r.Rule = m.text(cfRuleID, esc)
	r.Action = lower(m.text(cfAction, esc))
	if string(r.Action) == "unknown" { // what old records have for none
		r.Action = nil
	}
	r.Source = lower(m.text(cfSource, esc))
}

// lower makes ASCII letters lower-case, in place: http_requests writes
// managedChallenge where firewall_events writes managedchallenge.
func lower(b []byte) []byte {
	for i, c := range b {
		if c-'A' < 26 {
			b[i] = c | 0x20
		}
	}
	return b
}

// cfDecision says what the edge decided and why. The arrays of actions,
// sources and rules run in parallel: the entry that belongs to the final
// action is the one that counts.
func cfDecision(m *cfValues, r *Record) {
	at := -1
	var scratch [32]byte
	for i := 0; ; i++ {
		item, ok := arrayItem(m.v[cfActions].text, i)
		if !ok {
			break
		}
		action := lowered(item, &scratch)
		if r.Action == nil && terminates(action) || r.Action != nil && bytes.Equal(action, r.Action) {
			if r.Action == nil {
				r.Action = lower(item)
			}
			at = i
			break
		}
	}
	if at < 0 {
		at = 0
	}
	if r.Source == nil {
		if item, ok := arrayItem(m.v[cfSources].text, at); ok && len(item) > 0 {
			r.Source = lower(item)
		}
	}
	if r.Rule == nil {
		if item, ok := arrayItem(m.v[cfRuleIDs].text, at); ok && len(item) > 0 {
			r.Rule = item
		}
	}
	switch {
	case r.Status < 400:
	case r.OriginStatus == 403:
		r.Why = WhyUpstreamRefused
	case r.Action != nil:
		r.Why = edgeWhy(r.Action, r.Source)
	case r.OriginStatus == 0:
		r.Why = pathingWhy(m.v[cfPathingSrc].text, m.v[cfPathingOp].text, m.v[cfPathingStatus].text)
	}
	if r.Why == WhyUnknown {
		r.Why = numberWhy(r.Status)
	}
}

func lowered(b []byte, scratch *[32]byte) []byte {
	if len(b) > len(scratch) {
		return b
	}
	return lower(append(scratch[:0], b...))
}

// terminates tells whether an action, in lower case, ends a request's way.
func terminates(action []byte) bool {
	switch string(action) {
	case "block", "drop", "connectionclose", "forceconnectionclose", "challengefailed", "jschallengefailed", "managedchallengefailed":
		return true
	}
	return challenges(action)
}

func challenges(action []byte) bool {
	switch string(action) {
	case "challenge", "jschallenge", "managedchallenge":
		return true
	}
	return false
}

// edgeWhy maps an action and the product that took it, both in lower case
// (developers.cloudflare.com/logs, "Security fields"). What a rule looks at says
// more than whether it blocks or challenges.
func edgeWhy(action, source []byte) Why {
	if !terminates(action) {
		return WhyUnknown
	}
	switch string(source) {
	case "ip", "iprange":
		return WhyEdgeIP
	case "asn":
		return WhyEdgeASN
	case "country":
		return WhyEdgeCountry
	case "uablock", "bic":
		return WhyEdgeAgent
	case "hot":
		return WhyEdgeHotlink
	case "ratelimit":
		return WhyRateLimit
	case "zonelockdown":
		return WhyEdgeIP
	case "firewallcustom", "firewallrules":
		return WhyEdgeCustom
	case "apishieldtokenvalidation": // of JSON Web Tokens
		return WhyAuthFailed
	}
	if challenges(action) {
		return WhyEdgeChallenge
	}
	return WhyEdgeRule
}

// numberWhy maps the numbers of Cloudflare's own pages, which some logs have in
// place of the status (developers.cloudflare.com/support, "1xxx errors").
func numberWhy(status uint16) Why {
	switch status {
	case 1006, 1007, 1008, 1106:
		return WhyEdgeIP
	case 1005:
		return WhyEdgeASN
	case 1009:
		return WhyEdgeCountry
	case 1010:
		return WhyEdgeAgent
	case 1011:
		return WhyEdgeHotlink
	case 1015:
		return WhyRateLimit
	case 1020:
		return WhyEdgeCustom
	}
	return WhyUnknown
}

// pathingWhy maps the fields of before SecurityAction was logged:
// EdgePathingSrc.Op.Status.
func pathingWhy(src, op, status []byte) Why {
	if string(op) != "ban" {
		if string(src) == "err" && len(status) > 0 {
			return WhyServerConfig
		}
		return WhyUnknown
	}
	switch string(src) {
	case "bic":
		return WhyEdgeAgent
	case "hot":
		return WhyEdgeHotlink
	case "macro":
		return WhyEdgeIP
	case "user":
	default:
		return WhyEdgeRule
	}
	switch {
	case bytes.HasPrefix(status, []byte("ip")), string(status) == "zl":
		return WhyEdgeIP
	case string(status) == "ctry":
		return WhyEdgeCountry
	case string(status) == "asnum":
		return WhyEdgeASN
	case string(status) == "ua":
		return WhyEdgeAgent
	case string(status) == "rate_limit":
		return WhyRateLimit
	}
	return WhyEdgeRule
}

// arrayItem returns the n-th string of a flat JSON array, as written.
func arrayItem(b []byte, n int) ([]byte, bool) {
	if len(b) == 0 || b[0] != '[' {
		return nil, false
	}
	for i := 1; i < len(b); n-- {
		if i = skipSpace(b, i); i >= len(b) || b[i] != '"' {
			return nil, false
		}
		end := closingQuote(b[i+1:], true)
		if end < 0 {
			return nil, false
		}
		if n == 0 {
			return b[i+1 : i+1+end], true
		}
		i = skipSpace(b, i+end+2)
		if i >= len(b) || b[i] != ',' {
			return nil, false
		}
		i++
	}
	return nil, false
}
