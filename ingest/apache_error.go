package ingest

import (
	"bytes"

	"github.com/denylens/denylens/ingest/internal/clock"
)

// apacheError reads Apache's error log, of 2.2 and 2.4:
//
//	[time] [module:level] [pid 1:tid 2] (13)Permission denied: [client 192.0.2.1:50000] AH00132: message, referer: R
//
// Everything in front of the message is the server's own, so it is read from
// the left. Lines that explain no refusal are FlawOther.
type apacheError struct {
	clock clock.Clock
}

func newApacheError() Format { return &apacheError{} }

func (p *apacheError) Name() string { return "apache_error" }

func (p *apacheError) Parse(line []byte, r *Record) error {
	stamp, rest, ok := bracket(line)
	if !ok {
		return FlawFormat
	}
	st, ok := p.clock.Any(stamp)
	if !ok {
		return FlawTime
	}
	level, rest, ok := bracket(rest)
	if !ok || !isLevel(level) {
		return FlawFormat
	}
	r.Time, r.Kind = st.Nanos, Explain
	stampBits(r, st)
	msg := apachePrefix(rest, bytes.IndexByte(level, ':') >= 0, r)
	number := 0
	if len(msg) > 9 && msg[0] == 'A' && msg[1] == 'H' && msg[7] == ':' && msg[8] == ' ' {
		for _, c := range msg[2:7] {
			number = number*10 + int(c-'0')
		}
		msg = msg[9:]
	}
	if i := bytes.LastIndex(msg, []byte(", referer: ")); i >= 0 {
		r.Referer = msg[i+len(", referer: "):]
		msg = msg[:i]
	}
	r.Message = msg
	if !modsecurity(msg, r) {
		r.Why = apacheWhy(number, msg, r)
	}
	if r.Why == WhyUnknown && r.Action == nil {
		return FlawOther
	}
	return nil
}

// bracket reads "[text]" and the blanks behind it.
func bracket(b []byte) (text, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != '[' {
		return nil, b, false
	}
	end := bytes.IndexByte(b, ']')
	if end < 0 {
		return nil, b, false
	}
	return b[1:end], b[skipBlanks(b, end+1):], true
}

// isLevel tells whether b is a level, perhaps behind a module.
func isLevel(b []byte) bool {
	if i := bytes.IndexByte(b, ':'); i >= 0 {
		b = b[i+1:]
	}
	switch string(b) {
	case "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug":
		return true
	}
	return bytes.HasPrefix(b, []byte("trace")) && len(b) == 6
}

// apachePrefix reads what may stand between level and message, and returns
// the message. ported says that the addresses have ports behind them (2.4).
func apachePrefix(b []byte, ported bool, r *Record) []byte {
	for {
		if text, rest, ok := bracket(b); ok {
			switch {
			case bytes.HasPrefix(text, []byte("client ")):
				apacheClient(text[7:], ported, r)
			case bytes.HasPrefix(text, []byte("remote ")):
				if !r.Remote.IsValid() {
					apacheClient(text[7:], ported, r)
				}
			case bytes.HasPrefix(text, []byte("pid ")), bytes.HasPrefix(text, []byte("R:")), bytes.HasPrefix(text, []byte("C:")),
				bytes.HasPrefix(text, []byte("tid ")):
			default:
				return b
			}
			b = rest
			continue
		}
		n := errnoOrFile(b)
		if n == 0 {
			return b
		}
		b = b[skipBlanks(b, n):]
	}
}

// errnoOrFile returns the length of "(13)Permission denied:" or
// "mod_authz_core.c(820):" at the front of b.
func errnoOrFile(b []byte) int {
	end := bytes.Index(b[:min(len(b), 120)], []byte(": "))
	if end < 2 {
		return 0
	}
	head := b[:end]
	switch {
	case head[0] == '(' && bytes.IndexByte(head, ')') > 1:
		if _, k := number(head[1:]); k > 0 && head[1+k] == ')' {
			return end + 1
		}
	case head[end-1] == ')' && bytes.Contains(head, []byte(".c(")):
		return end + 1
	}
	return 0
}

// apacheClient reads an address; 2.4 writes a port behind the last colon, and
// an IPv6 address without brackets.
func apacheClient(b []byte, ported bool, r *Record) {
	addr := b
	if i := bytes.LastIndexByte(b, ':'); ported && i > 0 && isPort(b[i:]) {
		if _, ok := readAddr(b[:i]); ok {
			addr = b[:i]
		}
	}
	setRemote(r, addr)
}
