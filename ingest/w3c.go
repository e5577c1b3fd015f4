package ingest

import (
	"bytes"

	"github.com/denylens/denylens/ingest/internal/clock"
)

// w3c reads what is laid out in the W3C's Extended Log File Format: columns that
// a line "#Fields: ..." names, times in UTC. IIS parts them by blanks, CloudFront
// by tabs. The names are taken from the head of a source, for its lines are read
// in blocks of which most hold none; a line with another number of columns is
// rejected.
//
// https://www.w3.org/TR/WD-logfile.html
type w3c struct {
	name    string
	parter  byte
	server  Server
	columns w3cColumns
	clock   clock.Clock
	stamp   [len("2006-01-02T15:04:05Z")]byte
}

// w3cColumns say what each column is.
type w3cColumns struct {
	of [maxSlots]w3cField
	n  int
}

// w3cField is a field of a line; those that are no field of every format come
// behind.
type w3cField struct {
	field field
	rank  uint8
	own   w3cOwn
}

type w3cOwn uint8

const (
	w3cNone w3cOwn = iota
	w3cDate
	w3cTime
	w3cSubstatus
	w3cTaken  // IIS: milliseconds, CloudFront: seconds
	w3cResult // CloudFront: why it answered as it did
)

// The columns of servers that are set up as they come.
const (
	iisFields        = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken"
	cloudfrontFields = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) " +
		"x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type " +
		"cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end"
)

func newIIS() Format {
	return &w3c{name: "iis", parter: ' ', server: ServerIIS, columns: columnsOf([]byte(iisFields))}
}

func newCloudFront() Format {
	return &w3c{name: "cloudfront", parter: '\t', server: ServerCloudFront, columns: columnsOf([]byte(cloudfrontFields))}
}

// columnsOf takes a list of names apart; columns of other names are skipped.
func columnsOf(names []byte) (c w3cColumns) {
	for _, name := range bytes.Fields(names) {
		if c.n == maxSlots {
			return w3cColumns{}
		}
		c.of[c.n] = w3cNames[string(name)]
		c.n++
	}
	return c
}

// w3cNames are the columns that are read.
var w3cNames = map[string]w3cField{
	"date": {own: w3cDate}, "time": {own: w3cTime}, "sc-substatus": {own: w3cSubstatus}, "time-taken": {own: w3cTaken}, "x-edge-detailed-result-type": {own: w3cResult},
	"c-ip": {field: jfAddr}, "cs-method": {field: jfMethod}, "cs-uri-stem": {field: jfURI}, "cs-uri-query": {field: jfQuery},
	"cs-version": {field: jfProto}, "cs-protocol-version": {field: jfProto}, "cs-username": {field: jfUser},
	"cs-host": {field: jfHost}, "x-host-header": {field: jfHost}, "cs(Host)": {field: jfHost, rank: 1}, // the last is CloudFront's own name beside the visitor's
	"cs(User-Agent)": {field: jfAgent}, "cs(Referer)": {field: jfReferer},
	"X-Forwarded-For": {field: jfForwarded}, "cs(X-Forwarded-For)": {field: jfForwarded}, "x-forwarded-for": {field: jfForwarded},
	"sc-status": {field: jfStatus}, "sc-bytes": {field: jfBytes}, "x-edge-request-id": {field: jfRequestID},
}

// directive finds the columns that a directive among the first lines names, and
// whether it is one of CloudFront's.
func directive(lines [][]byte) (c w3cColumns, edge bool) {
	for _, line := range lines {
		if names, is := bytes.CutPrefix(line, []byte("#Fields:")); is {
			c = columnsOf(names)
			return c, bytes.Contains(names, []byte("x-edge-"))
		}
	}
	return c, false
}

func (p *w3c) Name() string { return p.name }

func (p *w3c) Parse(line []byte, r *Record) error {
	if len(line) == 0 || line[0] == '#' || line[0] == '{' || line[0] == '[' {
		return FlawFormat
	}
	var m found
	var own [w3cResult + 1][]byte
	k := 0
	for rest := line; ; k++ {
		end := bytes.IndexByte(rest, p.parter)
		column := rest
		if end >= 0 {
			column = rest[:end]
		}
		if k == p.columns.n {
			return FlawColumns
		}
		if c := p.columns.of[k]; c.own != w3cNone {
			own[c.own] = column
		} else if c.field != jfNone && string(column) != "-" {
			m.put(c.field, c.rank, jsonValue{column, jsonString})
		}
		if end < 0 {
			break
		}
		rest = rest[end+1:]
	}
	if k+1 != p.columns.n {
		return FlawColumns
	}
	if len(own[w3cDate]) != 10 || len(own[w3cTime]) != 8 || m.have&bitStatus == 0 {
		return FlawMissing
	}
	stamp := append(append(append(append(p.stamp[:0], own[w3cDate]...), 'T'), own[w3cTime]...), 'Z')
	m.put(jfTime, 0, jsonValue{stamp, jsonString})
	taken := jfMillis
	if p.parter == '\t' {
		taken = jfSeconds
	}
	m.put(taken, 0, jsonValue{own[w3cTaken], jsonString})
	if flaw := m.fill(r, &p.clock, decoding{none: true}); flaw != NoFlaw {
		return flaw
	}
	r.Server = p.server
	p.decode(r)
	p.why(r, own[w3cSubstatus], own[w3cResult])
	return nil
}

// decode undoes what keeps blanks out of columns: IIS writes + for them,
// CloudFront percent-encodes, some clients' headers a second time.
func (p *w3c) decode(r *Record) {
	if p.parter == '\t' {
		r.Agent = unescapeURL(unescapeURL(r.Agent))
		return
	}
	for i, c := range r.Agent {
		if c == '+' {
			r.Agent[i] = ' '
		}
	}
}

// substatus is what IIS says of a 403 by the number behind it, as Microsoft's
// overview of its status codes has them.
var substatus = map[string]Why{
	"1": WhyServerConfig, "2": WhyServerConfig, "3": WhyServerConfig, "10": WhyServerConfig, "18": WhyServerConfig, "19": WhyServerConfig,
	"4": WhyTLSRequired, "5": WhyTLSRequired,
	"6": WhyAddress, "8": WhyAddress, "503": WhyAddress,
	"7": WhyClientCert, "12": WhyClientCert, "13": WhyClientCert, "16": WhyClientCert, "17": WhyClientCert,
	"9": WhyRateLimit, "501": WhyRateLimit, "502": WhyRateLimit,
	"14": WhyNoIndex,
}

func (p *w3c) why(r *Record, sub, result []byte) {
	switch {
	case r.Status == 403 && len(sub) > 0:
		r.Why = substatus[string(sub)]
	case r.Status == 403 && string(result) == "ClientGeoBlocked":
		r.Why = WhyEdgeCountry
	case (r.Status == 403 || r.Status == 503) && string(result) == "LimitExceeded":
		r.Why = WhyRateLimit
	}
}
