package detect

// symbols gives values of dimensions small numbers. It is bounded: when it is
// full, new values get none (0) and are counted; they still count in the
// totals and in every other dimension.
type symbols struct {
	ids     map[symKey]uint32
	list    chunks[symbol]
	limit   int
	refused int64
	seen    [numDims]bool // dimensions of which a value was met
}

type symKey struct {
	dim  Dim
	text string
}

// symbol is one value of one dimension.
type symbol struct {
	symKey
	parent   uint32 // the wider value it lies in, 0 = everyone
	children uint16 // path: distinct next segments
	depth    uint8  // path: segments
}

// maxChildren is how many next segments a path prefix may have before further
// ones are taken for names of objects and stay with the prefix.
const maxChildren = 200

func newSymbols(limit int) *symbols {
	return &symbols{ids: make(map[symKey]uint32), list: newChunks[symbol](limit), limit: limit}
}

// id returns the number of a value, 0 if there is no room.
func (s *symbols) id(dim Dim, text []byte, parent uint32) uint32 {
	if len(text) == 0 {
		return 0
	}
	if id, ok := s.ids[symKey{dim, string(text)}]; ok {
		return id
	}
	if s.list.n >= s.limit {
		s.refused++
		return 0
	}
	key := symKey{dim, string(text)}
	id := s.list.add()
	s.ids[key], s.seen[dim] = id, true
	*s.list.at(id) = symbol{symKey: key, parent: parent}
	return id
}

// path returns the numbers of the prefixes of a route, longest last.
func (s *symbols) path(r *route) (p [maxDepth]uint32) {
	var up uint32
	for d := 0; d < int(r.depth); d++ {
		text := r.text[:r.ends[d]]
		if id, ok := s.ids[symKey{DimPath, string(text)}]; ok {
			p[d], up = id, id
			continue
		}
		if up != 0 && s.list.at(up).children >= maxChildren {
			return p
		}
		id := s.id(DimPath, text, up)
		if id == 0 {
			return p
		}
		s.list.at(id).depth = uint8(d + 1)
		if up != 0 {
			s.list.at(up).children++
		}
		p[d], up = id, id
	}
	return p
}

func (s *symbols) text(id uint32) string { return s.list.at(id).text }
