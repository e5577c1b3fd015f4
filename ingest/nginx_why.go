package ingest

import (
	"bytes"
	"strings"
	"unsafe"
)

// nginxWhy says which refusal a message of nginx' error log explains
// (src/http/modules of nginx 1.31; the answer is 403 unless noted).
func nginxWhy(msg []byte, r *Record) Why {
	text := view(msg)
	has := func(s string) bool { return strings.Contains(text, s) }
	starts := func(s string) bool { return strings.HasPrefix(text, s) }
	switch {
	case starts("access forbidden by rule"):
		return WhyRule
	case starts("directory index of "):
		return WhyNoIndex
	case starts("limiting requests, dry run"), starts("limiting connections, dry run"), starts("delaying request"):
		return WhyUnknown // and served
	case starts("limiting requests"), starts("limiting connections"): // limit_req_status, limit_conn_status: 503, 429 or 403
		return WhyRateLimit
	case starts("user \""):
		if has("password mismatch") || has("was not found in") { // 401
			r.User = quotedAt(msg, len("user \""))
			return WhyAuthFailed
		}
	case starts("no user/password was provided"): // 401
		return WhyAuthFailed
	case starts("client SSL certificate verify error"), starts("client sent no required SSL certificate"): // 400
		return WhyClientCert
	case starts("client sent plain HTTP request to HTTPS port"): // 400
		return WhyTLSRequired
	case starts("NAXSI_FMT"), starts("NAXSI_EXLOG"):
		return WhyModSecurity
	case starts("access forbidden"):
		return WhyRule
	}
	return fileWhy(msg)
}

// fileWhy looks at the errno behind a path.
func fileWhy(msg []byte) Why {
	end := bytes.LastIndexByte(msg, '"') // the path ends there; what follows is nginx' own
	if end < 0 {
		return WhyUnknown
	}
	text := view(msg)
	has := func(s string) bool { return strings.Contains(text[end:], s) }
	switch {
	case has("(13: Permission denied)") && (has("failed") || has("is forbidden")):
		return WhyFilePermission
	case has("(40: Too many levels of symbolic links)"):
		return WhySymlink
	case has("is forbidden"):
		return WhyNoIndex
	case has("failed (2: ") && strings.HasPrefix(text, "open()") && strings.Contains(text[max(0, end-24):end], "passw"):
		return WhyServerConfig // auth_basic_user_file is missing
	}
	return WhyUnknown
}

// quotedAt returns what is between msg[i] and the next quote.
func quotedAt(msg []byte, i int) []byte {
	if n := bytes.IndexByte(msg[i:], '"'); n >= 0 {
		return msg[i : i+n]
	}
	return nil
}

// view returns b as a string without copying it, to be searched for longer
// texts than bytes.Index takes without allocating. It is never kept.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
