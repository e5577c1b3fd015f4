package ingest

import (
	"bytes"
	"net/netip"
	"time"

	"github.com/denylens/denylens/ingest/internal/clock"
)

const (
	bitAddr    = 1 << jfAddr
	bitTime    = 1 << jfTime
	bitStatus  = 1 << jfStatus
	bitRequest = 1 << jfRequest
	bitURI     = 1 << jfURI
)

// found is where in a line its fields were found, by a format whose layout
// the operator chose.
type found struct {
	v    [numFields]jsonValue
	rank [numFields]uint8
	have uint64 // fields that are there and not absent, a bit each
}

// put notes the value of f, unless a name of lower rank stated it already.
func (m *found) put(f field, rank uint8, v jsonValue) {
	if m.have&(1<<f) == 0 || rank <= m.rank[f] {
		m.v[f], m.rank[f] = v, rank
		m.have |= 1 << f
	}
}

// decoding says how text was escaped.
type decoding struct {
	json    bool // as JSON strings; else as nginx and Apache do
	escapes bool // the line has backslashes at all
	none    bool // not escaped: a backslash is a backslash
	dash    bool // "-" is text and does not mean absence
}

func (d decoding) text(b []byte) []byte {
	switch {
	case !d.escapes || d.none:
		return b
	case d.json:
		return unescapeJSON(b)
	}
	return unescape(b)
}

// short decodes b into scratch and leaves the line as it is. Values that do
// not fit are no times, numbers or addresses.
func (d decoding) short(b []byte, scratch *[64]byte) []byte {
	if !d.escapes || d.none || len(b) > len(scratch) || bytes.IndexByte(b, '\\') < 0 {
		return b
	}
	return d.text(append(scratch[:0], b...))
}

// fill makes a Record of what was found. It changes the line only after
// everything that can be wrong has been looked at.
func (m *found) fill(r *Record, c *clock.Clock, d decoding) Flaw {
	if flaw := m.fixed(r, c, d); flaw != NoFlaw {
		return flaw
	}
	m.durations(r, d)
	m.text(&r.RemoteText, jfAddr, d)
	m.text(&r.Request, jfRequest, d)
	m.text(&r.Method, jfMethod, d)
	m.text(&r.URI, jfURI, d)
	m.text(&r.Query, jfQuery, d)
	m.text(&r.Proto, jfProto, d)
	m.text(&r.Referer, jfReferer, d)
	m.text(&r.Agent, jfAgent, d)
	m.text(&r.Host, jfHost, d)
	m.text(&r.User, jfUser, d)
	m.text(&r.Forwarded, jfForwarded, d)
	m.text(&r.RequestID, jfRequestID, d)
	if m.have&(1<<jfHostURI) != 0 {
		m.hostURI(r, d)
	}
	joinRequest(r)
	upstreamWhy(r)
	return NoFlaw
}

// text decodes a text field. "-" is absent; so is nothing in JSON, which is
// what nginx writes with escape=json for a header that was not sent.
func (m *found) text(to *[]byte, f field, d decoding) {
	v := m.v[f]
	if v.kind == jsonAbsent || d.json && len(v.text) == 0 && f != jfRequest {
		return
	}
	b := v.text
	switch {
	case f == jfUser && !d.json:
		b = user(b)
	case !d.dash:
		b = orNil(b)
	}
	if v.kind == jsonString {
		b = d.text(b)
	}
	*to = b
}

