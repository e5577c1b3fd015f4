package ingest

import (
	"bytes"

	"github.com/denylens/denylens/ingest/internal/clock"
)

// jsonAccess reads access logs of one flat JSON object a line, whose keys the
// operator chose.
type jsonAccess struct {
	name   string
	list   []alias
	lookup func([]byte) uint8
	must   uint64 // fields that a line must have, a bit each
	dash   bool   // "-" is text, not absence: escape=json writes nothing for that
	order  keyOrder
	clock  clock.Clock
}

func newJSONAccess() Format {
	return &jsonAccess{name: "json", list: aliases, lookup: aliasID, must: bitTime | bitStatus}
}

func (p *jsonAccess) Name() string { return p.name }

func (p *jsonAccess) Parse(line []byte, r *Record) error {
	var m found
	if flaw := p.collect(line, &m); flaw != NoFlaw {
		return flaw
	}
	if m.have&p.must != p.must || p.must&bitStatus != 0 && m.have&(bitAddr|bitRequest|bitURI) == 0 {
		return FlawMissing
	}
	d := decoding{json: true, dash: p.dash, escapes: bytes.IndexByte(line, '\\') >= 0}
	if flaw := m.fill(r, &p.clock, d); flaw != NoFlaw {
		return flaw
	}
	return nil
}

// collect finds the values of the fields.
func (p *jsonAccess) collect(line []byte, m *found) Flaw {
	s := jsonScan{order: &p.order, lookup: p.lookup}
	if !s.begin(line) {
		return s.flaw
	}
	var seen [4]uint64
	for {
		id, ok := s.next()
		if !ok {
			return s.flaw
		}
		if id == 0 {
			continue
		}
		a := &p.list[id]
		bit := uint64(1) << (id & 63)
		again := seen[id>>6]&bit != 0
		seen[id>>6] |= bit
		if again && a.field.vital() {
			return FlawDuplicate
		}
		f := a.field
		if f == jfUpstream && s.val.kind == jsonAbsent {
			s.val.kind = jsonBare // nothing there means that none was asked
		}
		if s.val.kind == jsonAbsent || s.val.kind == jsonNested {
			if again && m.rank[f] == a.rank { // the last one wins
				m.v[f], m.have = jsonValue{}, m.have&^(1<<f)
			}
			continue
		}
		m.put(f, a.rank, s.val)
	}
}
