package ingest

import (
	"bytes"
	"strings"

	"github.com/denylens/denylens/ingest/internal/clock"
)

// clf reads the family of the Common Log Format, in which nearly every web
// server can write:
//
//	[host[:port]] address ident user [time] "request" status bytes [...] ["referer" "agent" [...]]
//
// The user name comes from the client and may hold spaces, brackets and a
// forged time; a raw quote it cannot hold, because both nginx and Apache escape
// it. So the line is anchored at the first `[time] "`, and read from there in
// both directions.
type clf struct {
	name  string
	vhost bool // if both could be meant, column 1 is the virtual host and column 2 the client
	refs  bool // a line without referer and agent is none of ours
	clock clock.Clock
}

// newCLF makes the format of that name: common or combined, with vhost_ in
// front or not.
func newCLF(name string) func() Format {
	base, vhost := strings.CutPrefix(name, "vhost_")
	return func() Format { return &clf{name: name, vhost: vhost, refs: base == "combined"} }
}

func (p *clf) Name() string { return p.name }

func (p *clf) Parse(line []byte, r *Record) error {
	esc := bytes.IndexByte(line, '\\') >= 0
	if !esc {
		if p.quick(line, r) {
			return nil
		}
		r.Reset()
	}
	return p.slow(line, r, esc)
}

// slow reads a line with all exceptions.
func (p *clf) slow(line []byte, r *Record, esc bool) error {
	open, quote, st, flaw := p.anchor(line)
	if flaw != NoFlaw {
		return flaw
	}
	end := closingQuote(line[quote+1:], esc)
	if end < 0 {
		return FlawQuote
	}
	end += quote + 1
	tail, flaw := statusAndBytes(line[end+1:], r)
	if flaw != NoFlaw && esc {
		// Traefik escapes quotes but not backslashes: a target that ends in
		// one looks like an escaped quote.
		if end, tail, flaw = traefikQuote(line, quote, r); flaw != NoFlaw {
			return flaw
		}
	} else if flaw != NoFlaw {
		return flaw
	}
	if flaw := clfTail(tail, r, esc); flaw != NoFlaw {
		return flaw
	}
	if p.refs && r.Has&tailRefs == 0 {
		return FlawColumns
	}
	r.Has &^= tailRefs
	if !p.columns(line[:open], r) {
		return FlawColumns
	}
	r.Time = st.Nanos
	stampBits(r, st)
	r.Request = orNil(line[quote+1 : end])
	if esc {
		unescapeTexts(r)
	}
	splitRequest(r)
	upstreamWhy(r)
	return nil
}

// tailRefs marks, while a line is read, that it had a referer column.
const tailRefs Fields = 1 << 15

func stampBits(r *Record, st clock.Stamp) {
	if st.Fine {
		r.Has |= HasMillis
	}
	if st.Zone {
		r.Has |= HasZone
	}
	if st.Local {
		r.Has |= HasEast
		r.East = st.East
	}
}

// orNil returns nil for "-", what logs write for a value that is not there.
func orNil(b []byte) []byte {
	if len(b) == 1 && b[0] == '-' {
		return nil
	}
	return b
}

// unescapeTexts decodes the texts that come from the client.
func unescapeTexts(r *Record) {
	listed := len(r.Forwarded) > 0 && len(r.RemoteText) > 0 && &r.Forwarded[0] == &r.RemoteText[0]
	for _, f := range [...]*[]byte{&r.User, &r.Request, &r.Referer, &r.Agent, &r.Host, &r.Forwarded, &r.RequestID} {
		*f = unescape(*f)
	}
	if listed { // the same bytes: decoded once already
		r.RemoteText = r.Forwarded
		return
	}
	r.RemoteText = unescape(r.RemoteText)
}