// fixed reads the fields that are no text.
func (m *found) fixed(r *Record, c *clock.Clock, d decoding) Flaw {
	var scratch [64]byte
	if m.have&bitTime != 0 {
		st, ok := c.Any(d.short(m.v[jfTime].text, &scratch))
		if !ok {
			return FlawTime
		}
		r.Time = st.Nanos
		stampBits(r, st)
	}
	if m.have&bitStatus != 0 && !setStatus(r, d.short(m.v[jfStatus].text, &scratch)) {
		return FlawStatus
	}
	if a, ok := readAddr(d.short(m.v[jfAddr].text, &scratch)); ok {
		r.Remote, r.Client = a, a
	} else if m.have&(1<<jfBinaryAddr) != 0 {
		a, _ := netip.AddrFromSlice(d.short(m.v[jfBinaryAddr].text, &scratch))
		r.Remote, r.Client = a.Unmap(), a.Unmap()
	}
	if b := d.short(m.v[jfBytes].text, &scratch); len(b) > 0 {
		if n, k := number(b); k == len(b) {
			r.Bytes = n
			r.Has |= HasBytes
		} else if !d.json && string(b) == "-" && r.Has&HasStatus != 0 {
			r.Has |= HasBytes | BytesDash
		}
	}
	if m.have&(1<<jfUpstream) != 0 {
		setUpstream(r, d.short(m.v[jfUpstream].text, &scratch))
	}
	if string(m.v[jfLimit].text) == "REJECTED" {
		r.Why = WhyRateLimit
	}
	if b := d.short(m.v[jfCountry].text, &scratch); len(b) == 2 {
		setCountry(r, b)
	}
	b := bytes.TrimPrefix(d.short(m.v[jfASN].text, &scratch), []byte("AS"))
	if n, k := number(b); k > 0 && n < 1<<32 {
		r.ASN = uint32(n)
	}
	return NoFlaw
}

func (m *found) durations(r *Record, d decoding) {
	var scratch [64]byte
	if m.have&(1<<jfSeconds|1<<jfMillis|1<<jfMicros) == 0 {
		return
	}
	if b := d.short(m.v[jfSeconds].text, &scratch); isDecimal(b) || m.rank[jfSeconds] == 0 {
		setSeconds(r, b)
	}
	for _, t := range [...]struct {
		f    field
		unit time.Duration
	}{{jfMillis, time.Millisecond}, {jfMicros, time.Microsecond}} {
		b := d.short(m.v[t.f].text, &scratch)
		if n, k := number(b); k > 0 && k < 14 && k == len(b) {
			r.Duration = time.Duration(n) * t.unit
			r.Has |= HasDuration
		} else if n, ok := seconds(b); ok && isDecimal(b) { // 0.5 of them
			r.Duration = n / (time.Second / t.unit)
			r.Has |= HasDuration
		}
	}
}

// setStatus reads a status of up to three digits; "-" is none.
func setStatus(r *Record, b []byte) bool {
	if len(b) == 1 && b[0] == '-' {
		return true
	}
	n, k := number(b)
	if k != len(b) || k == 0 || n > 999 {
		return false
	}
	r.Status = uint16(n)
	r.Has |= HasStatus
	return true
}

// setCountry takes two letters; XX (unknown) and T1 (Tor) are no countries.
func setCountry(r *Record, c []byte) {
	a, b := c[0]&^0x20, c[1]&^0x20
	if a-'A' < 26 && b-'A' < 26 && !(a == 'X' && b == 'X') {
		r.Country = [2]byte{a, b}
	}
}

// hostURI splits "www.example.com/p?q", perhaps behind a scheme.
func (m *found) hostURI(r *Record, d decoding) {
	b := d.text(m.v[jfHostURI].text)
	if i := bytes.Index(b, []byte("://")); i >= 0 && i < 8 {
		b = b[i+3:]
	}
	i := bytes.IndexByte(b, '/')
	if i < 0 {
		i = len(b)
	}
	if i > 0 {
		r.Host = hostOnly(b[:i])
	}
	r.URI = b[i:]
}

// joinRequest brings the request line, or its parts where there is none, into
// order.
func joinRequest(r *Record) {
	method, uri, query, proto := r.Method, r.URI, r.Query, r.Proto
	r.Query = nil
	if r.Request != nil && !(method != nil && len(r.Request) > 0 && r.Request[0] == '/') {
		r.Method, r.URI, r.Proto = nil, nil, nil
		splitRequest(r)
		return
	}
	if uri == nil {
		uri = r.Request
	}
	r.Request = nil
	if uri != nil {
		setURI(r, uri)
	}
	if len(query) > 0 && query[0] == '?' {
		query = query[1:]
	}
	if r.Query == nil && len(query) > 0 {
		r.Query = query
	}
	r.Method, r.Proto = method, proto
}
