package ingest

import "bytes"

// quick reads a line as nearly all are: an address, a dash, a user or a dash, a
// time of fixed width, a request, a status and a size, and then a referer and an
// agent or nothing, with no backslash anywhere. It reports whether the line is
// one; if not, r may hold anything, and the line is read anew with all its
// exceptions. What it accepts means the same to both.
func (p *clf) quick(line []byte, r *Record) bool {
	a := bytes.IndexByte(line, ' ')
	if a <= 0 || a+35 > len(line) || line[a+1] != '-' || line[a+2] != ' ' {
		return false
	}
	addr, ok := readAddr(line[:a])
	if !ok {
		return false
	}
	u := a + 3
	open := u
	for line[open] != ' ' {
		if c := line[open]; c == '[' || c == ']' || c == '"' || c == '\t' {
			return false
		}
		if open++; open == len(line) {
			return false
		}
	}
	name := line[u:open]
	open++
	quote := open + 29
	if len(name) == 0 || quote+1 >= len(line) || line[open] != '[' || string(line[open+27:quote+1]) != `] "` || line[quote+1] == '"' {
		return false
	}
	st, ok := p.clock.CLF(line[open+1 : open+27])
	if !ok || !p.quickTail(line[quote+1:], r) {
		return false
	}
	r.Remote, r.Client, r.RemoteText = addr, addr, orNil(line[:a])
	r.User = user(name)
	r.Time = st.Nanos
	stampBits(r, st)
	splitRequest(r)
	return true
}

// quickTail reads what stands behind the quote in front of the request.
func (p *clf) quickTail(b []byte, r *Record) bool {
	end := bytes.IndexByte(b, '"')
	if end < 0 || end+6 >= len(b) || b[end+1] != ' ' || b[end+5] != ' ' {
		return false
	}
	d2, d1, d0 := b[end+2]-'0', b[end+3]-'0', b[end+4]-'0'
	if d2 > 9 || d1 > 9 || d0 > 9 {
		return false
	}
	size, n := number(b[end+6:])
	at := end + 6 + n
	if n == 0 {
		return false
	}
	r.Has = HasStatus | HasBytes
	if at < len(b) {
		if at+3 > len(b) || b[at] != ' ' || b[at+1] != '"' {
			return false
		}
		ref := b[at+2:]
		k := bytes.IndexByte(ref, '"')
		if k < 0 || k+3 >= len(ref) || ref[k+1] != ' ' || ref[k+2] != '"' {
			return false
		}
		agent := ref[k+3:]
		if bytes.IndexByte(agent, '"') != len(agent)-1 {
			return false
		}
		r.Referer, r.Agent = orNil(ref[:k]), orNil(agent[:len(agent)-1])
	} else if p.refs {
		return false
	}
	r.Request = orNil(b[:end])
	r.Status = uint16(d2)*100 + uint16(d1)*10 + uint16(d0)
	r.Bytes = size
	return true
}
