package ingest

import "bytes"

// columns reads what stands before the time: an address (or a host and an
// address), the ident and the user.
func (p *clf) columns(pre []byte, r *Record) bool {
	if n := len(pre); n > 0 && (pre[n-1] == ' ' || pre[n-1] == '\t') {
		pre = pre[:n-1]
	}
	first, rest := cutColumn(pre)
	if len(first) == 0 {
		return false
	}
	if n := len(first); n > 2 && first[0] == '"' && first[n-1] == '"' {
		first = first[1 : n-1]
	}
	if first[len(first)-1] == ',' {
		first, rest = addressColumns(pre)
		r.Forwarded = first
		if i := bytes.LastIndexByte(first, ','); i >= 0 {
			setRemote(r, bytes.TrimLeft(first[i+1:], " "))
		}
		r.RemoteText = first
		_, r.User = cutColumn(rest)
		r.User = user(r.User)
		return true
	}
	second, third := cutColumn(rest)
	if len(second) == 1 && second[0] == '-' || len(second) == 0 {
		setRemote(r, first)
		r.RemoteText = orNil(first)
		r.User = user(third)
		return true
	}
	if second[len(second)-1] == ':' {
		return false // a tag of syslog, or the like
	}
	p.fourColumns(first, second, third, r)
	return true
}

// fourColumns reads columns of which the second is no dash: it may be the
// client behind a virtual host, a virtual host behind the client, or an ident.
func (p *clf) fourColumns(first, second, third []byte, r *Record) {
	_, firstIsAddr := readAddr(first)
	_, secondIsAddr := readAddr(second)
	ident, last := cutColumn(third)
	hasUser := len(ident) < len(third)
	switch {
	case hasUser && (secondIsAddr && (p.vhost || !firstIsAddr) || p.vhost && hostLike(second)):
		r.Host = hostOnly(first)
		setRemote(r, second)
		if id, rest := cutColumn(last); len(rest) > 0 && (len(id) == 32 && isHex(id) || string(rest) == "-") {
			r.RequestID, last = orNil(id), rest // BunkerWeb: a request id in front of the user
		}
		r.User = user(last)
	case firstIsAddr && (secondIsAddr || hostLike(second)):
		setRemote(r, first)
		r.Host = hostOnly(second)
		r.User = user(third)
	default:
		setRemote(r, first)
		r.User = user(third)
	}
}

// cutColumn splits b at its first blank; the rest begins behind that one
// blank, for a user name may begin with more of them.
func cutColumn(b []byte) (column, rest []byte) {
	for i, c := range b {
		if c == ' ' || c == '\t' {
			return b[:i], b[i+1:]
		}
	}
	return b, nil
}

// addressColumns reads "10.0.0.2, 10.0.0.1, 127.0.0.1" at the front of b.
func addressColumns(b []byte) (list, rest []byte) {
	for i := 0; i < len(b); i++ {
		if b[i] != ' ' {
			continue
		}
		if b[i-1] != ',' {
			return b[:i], b[i+1:]
		}
	}
	return b, nil
}

// user reads the user column. Apache writes two quotes for a name that is
// empty.
func user(b []byte) []byte {
	if b == nil {
		return nil
	}
	if string(b) == `""` {
		return b[:0]
	}
	if n := len(b); n > 1 && n < 4 && len(bytes.Trim(b, " -")) == 0 && bytes.Count(b, []byte{'-'}) == 1 {
		return nil // a dash among blanks
	}
	return orNil(b)
}

// hostLike tells whether b can be a host name, with a dot and perhaps a port.
func hostLike(b []byte) bool {
	dot := false
	for _, c := range b {
		switch {
		case c == '.':
			dot = true
		case c-'0' <= 9, c|0x20 >= 'a' && c|0x20 <= 'z', c == '-', c == '_', c == ':':
		default:
			return false
		}
	}
	return dot
}

// hostOnly takes a port off.
func hostOnly(b []byte) []byte {
	if i := bytes.LastIndexByte(b, ':'); i > 0 && isPort(b[i:]) && (b[i-1] == ']' || bytes.IndexByte(b, ':') == i) {
		b = b[:i]
	}
	return orNil(b)
}

func isHex(b []byte) bool {
	for _, c := range b {
		if hexValue[c] > 15 {
			return false
		}
	}
	return true
}