// anchor finds the first `[time] "` and returns where its bracket and its
// quote are. One pass: a line made of brackets costs no more than another.
func (p *clf) anchor(line []byte) (open, quote int, st clock.Stamp, flaw Flaw) {
	flaw, open = FlawFormat, -1
	for i := 0; ; {
		k := bytes.IndexByte(line[i:], ']')
		if k < 0 {
			return 0, 0, st, flaw
		}
		end := i + k
		if end >= 27 && line[end-27] == '[' && end+2 < len(line) && line[end+1] == ' ' && line[end+2] == '"' {
			var ok bool
			if st, ok = p.clock.CLF(line[end-26 : end]); ok && !emptyUser(line[end+2:]) {
				return end - 27, end + 2, st, NoFlaw
			}
		}
		if o := bytes.LastIndexByte(line[i:end], '['); o >= 0 {
			open = i + o
		}
		i = end + 1
		quote = quoteBehind(line, i)
		if quote < 0 || open < 0 || emptyUser(line[quote:]) {
			continue
		}
		flaw = FlawTime
		if end-open > 40 {
			continue
		}
		var ok bool
		if st, ok = p.clock.CLF(line[open+1 : end]); ok {
			return open, quote, st, NoFlaw
		}
	}
}

// emptyUser tells whether b begins with Apache's empty user and the bracket
// behind it, rather than with a request.
func emptyUser(b []byte) bool { return len(b) >= 4 && string(b[:4]) == `"" [` }

// quoteBehind skips blanks, and one remark in parentheses, and returns the
// index of the quote that must follow; -1 if none does.
func quoteBehind(line []byte, i int) int {
	start := i
	i = skipBlanks(line, i)
	if i < len(line) && line[i] == '(' {
		n := bytes.IndexByte(line[i:min(len(line), i+64)], ')')
		if n < 0 {
			return -1
		}
		start = i + n + 1
		i = skipBlanks(line, start)
	}
	if i == start || i >= len(line) || line[i] != '"' {
		return -1
	}
	return i
}

func skipBlanks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t') {
		i++
	}
	return i
}

// statusAndBytes reads ` status bytes` behind the request's closing quote.
func statusAndBytes(b []byte, r *Record) (tail []byte, flaw Flaw) {
	i := skipBlanks(b, 0)
	if i == 0 || i >= len(b) {
		return nil, FlawStatus
	}
	r.Has &^= HasStatus | HasBytes | BytesDash
	switch {
	case b[i] == '-':
		i++
	case i+3 <= len(b) && b[i]-'0' <= 9 && b[i+1]-'0' <= 9 && b[i+2]-'0' <= 9:
		r.Status = uint16(b[i]-'0')*100 + uint16(b[i+1]-'0')*10 + uint16(b[i+2]-'0')
		r.Has |= HasStatus
		i += 3
	default:
		return nil, FlawStatus
	}
	start := i
	i = skipBlanks(b, i)
	if i < len(b) && i == start {
		return nil, FlawStatus
	}
	if i >= len(b) {
		return nil, FlawColumns
	}
	n, m := number(b[i:])
	switch {
	case m > 0:
		r.Bytes = n
		r.Has |= HasBytes
		i += m
	case b[i] == '-':
		if r.Has&HasStatus != 0 {
			r.Has |= HasBytes | BytesDash
		}
		i++
	default:
		return nil, FlawNumber
	}
	if i < len(b) && b[i] != ' ' && b[i] != '\t' {
		return nil, FlawNumber
	}
	return b[i:], NoFlaw
}

// number reads the decimal digits at the front of b, at most 18.
func number(b []byte) (n int64, length int) {
	for length < len(b) && length < 18 && b[length]-'0' <= 9 {
		n = n*10 + int64(b[length]-'0')
		length++
	}
	return n, length
}

// traefikQuote looks for a quote that only looks escaped, behind which the
// line goes on as it should.
func traefikQuote(line []byte, quote int, r *Record) (end int, tail []byte, flaw Flaw) {
	for i, tries := quote+1, 0; tries < 8; tries++ {
		k := bytes.IndexByte(line[i:], '"')
		if k < 0 {
			break
		}
		end = i + k
		if line[end-1] == '\\' {
			if tail, flaw = statusAndBytes(line[end+1:], r); flaw == NoFlaw {
				return end, tail, NoFlaw
			}
		}
		i = end + 1
	}
	return 0, nil, FlawStatus
}
