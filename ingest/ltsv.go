package ingest

import (
	"bytes"

	"github.com/denylens/denylens/ingest/internal/clock"
)

// ltsv reads Labeled Tab-separated Values: label:value, parted by tabs
// (ltsv.org). Its labels, and the names that JSON logs use, are known.
type ltsv struct {
	clock clock.Clock
}

func newLTSV() Format { return &ltsv{} }

func (p *ltsv) Name() string { return "ltsv" }

// ltsvLabels are the labels that mean something else than in JSON logs, where
// host is the virtual host.
var ltsvLabels = map[string]alias{
	"host": {"host", jfAddr, 1}, "req": {"req", jfRequest, 0}, "vhost": {"vhost", jfHost, 0}, "reqtime": {"reqtime", jfSeconds, 0},
	"reqtime_microsec": {"reqtime_microsec", jfMicros, 0}, "forwardedfor": {"forwardedfor", jfForwarded, 0}, "apptime": {},
}

func (p *ltsv) Parse(line []byte, r *Record) error {
	var m found
	var seen uint64
	columns := 0
	for rest := line; rest != nil; {
		column := rest
		if tab := bytes.IndexByte(rest, '\t'); tab >= 0 {
			column, rest = rest[:tab], rest[tab+1:]
		} else {
			rest = nil
		}
		colon := bytes.IndexByte(column, ':')
		if colon <= 0 {
			if len(column) == 0 {
				continue
			}
			return FlawColumns
		}
		columns++
		a, ok := ltsvLabels[string(column[:colon])]
		if !ok {
			a = aliases[aliasID(column[:colon])]
		}
		if a.field == jfNone {
			continue
		}
		if bit := uint64(1) << a.field; a.field.vital() && m.rank[a.field] == a.rank {
			if seen&bit != 0 {
				return FlawDuplicate
			}
			seen |= bit
		}
		m.put(a.field, a.rank, jsonValue{column[colon+1:], jsonString})
	}
	if columns < 3 {
		return FlawFormat
	}
	if m.have&(bitTime|bitStatus) != bitTime|bitStatus {
		return FlawMissing
	}
	if flaw := m.fill(r, &p.clock, decoding{escapes: bytes.IndexByte(line, '\\') >= 0}); flaw != NoFlaw {
		return flaw
	}
	return nil
}
