package detect

import (
	"bytes"

	"github.com/denylens/denylens/ingest"
)

// leaf is a smallest cell of requests: all the values of the dimensions that
// belong to the request. Several raw requests share one.
type leaf struct {
	path                                              [maxDepth]uint32
	host, version, method, ua, major, os, refer, rule uint32
}

// values lists the numbers of l, wider values before narrower ones; 0 = none.
func (l *leaf) values() [11]uint32 {
	return [11]uint32{l.host, l.path[0], l.path[1], l.path[2], l.version, l.method, l.ua, l.major, l.os, l.refer, l.rule}
}

// leaves numbers the leaves and remembers which raw hash is which leaf. Both
// tables are bounded; the memory of hashes is dropped and built again.
type leaves struct {
	byHash  map[uint64]uint32
	byValue map[leaf]uint32
	list    []leaf
	limit   int
	refused int64
	route   route
	agent   agent
	text    []byte
}

func newLeaves(limit int) *leaves {
	return &leaves{byHash: make(map[uint64]uint32), byValue: make(map[leaf]uint32), list: make([]leaf, 1, 1024), limit: limit}
}

// id returns the number of the leaf of rec, whose raw hash is h.
func (ls *leaves) id(h uint64, rec *ingest.Record, s *symbols) uint32 {
	if id, ok := ls.byHash[h]; ok {
		return id
	}
	if len(ls.byHash) >= 2*ls.limit {
		clear(ls.byHash)
	}
	l := ls.make(rec, s)
	id, ok := ls.byValue[l]
	if !ok {
		if len(ls.list) >= ls.limit {
			ls.refused++
			l = leaf{method: l.method}
			if id, ok = ls.byValue[l]; !ok {
				return 0
			}
		} else {
			id = uint32(len(ls.list))
			ls.list = append(ls.list, l)
			ls.byValue[l] = id
		}
	}
	ls.byHash[h] = id
	return id
}

func (ls *leaves) make(rec *ingest.Record, s *symbols) (l leaf) {
	if len(rec.Path) > 0 && rec.Path[0] == '/' {
		makeRoute(rec.Path, &ls.route)
		l.path = s.path(&ls.route)
		if n := ls.route.verLen; n > 0 {
			l.version = s.id(DimVersion, bytes.ToLower(ls.route.text[ls.route.verPos:][:n]), 0)
		}
	}
	if len(rec.Host) <= 253 {
		l.host = s.id(DimHost, bytes.ToLower(rec.Host), 0)
	}
	if len(rec.Method) <= 16 {
		l.method = s.id(DimMethod, rec.Method, 0)
	}
	makeAgent(rec.Agent, &ls.agent)
	l.ua = s.id(DimAgent, ls.agent.family, 0)
	if len(ls.agent.major) > 0 {
		ls.text = append(append(append(ls.text[:0], ls.agent.family...), '/'), ls.agent.major...)
		l.major = s.id(DimAgent, ls.text, l.ua)
	}
	l.os = s.id(DimOS, []byte(ls.agent.os), 0)
	if h := refererHost(rec.Referer); h != nil {
		l.refer = s.id(DimReferer, bytes.ToLower(h), 0)
	}
	if len(rec.Rule) <= 128 {
		l.rule = s.id(DimRule, rec.Rule, 0)
	}
	return l
}
