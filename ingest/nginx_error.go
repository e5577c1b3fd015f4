package ingest

import (
	"bytes"

	"github.com/denylens/denylens/ingest/internal/clock"
)

// nginxError reads nginx' error log:
//
//	2006/01/02 15:04:05 [level] pid#tid: *connection message, client: A, server: S, request: "R", host: "H", referrer: "R"
//
// Its lines explain refusals; those that do not are FlawOther. Times have no
// zone. What is quoted is not escaped and comes from clients.
type nginxError struct {
	clock clock.Clock
}

func newNginxError() Format { return &nginxError{} }

func (p *nginxError) Name() string { return "nginx_error" }

func (p *nginxError) Parse(line []byte, r *Record) error {
	if len(line) < 25 || line[19] != ' ' || line[20] != '[' {
		return FlawFormat
	}
	st, ok := p.clock.Slash(line[:19])
	if !ok {
		return FlawTime
	}
	end := bytes.IndexByte(line[21:min(len(line), 32)], ']')
	if end < 0 {
		return FlawFormat
	}
	rest := line[21+end+1:]
	n := bytes.IndexByte(rest[:min(len(rest), 40)], ':')
	if n < 0 || bytes.IndexByte(rest[:n], '#') < 0 {
		return FlawFormat
	}
	r.Time, r.Kind = st.Nanos, Explain
	msg := bytes.TrimLeft(rest[n+1:], " ")
	if len(msg) > 1 && msg[0] == '*' {
		if _, k := number(msg[1:]); k > 0 {
			r.RequestID = msg[1 : 1+k]
			msg = bytes.TrimLeft(msg[1+k:], " ")
		}
	}
	msg = nginxContext(msg, r)
	r.Message = msg
	if !modsecurity(msg, r) {
		r.Why = nginxWhy(msg, r)
	}
	if r.Why == WhyUnknown && r.Action == nil {
		return FlawOther
	}
	return nil
}

var clientMark = []byte(", client: ")

// nginxContext takes client, server, request and host off the message and
// returns what is left. Both the message (a path) and the context (a header)
// may hold text of the client's making; if that makes it possible to read two
// clients, none is believed.
func nginxContext(msg []byte, r *Record) []byte {
	at := bytes.Index(msg, clientMark)
	if at < 0 {
		return msg
	}
	quoted := bytes.IndexByte(msg[:at], '"') >= 0
	addr, rest := untilComma(msg[at+len(clientMark):])
	if quoted && ambiguousClient(rest) {
		return msg[:bytes.LastIndex(msg, clientMark)]
	}
	setRemote(r, addr)
	if !r.Remote.IsValid() && !bytes.HasPrefix(addr, []byte("unix:")) {
		r.RemoteText = nil
		return msg
	}
	if body, ok := bytes.CutPrefix(rest, []byte(", server: ")); ok {
		_, rest = untilComma(body)
	}
	nginxQuoted(rest, r)
	return msg[:at]
}

// ambiguousClient tells whether another client follows.
func ambiguousClient(b []byte) bool {
	for {
		i := bytes.Index(b, clientMark)
		if i < 0 {
			return false
		}
		b = b[i+len(clientMark):]
		addr, _ := untilComma(b)
		if _, ok := readAddr(addr); ok {
			return true
		}
	}
}

func untilComma(b []byte) (head, rest []byte) {
	if i := bytes.Index(b, []byte(", ")); i >= 0 {
		return b[:i], b[i:]
	}
	return b, nil
}

// nginxQuoted reads `, request: "...", upstream: "...", host: "...", referrer: "..."`.
// A value ends where the next key, or the line, follows its quote.
func nginxQuoted(b []byte, r *Record) {
	for len(b) > 0 {
		colon := bytes.Index(b[:min(len(b), 20)], []byte(`: "`))
		if colon < 2 || b[0] != ',' {
			return
		}
		key, value := b[2:colon], b[colon+3:]
		end := len(value)
		b = nil
		for _, next := range [...]string{`", subrequest: "`, `", upstream: "`, `", host: "`, `", referrer: "`} {
			if i := bytes.Index(value[:end], []byte(next)); i >= 0 {
				end, b = i, value[i+1:]
			}
		}
		value = value[:end]
		if b == nil {
			value = bytes.TrimSuffix(value, []byte{'"'})
		}
		switch string(key) {
		case "request":
			r.Request = value
			splitRequest(r)
		case "host":
			r.Host = value
		case "referrer":
			r.Referer = value
		}
	}
}
