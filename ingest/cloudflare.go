package ingest

import (
	"bytes"

	"github.com/denylens/denylens/ingest/internal/clock"
)

// cfField is a field of Cloudflare's http_requests and firewall_events that
// is read.
type cfField uint8

const (
	cfNone cfField = iota
	cfStart
	cfEnd
	cfDatetime
	cfClientIP
	cfStatus
	cfOriginStatus
	cfMethod
	cfURI
	cfPath
	cfQuery
	cfProto
	cfHost
	cfReferer
	cfAgent
	cfRay
	cfCountry
	cfASN
	cfBodyBytes
	cfBytes
	cfAction
	cfActions
	cfRuleID
	cfRuleIDs
	cfSource
	cfSources
	cfRequestSource
	cfSubrequest
	cfMillis
	cfPathingSrc
	cfPathingOp
	cfPathingStatus
	cfSample
	cfKind
	cfMatchIndex
	cfDescription
	cfOriginatorRay
	cfContent
	numCFFields
)

// cfIDs names the fields. The names of before August 2023 (WAF...,
// FirewallMatches...) live on in archives.
var cfIDs = map[string]uint8{
	"EdgeStartTimestamp": uint8(cfStart), "EdgeEndTimestamp": uint8(cfEnd), "Datetime": uint8(cfDatetime),
	"ClientIP": uint8(cfClientIP), "EdgeResponseStatus": uint8(cfStatus), "OriginResponseStatus": uint8(cfOriginStatus),
	"ClientRequestMethod": uint8(cfMethod), "ClientRequestURI": uint8(cfURI), "ClientRequestPath": uint8(cfPath),
	"ClientRequestQuery": uint8(cfQuery), "ClientRequestProtocol": uint8(cfProto), "ClientRequestHost": uint8(cfHost),
	"ClientRequestReferer": uint8(cfReferer), "ClientRequestUserAgent": uint8(cfAgent), "RayID": uint8(cfRay),
	"ClientCountry": uint8(cfCountry), "ClientASN": uint8(cfASN),
	"EdgeResponseBodyBytes": uint8(cfBodyBytes), "EdgeResponseBytes": uint8(cfBytes),
	"SecurityAction": uint8(cfAction), "WAFAction": uint8(cfAction), "Action": uint8(cfAction),
	"SecurityActions": uint8(cfActions), "FirewallMatchesActions": uint8(cfActions),
	"SecurityRuleID": uint8(cfRuleID), "WAFRuleID": uint8(cfRuleID), "RuleID": uint8(cfRuleID),
	"SecurityRuleIDs": uint8(cfRuleIDs), "FirewallMatchesRuleIDs": uint8(cfRuleIDs),
	"Source": uint8(cfSource), "SecuritySources": uint8(cfSources), "FirewallMatchesSources": uint8(cfSources),
	"ClientRequestSource": uint8(cfRequestSource), "WorkerSubrequest": uint8(cfSubrequest),
	"EdgeTimeToFirstByteMs": uint8(cfMillis), "EdgePathingSrc": uint8(cfPathingSrc), "EdgePathingOp": uint8(cfPathingOp),
	"EdgePathingStatus": uint8(cfPathingStatus), "sampleInterval": uint8(cfSample), "SampleInterval": uint8(cfSample),
	"Kind": uint8(cfKind), "MatchIndex": uint8(cfMatchIndex), "Description": uint8(cfDescription),
	"OriginatorRayID": uint8(cfOriginatorRay), "content": uint8(cfContent),
}

func cfID(key []byte) uint8 { return cfIDs[string(key)] }

// cfVital are the fields that decide: a second one may be a forgery.
const cfVital = 1<<cfStart | 1<<cfDatetime | 1<<cfClientIP | 1<<cfStatus

// cfValues is a line of either data set, taken apart.
type cfValues struct {
	v    [numCFFields]jsonValue
	have uint64
}

// scan takes line apart.
func (m *cfValues) scan(line []byte, order *keyOrder) Flaw {
	s := jsonScan{order: order, lookup: cfID}
	if !s.begin(line) {
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
		bit := uint64(1) << id
		if m.have&bit&cfVital != 0 {
			return FlawDuplicate
		}
		m.have |= bit
		m.v[id] = s.val
	}
}

