package ingest

import (
	"bytes"

	"github.com/denylens/denylens/ingest/internal/clock"
)

// apintoLine reads the line formatter of Apinto in its documented layout:
// time, request id, then objects in quotes, all parted by tabs:
//
//	2006-01-02T15:04:05.000Z  id  "GET http /p?q host header 192.0.2.1"  "proxy"  "response"  "403 0"  "time"
//
// Nothing is escaped. Method and address, at the ends of the request object,
// cannot hold blanks; a line with other than seven columns is rejected.
type apintoLine struct {
	clock clock.Clock
}

func newApintoLine() Format { return &apintoLine{} }

func (p *apintoLine) Name() string { return "apinto_line" }

func (p *apintoLine) Parse(line []byte, r *Record) error {
	var col [7][]byte
	rest := line
	for i := range col {
		tab := bytes.IndexByte(rest, '\t')
		if (tab < 0) != (i == len(col)-1) {
			return FlawColumns
		}
		if tab < 0 {
			tab = len(rest)
		}
		if col[i] = rest[:tab]; i >= 2 {
			n := tab
			if n < 2 || rest[0] != '"' || rest[n-1] != '"' {
				return FlawQuote
			}
			col[i] = rest[1 : n-1]
		}
		rest = rest[min(tab+1, len(rest)):]
	}
	st, ok := p.clock.ISO(col[0])
	if !ok {
		return FlawTime
	}
	status, proxy := cutColumn(col[5])
	if !setStatus(r, status) {
		return FlawStatus
	}
	last := bytes.LastIndexByte(col[2], ' ')
	if last < 0 {
		return FlawColumns
	}
	method, request := cutColumn(col[2][:last])
	r.Time = st.Nanos
	stampBits(r, st)
	setUpstream(r, proxy)
	gatewayWhy(r)
	setRemote(r, col[2][last+1:])
	r.RequestID, r.Method = orNil(col[1]), orNil(method)
	scheme, request := cutColumn(request)
	if len(scheme) > 5 || len(request) == 0 {
		request = col[2][len(method)+1 : last]
	}
	if target, after := cutColumn(request); len(target) > 0 {
		setURI(r, target)
		r.Path = pathOf(r.Path)
		host, _ := cutColumn(after)
		if len(host) > 0 {
			r.Host = orNil(host)
		}
	}
	return nil
}
