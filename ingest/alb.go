package ingest

import (
	"bytes"

	"github.com/denylens/denylens/ingest/internal/clock"
)

// alb reads the access log of AWS' Application Load Balancer: columns parted by
// blanks, some of them in quotes. Columns are only ever added behind.
//
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
type alb struct {
	clock clock.Clock
}

func newALB() Format { return &alb{} }

func (p *alb) Name() string { return "alb" }

// Columns of the log, from 0 on.
const (
	albType = iota
	albTime
	albName
	albClient
	albTarget
	albRequestTime // seconds; -1 = it never came to that
	albTargetTime
	albResponseTime
	albStatus
	albTargetStatus
	albReceived
	albSent
	albRequest
	albAgent
	albActions   = 22
	albLeast     = albAgent + 1
	albNumColumn = albActions + 1
)

var albTypes = map[string]bool{"http": true, "https": true, "h2": true, "grpcs": true, "ws": true, "wss": true}

func (p *alb) Parse(line []byte, r *Record) error {
	kind, rest := cutColumn(line)
	if !albTypes[string(kind)] {
		return FlawFormat
	}
	var col [albNumColumn][]byte
	n := 1
	for escapes := bytes.IndexByte(rest, '\\') >= 0; n < albNumColumn && len(rest) > 0; n++ {
		if rest[0] != '"' {
			col[n], rest = cutColumn(rest)
			continue
		}
		end := closingQuote(rest[1:], escapes)
		if end < 0 || end+2 < len(rest) && rest[end+2] != ' ' {
			return FlawQuote
		}
		col[n], rest = rest[1:end+1], rest[min(end+3, len(rest)):]
	}
	if n < albLeast {
		return FlawColumns
	}
	st, ok := p.clock.ISO(col[albTime])
	if !ok {
		return FlawTime
	}
	if !setStatus(r, col[albStatus]) {
		return FlawStatus
	}
	r.Time, r.Server = st.Nanos, ServerALB
	stampBits(r, st)
	setUpstream(r, col[albTargetStatus])
	setSeconds(r, col[albTargetTime])
	if b, k := number(col[albSent]); k > 0 {
		r.Bytes, r.Has = b, r.Has|HasBytes
	}
	p.address(r, col[albClient])
	r.Request, r.Agent = unescape(col[albRequest]), unescape(orNil(col[albAgent]))
	p.request(r)
	upstreamWhy(r)
	p.why(r, col[albActions])
	return nil
}

// address reads "192.0.2.1:2817"; addresses of IPv6 have no brackets.
func (p *alb) address(r *Record, b []byte) {
	if i := bytes.LastIndexByte(b, ':'); i > 0 {
		b = b[:i]
	}
	r.RemoteText = b
	if a, ok := readAddr(b); ok {
		r.Remote, r.Client = a, a
	}
}

// request takes the request line apart, of which the target is a whole URL.
func (p *alb) request(r *Record) {
	if bytes.HasPrefix(r.Request, []byte("- ")) {
		return // it could not be read, and is not what was sent
	}
	splitRequest(r)
	i := bytes.Index(r.URI, []byte("://"))
	if i < 0 || i > 5 {
		return
	}
	rest := r.URI[i+3:]
	slash := bytes.IndexByte(rest, '/')
	if slash < 0 {
		slash = len(rest)
	}
	if host := hostOnly(rest[:slash]); len(host) > 0 && string(host) != "-" {
		r.Host = host
	}
	setURI(r, rest[slash:])
}

// why is told by the action that was the last where no target was asked: to ask
// the web application firewall, which refused, or to give an answer that a rule
// holds.
func (p *alb) why(r *Record, actions []byte) {
	if r.Status != 403 || r.Upstream != 0 {
		return
	}
	switch string(actions[bytes.LastIndexByte(actions, ',')+1:]) {
	case "waf":
		r.Why = WhyEdgeRule
	case "fixed-response":
		r.Why = WhyEdgeCustom
	}
}
