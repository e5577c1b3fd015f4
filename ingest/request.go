package ingest

import "bytes"

// splitRequest fills Method, URI, Path, Query and Proto from r.Request, a
// request line that is already unescaped. A line that is none (TLS bytes on a
// plain port, a scanner's banner) leaves them nil: it stays a request, with a
// malformed line.
func splitRequest(r *Record) {
	b := r.Request
	n := tokenLength(b)
	if n == 0 || n > 40 || n >= len(b) || b[n] != ' ' {
		return
	}
	r.Method = b[:n]
	target := b[n+1:]
	if i := len(target) - 9; i >= 0 && usualProto(target[i:]) {
		r.Proto = target[i+1:]
		setURI(r, target[:i])
		return
	}
	if i := bytes.LastIndexByte(target, ' '); i >= 0 {
		if isProto(target[i+1:]) {
			r.Proto, target = target[i+1:], target[:i]
		}
	} else if isProto(target) {
		r.Proto, target = target, target[:0]
	}
	setURI(r, target)
}

// usualProto tells whether nine bytes are a blank and HTTP/n.n.
func usualProto(b []byte) bool {
	return string(b[:6]) == " HTTP/" && b[6]-'0' <= 9 && b[7] == '.' && b[8]-'0' <= 9
}

// setURI fills URI, Path and Query.
func setURI(r *Record, target []byte) {
	r.URI, r.Path = target, target
	if i := bytes.IndexByte(target, '?'); i >= 0 {
		r.Path, r.Query = target[:i], target[i+1:]
	}
}

// isProto tells whether b is HTTP/n or HTTP/n.n.
func isProto(b []byte) bool {
	if len(b) < 6 || string(b[:5]) != "HTTP/" {
		return false
	}
	digits, dots := 0, 0
	for _, c := range b[5:] {
		switch {
		case c-'0' <= 9:
			digits++
		case c == '.' && dots == 0 && digits > 0:
			dots, digits = 1, 0
		default:
			return false
		}
		if digits > 3 {
			return false
		}
	}
	return digits > 0
}

// tokenLength returns how many bytes at the front of b are token characters of
// RFC 9110, what a method consists of.
func tokenLength(b []byte) int {
	for i, c := range b {
		if !tokenChar[c] {
			return i
		}
	}
	return len(b)
}

var tokenChar = func() (t [256]bool) {
	for c := '0'; c <= '9'; c++ {
		t[c] = true
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-32] = true, true
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		t[c] = true
	}
	return t
}()
