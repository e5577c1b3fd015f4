package ingest

import (
	"bytes"
	"time"
)

// clfTail reads what follows status and size: nothing (common), referer and
// agent (combined), and what operators append: an X-Forwarded-For in quotes,
// times, key=value pairs, Traefik's and ingress-nginx' columns. What it does
// not know behind the agent it passes over.
func clfTail(b []byte, r *Record, esc bool) Flaw {
	quoted := 0 // quoted columns seen
	var last []byte
	for i := 0; ; {
		if i = skipBlanks(b, i); i >= len(b) {
			return NoFlaw
		}
		if b[i] == '"' {
			n := closingQuote(b[i+1:], esc)
			if n < 0 || i+n+2 < len(b) && b[i+n+2] != ' ' && b[i+n+2] != '\t' {
				if quoted < 2 {
					return FlawQuote
				}
				return NoFlaw
			}
			quotedColumn(r, quoted, b[i+1:i+1+n])
			quoted++
			i += n + 2
			continue
		}
		if b[i] == '[' && quoted >= 2 && isDecimal(last) {
			ingressTail(b[i:], last, r)
			return NoFlaw
		}
		end := tokenEnd(b, i, esc)
		token := b[i:end]
		switch {
		case quoted < 2 && len(token) == 1 && token[0] == '-':
			quotedColumn(r, quoted, token)
			quoted++
		case quoted == 0:
			timeColumn(r, token)
		default:
			pairColumn(r, token)
		}
		last, i = token, end
	}
}

// quotedColumn takes the n-th quoted column behind the size.
func quotedColumn(r *Record, n int, b []byte) {
	switch n {
	case 0:
		r.Referer = orNil(b)
	case 1:
		r.Agent = orNil(b)
		r.Has |= tailRefs
	case 2:
		if addressList(b) {
			r.Forwarded = b
		}
	}
}

// tokenEnd returns where the bare token at b[i] ends; blanks within quotes
// that follow a "=" belong to it.
func tokenEnd(b []byte, i int, esc bool) int {
	for ; i < len(b) && b[i] != ' ' && b[i] != '\t'; i++ {
		if b[i] == '=' && i+1 < len(b) && b[i+1] == '"' {
			n := closingQuote(b[i+2:], esc)
			if n < 0 {
				return len(b)
			}
			i += n + 2
		}
	}
	return i
}

// timeColumn takes a number between size and referer: seconds if it has a
// point, microseconds if not.
func timeColumn(r *Record, b []byte) {
	if d, ok := seconds(b); ok && isDecimal(b) {
		r.Duration = d
		r.Has |= HasDuration
	} else if n, m := number(b); m > 0 && m == len(b) && n < 1e15 {
		r.Duration = time.Duration(n) * time.Microsecond
		r.Has |= HasDuration
	}
}

// pairColumn takes what stands behind the agent: key=value, and Traefik's "3ms".
func pairColumn(r *Record, b []byte) {
	eq := bytes.IndexByte(b, '=')
	if eq < 0 {
		if n, m := number(b); m > 0 && m < 13 && string(b[m:]) == "ms" {
			r.Duration = time.Duration(n) * time.Millisecond
			r.Has |= HasDuration
		}
		return
	}
	v := b[eq+1:]
	if len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"' {
		v = v[1 : len(v)-1]
	}
	switch string(b[:eq]) {
	case "rt", "request_time", "reqtime":
		setSeconds(r, v)
	case "us", "upstream_status":
		setUpstream(r, v)
	case "xff", "x_forwarded_for", "X-Forwarded-For", "http_x_forwarded_for":
		r.Forwarded = orNil(v)
	case "host", "vhost", "http_host":
		r.Host = orNil(v)
	case "rid", "request_id", "req_id":
		r.RequestID = orNil(v)
	}
}

// ingressTail takes the columns of ingress-nginx behind the agent, from the
// first bracket on: [name] [alternative] address length time status id. The
// middle ones may be lists, so it reads from the right.
func ingressTail(b, requestTime []byte, r *Record) {
	setSeconds(r, requestTime)
	b = bytes.TrimRight(b, " \t")
	i := bytes.LastIndexByte(b, ' ')
	if i < 0 || len(b)-i-1 < 16 || !isHex(b[i+1:]) {
		return
	}
	r.RequestID, b = b[i+1:], b[:i]
	if i = bytes.LastIndexByte(b, ' '); i >= 0 {
		setUpstream(r, b[i+1:])
	}
}

// setUpstream takes nginx' $upstream_status: "200", "502, 200", "502 : 200" or
// "-". The last item decides; none means that no upstream was asked.
func setUpstream(r *Record, b []byte) {
	r.Has |= HasUpstream
	r.Upstream = 0
	if i := bytes.LastIndexByte(b, ' '); i >= 0 {
		b = b[i+1:]
	}
	if n, m := number(b); m > 0 && m == len(b) && n < 1000 {
		r.Upstream = uint16(n)
	}
}

// upstreamWhy notes that the application behind refused, if the log says so.
func upstreamWhy(r *Record) {
	if r.Upstream == 403 && r.Status == 403 {
		r.Why = WhyUpstreamRefused
	}
}

func setSeconds(r *Record, b []byte) {
	if d, ok := seconds(b); ok {
		r.Duration = d
		r.Has |= HasDuration
	}
}

// isDecimal tells whether b has a point (and is worth trying as seconds).
func isDecimal(b []byte) bool { return bytes.IndexByte(b, '.') > 0 && b[0]-'0' <= 9 }

// seconds reads decimal seconds.
func seconds(b []byte) (time.Duration, bool) {
	n, m := number(b)
	if m == 0 || m > 9 {
		return 0, false
	}
	d := time.Duration(n) * time.Second
	if m == len(b) {
		return d, true
	}
	if b[m] != '.' {
		return 0, false
	}
	scale := time.Second
	for m++; m < len(b); m++ {
		c := b[m] - '0'
		if c > 9 {
			return 0, false
		}
		scale /= 10
		d += time.Duration(c) * scale
	}
	return d, true
}
