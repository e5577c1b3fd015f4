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
	write                                             uint32
}

// leafValues is how many values a leaf has.
const leafValues = 12

// values lists the numbers of l, wider values before narrower ones; 0 = none.
func (l *leaf) values() [leafValues]uint32 {
	return [leafValues]uint32{l.host, l.path[0], l.path[1], l.path[2], l.version, l.method, l.ua, l.major, l.os, l.write, l.refer, l.rule}
}

// leaves numbers the leaves. Their parts are found by the hashes that the
// Reducer made; text is looked at when a hash is new. All tables are bounded;
// the memory of hashes is dropped when full and built again.
type leaves struct {
	byValue *dict[uint32] // by the hash of what they say
	list    chunks[leaf]
	limit   int
	refused int64
	routes  *dict[routeParts]
	agents  *dict[agentParts]
	names   *dict[uint32] // host, method, referer, rule
	known   []knownLeaf   // direct-mapped: leaves met lately
	route   route
	agent   agent
	text    []byte
}

type routeParts struct {
	path    [maxDepth]uint32
	version uint32
}

type agentParts struct{ ua, major, os uint32 }

// knownLeaf is the number of what hashes to hash.
type knownLeaf struct {
	hash uint64
	id   uint32
}

const (
	partsLimit = 1 << 16
	knownBits  = 18
)

func newLeaves(limit int) *leaves {
	return &leaves{byValue: newDict[uint32](), list: newChunks[leaf](limit), limit: limit,
		routes: newDict[routeParts](), agents: newDict[agentParts](), names: newDict[uint32](), known: make([]knownLeaf, 1<<knownBits)}
}

// id returns the number of the leaf of rec.
func (ls *leaves) id(o *obs, rec *ingest.Record, s *symbols) uint32 {
	k := &ls.known[o.leaf>>(64-knownBits)]
	if k.hash != o.leaf {
		l := ls.make(o, rec, s)
		k.hash, k.id = o.leaf, ls.number(&l)
	}
	return k.id
}

// number returns the number of a leaf, making it if it is new; that of a leaf
// that says nothing if there is no room.
func (ls *leaves) number(l *leaf) uint32 {
	id, hash := ls.find(l)
	switch {
	case id != 0:
		return id
	case ls.list.n >= ls.limit:
		ls.refused++
		id, _ = ls.find(&leaf{})
		return id
	}
	id = ls.list.add()
	*ls.list.at(id) = *l
	*ls.byValue.put(hash) = id
	return id
}

// find returns the number of a leaf, 0 if it has none, and the hash that it has
// or would have: should two leaves hash alike, the second takes the next one.
func (ls *leaves) find(l *leaf) (id uint32, hash uint64) {
	for hash = l.hash(); ; hash++ {
		p := ls.byValue.find(hash)
		if p == nil {
			return 0, hash
		}
		if *ls.list.at(*p) == *l {
			return *p, hash
		}
	}
}

func (l *leaf) hash() uint64 {
	v := l.values()
	h := uint64(k2)
	for i := 0; i+1 < len(v); i += 2 {
		h = mix(h, uint64(v[i])<<32|uint64(v[i+1]))
	}
	return mix(h, uint64(v[len(v)-1]))
}

func (ls *leaves) make(o *obs, rec *ingest.Record, s *symbols) (l leaf) {
	if len(rec.Path) > 0 && rec.Path[0] == '/' {
		p := ls.routeOf(o.tmpl, rec.Path, s)
		l.path, l.version = p.path, p.version
	}
	a := ls.agentOf(o.agent, rec.Agent, s)
	l.ua, l.major, l.os = a.ua, a.major, a.os
	if len(rec.Host) <= 253 {
		l.host = ls.name(DimHost, rec.Host, s, true)
	}
	if len(rec.Method) <= 16 {
		l.method = ls.name(DimMethod, rec.Method, s, false)
		if o.flags&fWrite != 0 {
			l.write = ls.writeTo(rec.Method, l.second(), s)
		}
	}
	if o.flags&fSelf == 0 {
		l.refer = ls.name(DimReferer, refererHost(rec.Referer), s, true)
	}
	if len(rec.Rule) <= 128 {
		l.rule = ls.name(DimRule, rec.Rule, s, false)
	}
	return l
}

func (ls *leaves) routeOf(tmpl uint64, path []byte, s *symbols) routeParts {
	if p := ls.routes.find(tmpl); p != nil {
		return *p
	}
	if ls.routes.n >= partsLimit {
		ls.routes.reset()
	}
	makeRoute(path, &ls.route)
	p := routeParts{path: s.path(&ls.route)}
	if n := ls.route.verLen; n > 0 {
		p.version = s.id(DimVersion, bytes.ToLower(ls.route.text[ls.route.verPos:][:n]), 0)
	}
	*ls.routes.put(tmpl) = p
	return p
}

func (ls *leaves) agentOf(hash uint64, text []byte, s *symbols) agentParts {
	if p := ls.agents.find(hash); p != nil {
		return *p
	}
	if ls.agents.n >= partsLimit {
		ls.agents.reset()
	}
	makeAgent(text, &ls.agent)
	a := agentParts{ua: s.id(DimAgent, ls.agent.family, 0), os: s.id(DimOS, []byte(ls.agent.os), 0)}
	if len(ls.agent.major) > 0 {
		ls.text = append(append(append(ls.text[:0], ls.agent.family...), '/'), ls.agent.major...)
		a.major = s.id(DimAgent, ls.text, a.ua)
	}
	*ls.agents.put(hash) = a
	return a
}

// second is the second level of the path, or the first if it has no other.
func (l *leaf) second() uint32 {
	if l.path[1] != 0 {
		return l.path[1]
	}
	return l.path[0]
}

// writeTo is the number of what is sent to a path with a method.
func (ls *leaves) writeTo(method []byte, path uint32, s *symbols) uint32 {
	if path == 0 {
		return 0
	}
	ls.text = append(append(append(ls.text[:0], method...), ' '), s.text(path)...)
	return s.id(DimWrite, ls.text, path)
}

// name is the number of a plain value.
func (ls *leaves) name(d Dim, text []byte, s *symbols, fold bool) uint32 {
	if len(text) == 0 {
		return 0
	}
	h := hashBytes(text, uint64(d))
	if p := ls.names.find(h); p != nil {
		return *p
	}
	if ls.names.n >= partsLimit {
		ls.names.reset()
	}
	if fold {
		text = bytes.ToLower(text)
	}
	id := s.id(d, text, 0)
	*ls.names.put(h) = id
	return id
}
