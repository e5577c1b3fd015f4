package ingest

import (
	"bytes"
	"time"

	"github.com/denylens/denylens/ingest/internal/clock"
)

// apField is a field of the gateway Apinto (and APIPark, which drives it).
type apField uint8

const (
	apNone apField = iota
	apMsec
	apRemote
	apStatus
	apProxyStatus
	apMethod
	apURI
	apHost
	apHeader
	apRequestTime
	apRequestID
	apApplication
	apStrategy
	numAPFields
)

var apIDs = map[string]uint8{
	"msec": uint8(apMsec), "remote_addr": uint8(apRemote), "status": uint8(apStatus),
	"proxy_status": uint8(apProxyStatus), "request_method": uint8(apMethod), "request_uri": uint8(apURI),
	"request_host": uint8(apHost), "request_header": uint8(apHeader), "request_time": uint8(apRequestTime),
	"request_id": uint8(apRequestID), "application": uint8(apApplication), "strategy": uint8(apStrategy),
}

func apID(key []byte) uint8 { return apIDs[string(key)] }

// apintoJSON reads what an Apinto output of type json writes, one object a
// line; through Loki every value is a string. The client is remote_addr:
// src_ip comes from a header that anyone can send.
type apintoJSON struct {
	order keyOrder
}

func newApintoJSON() Format { return &apintoJSON{} }

func (p *apintoJSON) Name() string { return "apinto" }

func (p *apintoJSON) Parse(line []byte, r *Record) error {
	var v [numAPFields]jsonValue
	var have uint32
	s := jsonScan{order: &p.order, lookup: apID}
	if !s.begin(line) {
		return s.flaw
	}
	for {
		id, ok := s.next()
		if !ok {
			break
		}
		const vital = 1<<apMsec | 1<<apRemote | 1<<apStatus
		if bit := uint32(1) << id; id != 0 {
			if have&bit&vital != 0 {
				return FlawDuplicate
			}
			have |= bit
			v[id] = s.val
		}
	}
	if s.flaw != NoFlaw {
		return s.flaw
	}
	const must = 1<<apMsec | 1<<apRemote | 1<<apStatus | 1<<apProxyStatus
	if have&must != must {
		return FlawMissing
	}
	d := decoding{json: true, escapes: bytes.IndexByte(line, '\\') >= 0}
	if flaw := p.fixed(&v, r, d); flaw != NoFlaw {
		return flaw
	}
	p.texts(&v, r, d)
	return nil
}

func (p *apintoJSON) fixed(v *[numAPFields]jsonValue, r *Record, d decoding) Flaw {
	var scratch [64]byte
	st, ok := clock.Epoch(d.short(v[apMsec].text, &scratch))
	if !ok {
		return FlawTime
	}
	r.Time = st.Nanos
	stampBits(r, st)
	if !setStatus(r, d.short(v[apStatus].text, &scratch)) {
		return FlawStatus
	}
	if a, ok := readAddr(d.short(v[apRemote].text, &scratch)); ok {
		r.Remote, r.Client = a, a
	}
	if n, k := number(d.short(v[apRequestTime].text, &scratch)); k > 0 && k < 13 {
		r.Duration = time.Duration(n) * time.Millisecond
		r.Has |= HasDuration
	}
	setUpstream(r, d.short(v[apProxyStatus].text, &scratch))
	gatewayWhy(r)
	return NoFlaw
}

// gatewayWhy tells a refusal by the gateway from one by the service behind.
func gatewayWhy(r *Record) {
	upstreamWhy(r)
	if r.Status == 403 && r.Upstream == 0 {
		r.Why = WhyGatewayStrategy
	}
}

func (p *apintoJSON) texts(v *[numAPFields]jsonValue, r *Record, d decoding) {
	for _, t := range [...]struct {
		to *[]byte
		f  apField
	}{{&r.RemoteText, apRemote}, {&r.Method, apMethod}, {&r.URI, apURI}, {&r.Host, apHost}, {&r.Agent, apHeader},
		{&r.RequestID, apRequestID}, {&r.User, apApplication}, {&r.Rule, apStrategy}} {
		if x := v[t.f]; len(x.text) > 0 && x.kind != jsonNested {
			*t.to = orNil(d.text(x.text))
		}
	}
	if r.URI != nil {
		setURI(r, r.URI)
		r.Path = pathOf(r.Path)
	}
	header := r.Agent
	r.Agent, r.Referer = headerValue(header, "User-Agent"), headerValue(header, "Referer")
}

// pathOf takes scheme and host off an absolute target.
func pathOf(b []byte) []byte {
	i := bytes.Index(b[:min(len(b), 10)], []byte("://"))
	if i < 0 {
		return b
	}
	if n := bytes.IndexByte(b[i+3:], '/'); n >= 0 {
		return b[i+3+n:]
	}
	return b[len(b):]
}

// headerValue finds a header in "Accept=x&User-Agent=y" and decodes it in
// place.
func headerValue(b []byte, name string) []byte {
	for len(b) > 0 {
		pair := b
		if i := bytes.IndexByte(b, '&'); i >= 0 {
			pair, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		if len(pair) > len(name) && pair[len(name)] == '=' && bytes.EqualFold(pair[:len(name)], []byte(name)) {
			return unescapeURL(pair[len(name)+1:])
		}
	}
	return nil
}

// unescapeURL decodes %HH and + in place.
func unescapeURL(b []byte) []byte {
	w := 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(b) && hexValue[b[i+1]] <= 15 && hexValue[b[i+2]] <= 15:
			c = hexValue[b[i+1]]<<4 | hexValue[b[i+2]]
			i += 2
		}
		b[w] = c
		w++
	}
	return b[:w]
}
