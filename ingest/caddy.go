package ingest

import (
	"bytes"

	"github.com/denylens/denylens/ingest/internal/clock"
)

// caddy reads Caddy's structured log: access lines (logger http.log.access),
// and what the WAF Coraza says (logger http.handlers.waf). Other loggers'
// lines carry no request.
type caddy struct {
	outer, inner, header keyOrder
	clock                clock.Clock
}

func newCaddy() Format { return &caddy{} }

func (p *caddy) Name() string { return "caddy" }

const (
	cdNone = iota
	cdLogger
	cdTime
	cdMessage
	cdRequest
	cdStatus
	cdSize
	cdDuration
	cdUser
	cdRemoteIP
	cdClientIP
	cdProto
	cdMethod
	cdHost
	cdURI
	cdHeaders
	cdAgent
	cdReferer
	cdForwarded
	numCaddy
)

var caddyOuter = map[string]uint8{"logger": cdLogger, "ts": cdTime, "msg": cdMessage, "request": cdRequest, "status": cdStatus,
	"size": cdSize, "duration": cdDuration, "user_id": cdUser}

var caddyInner = map[string]uint8{"remote_ip": cdRemoteIP, "remote_addr": cdRemoteIP, "client_ip": cdClientIP, "proto": cdProto, "method": cdMethod,
	"host": cdHost, "uri": cdURI, "headers": cdHeaders}

var caddyHeader = map[string]uint8{"User-Agent": cdAgent, "Referer": cdReferer, "X-Forwarded-For": cdForwarded}

func caddyOuterID(k []byte) uint8  { return caddyOuter[string(k)] }
func caddyInnerID(k []byte) uint8  { return caddyInner[string(k)] }
func caddyHeaderID(k []byte) uint8 { return caddyHeader[string(k)] }

// caddyValues is a line, taken apart.
type caddyValues [numCaddy]jsonValue

// scan reads an object's members into v. A header's value is an array, of
// which the first item counts.
func (v *caddyValues) scan(b []byte, order *keyOrder, lookup func([]byte) uint8) Flaw {
	s := jsonScan{order: order, lookup: lookup}
	if !s.begin(b) {
		return s.flaw
	}
	for {
		id, ok := s.next()
		if !ok {
			return s.flaw
		}
		if id == 0 {
			continue
		}
		if v[id].kind != jsonAbsent && (id == cdTime || id == cdStatus || id == cdRemoteIP || id == cdClientIP || id == cdRequest) {
			return FlawDuplicate
		}
		v[id] = s.val
		if id >= cdAgent {
			item, _ := arrayItem(s.val.text, 0)
			v[id] = jsonValue{item, jsonString}
		}
	}
}

func (p *caddy) Parse(line []byte, r *Record) error {
	var v caddyValues
	if flaw := v.scan(line, &p.outer, caddyOuterID); flaw != NoFlaw {
		return flaw
	}
	logger := v[cdLogger].text
	if v[cdTime].kind == jsonAbsent || !bytes.HasPrefix(logger, []byte("http.")) {
		return FlawMissing
	}
	st, ok := p.clock.Any(v[cdTime].text)
	if !ok {
		return FlawTime
	}
	r.Time = st.Nanos
	stampBits(r, st)
	d := decoding{json: true, escapes: bytes.IndexByte(line, '\\') >= 0}
	if string(logger) == "http.handlers.waf" {
		r.Kind = Explain
		if !escapedModsecurity(v[cdMessage].text) || !modsecurity(bytes.TrimRight(d.text(v[cdMessage].text), "\n"), r) {
			return FlawOther
		}
		return nil
	}
	if v[cdRequest].kind != jsonNested || v[cdStatus].kind == jsonAbsent {
		return FlawOther
	}
	if flaw := v.scan(v[cdRequest].text, &p.inner, caddyInnerID); flaw != NoFlaw {
		return flaw
	}
	if v[cdHeaders].kind == jsonNested {
		if flaw := v.scan(v[cdHeaders].text, &p.header, caddyHeaderID); flaw != NoFlaw {
			return flaw
		}
	}
	return p.fill(&v, r, d)
}

func (p *caddy) fill(v *caddyValues, r *Record, d decoding) error {
	if !setStatus(r, v[cdStatus].text) {
		return FlawStatus
	}
	if n, k := number(v[cdSize].text); k > 0 {
		r.Bytes = n
		r.Has |= HasBytes
	}
	setSeconds(r, v[cdDuration].text)
	if v[cdClientIP].kind == jsonString { // the client after Caddy's own trusted_proxies
		v[cdRemoteIP] = v[cdClientIP]
	}
	for _, t := range [...]struct {
		to *[]byte
		id int
	}{{&r.Method, cdMethod}, {&r.URI, cdURI}, {&r.Proto, cdProto}, {&r.Host, cdHost}, {&r.Agent, cdAgent}, {&r.Referer, cdReferer},
		{&r.Forwarded, cdForwarded}, {&r.User, cdUser}, {&r.RemoteText, cdRemoteIP}} {
		if x := v[t.id]; len(x.text) > 0 && x.kind == jsonString {
			*t.to = d.text(x.text)
		}
	}
	if r.RemoteText != nil {
		setRemote(r, r.RemoteText)
	}
	if r.URI != nil {
		setURI(r, r.URI)
	}
	return nil
}
