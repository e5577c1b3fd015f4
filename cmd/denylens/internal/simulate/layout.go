package simulate

import (
	"io"
	"strconv"
	"time"
)

// Formats are the layouts that Options.Format may name: nginx's and Apache's
// combined, Debian Apache's vhost_combined, nginx's packaged main, JSON as an
// nginx log_format writes it, and Cloudflare's http_requests.
var Formats = []string{"combined", "vhost_combined", "main", "json", "cloudflare"}

// layout appends one line, with its end, to b. at is the moment at which the
// answer was complete, u a random number that belongs to the line.
type layout func(b []byte, c *clock, at int64, u uint64, r *request) []byte

func newLayout(name string) layout {
	switch name {
	case "combined":
		return combined
	case "vhost_combined":
		return vhostCombined
	case "main":
		return mainFormat
	case "json":
		return jsonLines
	case "cloudflare":
		return cloudflare
	}
	return nil
}

const blockSize = 128 << 10

// lineWriter collects lines and hands them on in blocks.
type lineWriter struct {
	w      io.Writer
	layout layout
	clock  clock
	buf    []byte
	lines  int64
	err    error
}

func newLineWriter(w io.Writer, l layout) *lineWriter {
	return &lineWriter{w: w, layout: l, buf: make([]byte, 0, blockSize+16<<10)}
}

func (o *lineWriter) write(at int64, u uint64, r *request) {
	o.buf = o.layout(o.buf, &o.clock, at, u, r)
	o.lines++
	if len(o.buf) >= blockSize {
		o.flush()
	}
}

func (o *lineWriter) flush() {
	if o.err == nil && len(o.buf) > 0 {
		_, o.err = o.w.Write(o.buf)
	}
	o.buf = o.buf[:0]
}

func (o *lineWriter) close() error {
	o.flush()
	return o.err
}

// clock renders times of the common log format, which repeat.
type clock struct {
	second int64
	text   []byte
}

func (c *clock) clf(b []byte, at int64) []byte {
	if s := at / 1e9; s != c.second || c.text == nil {
		c.second = s
		c.text = time.Unix(s, 0).UTC().AppendFormat(c.text[:0], "[02/Jan/2006:15:04:05 -0700]")
	}
	return append(b, c.text...)
}

// nginxStamp is the time nginx writes: when the answer is complete. Workers
// with buffered logs get a second or so out of step.
func nginxStamp(at int64, u uint64) int64 {
	if u%64 == 0 {
		return at - int64(u>>32%1500)*1e6
	}
	return at
}

func combined(b []byte, c *clock, at int64, u uint64, r *request) []byte {
	b = prefix(b, c, nginxStamp(at, u), r)
	b = strconv.AppendInt(b, int64(r.bytes), 10)
	b = quoted(append(b, ' '), r.referer, nginxEscape)
	b = quoted(append(b, ' '), r.agent, nginxEscape)
	return append(b, '\n')
}

func mainFormat(b []byte, c *clock, at int64, u uint64, r *request) []byte {
	b = combined(b, c, at, u, r)
	return append(b[:len(b)-1], ` "-"`+"\n"...)
}

// vhostCombined is what Debian's Apache writes: the time is when the request
// began while the line is written when it ended, so slow answers are out of
// order; sizes include headers.
func vhostCombined(b []byte, c *clock, at int64, u uint64, r *request) []byte {
	host := r.host
	if host == "" {
		host = "www.example.com"
	}
	b = append(append(b, host...), ":443 "...)
	b = prefix(b, c, at-seconds(r.dur), r)
	b = strconv.AppendInt(b, int64(r.bytes+260+int(u%40)), 10)
	b = quoted(append(b, ' '), r.referer, apacheEscape)
	b = quoted(append(b, ' '), r.agent, apacheEscape)
	return append(b, '\n')
}

// prefix is address, user, time, request line and status.
func prefix(b []byte, c *clock, stamp int64, r *request) []byte {
	b = append(append(b, r.client.text...), " - "...)
	if r.user == "" {
		b = append(b, "- "...)
	} else {
		b = append(append(b, r.user...), ' ')
	}
	b = append(c.clf(b, stamp), ` "`...)
	if r.raw != "" {
		b = escape(b, r.raw, nginxEscape)
	} else {
		b = requestLine(b, r)
	}
	b = append(b, `" `...)
	return append(strconv.AppendInt(b, int64(r.status), 10), ' ')
}

func requestLine(b []byte, r *request) []byte {
	b = append(append(b, r.method...), ' ')
	b = append(b, r.path...)
	if r.query != "" {
		b = append(append(b, '?'), r.query...)
	}
	return append(append(b, ' '), r.proto...)
}

func quoted(b []byte, s string, mode escaping) []byte {
	if s == "" {
		return append(b, `"-"`...)
	}
	return append(escape(append(b, '"'), s, mode), '"')
}

type escaping uint8

const (
	nginxEscape escaping = iota
	apacheEscape
	jsonEscape
)

const (
	upperHex = "0123456789ABCDEF"
	lowerHex = "0123456789abcdef"
)

// escape appends s as the server would log it.
func escape(b []byte, s string, mode escaping) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			b = append(b, c)
			continue
		}
		switch {
		case mode == nginxEscape:
			b = append(b, '\\', 'x', upperHex[c>>4], upperHex[c&15])
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case mode == apacheEscape:
			b = append(b, '\\', 'x', lowerHex[c>>4], lowerHex[c&15])
		case c < 0x80:
			b = append(b, '\\', 'u', '0', '0', upperHex[c>>4], upperHex[c&15])
		default: // nginx copies these as they are
			b = append(b, c)
		}
	}
	return b
}