// has tells whether the field is there and not null, "" or [].
func (m *cfValues) has(f cfField) bool { return len(m.v[f].text) > 0 && string(m.v[f].text) != "[]" }

// text returns a field, decoded in place; nil if it is empty.
func (m *cfValues) text(f cfField, esc bool) []byte {
	v := m.v[f]
	if len(v.text) == 0 || v.kind == jsonNested {
		return nil
	}
	if esc && v.kind == jsonString {
		return unescapeJSON(v.text)
	}
	return v.text
}

// cloudflare reads Logpush and Instant Logs records of the data set
// http_requests, one JSON object a line.
type cloudflare struct {
	order keyOrder
	clock clock.Clock
}

func newCloudflare() Format { return &cloudflare{} }

func (p *cloudflare) Name() string { return "cloudflare" }

func (p *cloudflare) Parse(line []byte, r *Record) error {
	var m cfValues
	if flaw := m.scan(line, &p.order); flaw != NoFlaw {
		return flaw
	}
	const must = 1<<cfClientIP | 1<<cfStatus
	if m.have&must != must || m.have&(1<<cfStart|1<<cfEnd) == 0 {
		if m.have == 1<<cfContent {
			return FlawOther // what Logpush writes to try a destination
		}
		return FlawMissing
	}
	if m.has(cfRequestSource) && string(m.v[cfRequestSource].text) != "eyeball" || string(m.v[cfSubrequest].text) == "true" {
		return FlawOther // a Worker's own request, no visitor's
	}
	if flaw := p.fixed(&m, r); flaw != NoFlaw {
		return flaw
	}
	cfCommon(&m, r, bytes.IndexByte(line, '\\') >= 0)
	if r.URI != nil {
		setURI(r, r.URI)
	} else if r.Path != nil {
		setURI(r, r.Path)
	}
	cfDecision(&m, r)
	return nil
}

// fixed reads the fields that are no text.
func (p *cloudflare) fixed(m *cfValues, r *Record) Flaw {
	stamp := m.v[cfStart]
	if !m.has(cfStart) {
		stamp = m.v[cfEnd]
	}
	return cfFixed(m, r, stamp, &p.clock)
}

// decoded returns v without escapes, without touching the line.
func (v jsonValue) decoded(scratch *[64]byte) []byte {
	return decoding{json: true, escapes: v.kind == jsonString}.short(v.text, scratch)
}

func cfFixed(m *cfValues, r *Record, stamp jsonValue, c *clock.Clock) Flaw {
	var scratch [64]byte
	st, ok := c.Any(stamp.decoded(&scratch))
	if !ok {
		return FlawTime
	}
	r.Time = st.Nanos
	stampBits(r, st)
	if m.has(cfStatus) {
		b := m.v[cfStatus].decoded(&scratch)
		n, k := number(b)
		if k != len(b) || n > 9999 { // 1020 and its kin are Cloudflare's own
			return FlawStatus
		}
		r.Status = uint16(n)
		r.Has |= HasStatus
	}
	if a, ok := readAddr(m.v[cfClientIP].decoded(&scratch)); ok {
		r.Remote, r.Client = a, a
	}
	if n, k := number(m.v[cfOriginStatus].decoded(&scratch)); k > 0 && n < 1000 {
		r.OriginStatus = uint16(n)
		r.Has |= HasOrigin
	}
	if n, k := number(m.v[cfASN].decoded(&scratch)); k > 0 && n < 1<<32 {
		r.ASN = uint32(n)
	}
	if c := m.v[cfCountry].decoded(&scratch); len(c) == 2 {
		setCountry(r, c)
	}
	size := m.v[cfBodyBytes]
	if !m.has(cfBodyBytes) {
		size = m.v[cfBytes]
	}
	if n, k := number(size.text); k > 0 && k == len(size.text) {
		r.Bytes = n
		r.Has |= HasBytes
	}
	if n, k := number(m.v[cfSample].text); k > 0 && n > 0 && n < 1<<24 {
		r.Weight = float32(n)
	}
	cfDuration(m, r)
	return NoFlaw
}
