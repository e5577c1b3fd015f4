package detect

import (
	"strings"
)

// siteSpace is the space of the engine's own axes. A rule's id is known of
// refused requests only, so it says why, not whom. What is sent to a path has
// counts of its own, but the path and the method are its name.
var siteSpace = space{
	group:  []int{0, 0, 0, 0, -1, -1, 1, 1, 1, -1, -1, 2, 2, -1, -1, -1, -1},
	prefer: []int{12, 10, 4, 6, 20, 16, 13, 14, 15, 18, 8, 8, 8, 6, -1, 8, -1},
	vague:  [numAxes]bool{axMethod: true, axOS: true},
}

// newSpace is the site's space with the names known to e.
func (e *Engine) newSpace() *space {
	sp := siteSpace
	sp.thing = func(t term) bool { return axisDim[t.axis] == DimPath && strings.HasSuffix(e.syms.text(t.value), "{n}") }
	return &sp
}

var axisDim = [numAxes]Dim{DimCountry, DimASN, DimNetwork, DimNetwork, DimUser, DimHost, DimPath, DimPath, DimPath, DimVersion, DimMethod, DimAgent, DimAgent, DimOS, DimWrite, DimReferer, DimRule}

// axes lists a fact's value on each axis.
func (e *Engine) axes(f *fact) [numAxes]uint32 { return e.axesOf(f.attr, f.leaf, f.rule) }

func (e *Engine) axesOf(attr [5]uint32, leaf, rule uint32) (v [numAxes]uint32) {
	l := e.leaves.list.at(leaf)
	copy(v[axCountry:], attr[:])
	v[axHost], v[axPath1], v[axPath2], v[axPath3] = l.host, l.path[0], l.path[1], l.path[2]
	v[axVersion], v[axMethod], v[axAgent], v[axMajor], v[axOS] = l.version, l.method, l.ua, l.major, l.os
	v[axWrite] = l.write
	v[axRule] = l.rule
	if l.refer != e.self.sym {
		v[axReferer] = l.refer
	}
	if rule != 0 {
		v[axRule] = rule
	}
	return v
}

// at is a fact's value on one axis.
func (e *Engine) at(f *fact, axis uint8) uint32 {
	l := e.leaves.list.at(f.leaf)
	switch {
	case axis <= axUser:
		return f.attr[axis]
	case axis < axReferer:
		return l.at(axis)
	case axis == axReferer:
		if l.refer == e.self.sym {
			return 0
		}
		return l.refer
	case f.rule != 0:
		return f.rule
	}
	return l.rule
}

// at is a leaf's value on one of the axes from the host to the system.
func (l *leaf) at(axis uint8) uint32 {
	switch axis {
	case axHost:
		return l.host
	case axPath1, axPath2, axPath3:
		return l.path[axis-axPath1]
	case axVersion:
		return l.version
	case axMethod:
		return l.method
	case axAgent:
		return l.ua
	case axMajor:
		return l.major
	case axOS:
		return l.os
	case axWrite:
		return l.write
	}
	return 0
}

// holds tells whether a fact lies in a conjunction.
func (e *Engine) holds(c conj, f *fact) bool {
	for _, t := range c {
		if e.at(f, t.axis) != t.value {
			return false
		}
	}
	return true
}

// inAny tells whether a fact lies in one of some conjunctions.
func (e *Engine) inAny(list []conj, f *fact) bool {
	for _, c := range list {
		if e.holds(c, f) {
			return true
		}
	}
	return false
}

// inSeries tells whether a fact belongs to a series.
func inSeries(s *series, v *[numAxes]uint32) bool {
	if s.sym == 0 {
		return true
	}
	for _, x := range v {
		if x == s.sym {
			return true
		}
	}
	return false
}

// expected is the rate of news that history leads one to expect of a cell: the
// highest of the rates of its values. Their product explodes where values go
// together, as a path, its version and its clients do.
func (e *Engine) expected(v *[numAxes]uint32) float64 {
	root := e.series.list[0].fresh.rate(rootRate)
	p := root
	for a, id := range v {
		if id == 0 || a == axRule {
			continue
		}
		if s := e.series.at(id); s > 0 {
			p = max(p, e.series.list[s].fresh.rate(root))
		}
	}
	return min(0.9, p)
}

// clientKey identifies a client among facts.
func (f *fact) clientKey() uint64 { return uint64(f.check)<<32 | uint64(f.client) }
