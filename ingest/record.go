package ingest

import (
	"net/netip"
	"time"
)

// Kind says what a line testifies to.
type Kind uint8

const (
	// Access is one request with its answer.
	Access Kind = iota
	// Explain is a line that explains an answer given elsewhere: a server's
	// error log, a WAF message, a non-final firewall event. It is no request
	// and is never counted as one.
	Explain
)

// Fields tells which of the fields that have no absent value of their own a
// line carried. Text fields need no bit: nil is absent, empty is present.
type Fields uint16

const (
	HasStatus Fields = 1 << iota
	HasBytes
	HasDuration
	HasUpstream // Upstream holds the status an upstream (application) answered with, or 0 when none was asked
	HasOrigin   // OriginStatus: 0 means the edge answered by itself
	HasMillis   // Time is finer than one second
	HasZone     // the line stated its time zone
	HasEast     // East: the time was written with an offset from UTC, so not as "Z" nor as an epoch number
	BytesDash   // Bytes is 0 because the line has a dash, which is how Apache's %b writes an answer without a body
)

// Record is one line of a log, read. All []byte fields are views into the
// Batch that holds the Record: they are valid until the Batch is filled again.
// Keep nothing of them; Clone is the way out.
//
// Text is unescaped (\x22 is a quote, \u00e9 two bytes), so it may hold any byte:
// encode it at every sink. A nil text is absent (a "-" in a log); an empty one
// was there and empty.
//
// Note: views were measured against offsets and against columns; all three
// cost the same, and views read best.
type Record struct {
	Time     int64         // Unix nanoseconds, UTC
	Pos      int64         // offset of the line's first byte in its source (decompressed)
	Line     int64         // line number in its source, from 1
	Duration time.Duration // time taken to answer, if HasDuration
	Bytes    int64         // size of the answer, if HasBytes
	Remote   netip.Addr    // the peer's address as logged; invalid if the log has a name or nothing
	Client   netip.Addr    // the client's address after trusted proxies; equals Remote without them; 4-in-6 unmapped, no zone
	ASN      uint32        // autonomous system stated by the log; 0 = not stated
	Weight   float32       // requests this line stands for (sampled logs); 0 and 1 both mean one

	Status       uint16 // answer to the client; 0 with HasStatus = closed without one
	Upstream     uint16 // last upstream's status, see HasUpstream
	OriginStatus uint16 // edge logs: what the origin answered, see HasOrigin
	Has          Fields
	Kind         Kind
	Server       Server  // what wrote the line, if its format tells
	Why          Why     // a reason the log itself states for the refusal (error log line, edge action)
	Country      [2]byte // ISO 3166 alpha-2 stated by the log, upper case; zero = not stated
	East         int16   // minutes by which the clock of the log is ahead of UTC, if HasEast

	RemoteText []byte // column 1 as logged (a host name, unix:, a list)
	User       []byte // authenticated (or claimed) user, consumer, application
	Request    []byte // the request line, whole
	Method     []byte // empty or nil if the request line is malformed
	URI        []byte // request target, raw
	Path       []byte // URI up to the first '?'
	Query      []byte // behind the '?'; nil if there is none
	Proto      []byte
	Referer    []byte
	Agent      []byte // user agent
	Host       []byte // virtual host asked for, or serving
	Forwarded  []byte // X-Forwarded-For or the like, raw
	RequestID  []byte // request id, ray, trace or connection number
	Rule       []byte // id of the WAF or firewall rule that decided
	Action     []byte // what an edge or WAF did: block, challenge, ...; lower case
	Source     []byte // which of its parts did: waf, country, ip, ratelimit ...; lower case
	Message    []byte // Explain: the message behind the prefix
}

// Reset makes r empty, as Format.Parse expects it.
func (r *Record) Reset() { *r = Record{} }

// Clone returns a copy of r that outlives its Batch.
func (r *Record) Clone() Record {
	c := *r
	for _, f := range c.texts() {
		if *f != nil {
			*f = append([]byte{}, *f...)
		}
	}
	return c
}

func (r *Record) texts() [17]*[]byte {
	return [17]*[]byte{&r.RemoteText, &r.User, &r.Request, &r.Method, &r.URI, &r.Path, &r.Query, &r.Proto,
		&r.Referer, &r.Agent, &r.Host, &r.Forwarded, &r.RequestID, &r.Rule, &r.Action, &r.Source, &r.Message}
}
