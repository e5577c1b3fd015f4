package detect

import "math"

// siteSpace is the space of the engine's own axes.
var siteSpace = space{
	group:  []int{0, 0, 0, -1, -1, 1, 1, 1, -1, -1, 2, 2, -1, -1, -1},
	prefer: []int{6, 5, 2, 10, 8, 7, 7, 7, 9, 4, 4, 4, 3, 4, 5},
}

var axisDim = [numAxes]Dim{DimCountry, DimASN, DimNetwork, DimUser, DimHost, DimPath, DimPath, DimPath, DimVersion, DimMethod, DimAgent, DimAgent, DimOS, DimReferer, DimRule}

// axes lists a fact's value on each axis.
func (e *Engine) axes(f *fact) (v [numAxes]uint32) {
	l := &e.leaves.list[f.leaf]
	copy(v[axCountry:], f.attr[:])
	v[axHost], v[axPath1], v[axPath2], v[axPath3] = l.host, l.path[0], l.path[1], l.path[2]
	v[axVersion], v[axMethod], v[axAgent], v[axMajor], v[axOS] = l.version, l.method, l.ua, l.major, l.os
	v[axReferer], v[axRule] = l.refer, l.rule
	if f.rule != 0 {
		v[axRule] = f.rule
	}
	return v
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

// expected is the rate of refusals that history leads one to expect of a cell:
// everyone's rate times the tempered ratios of its values' own rates.
func (e *Engine) expected(v *[numAxes]uint32) float64 {
	root := e.series.list[0].base.rate()
	p := root
	path := v[axPath3]
	for _, w := range [2]uint32{v[axPath2], v[axPath1]} {
		if path == 0 || e.syms.list[path].series == 0 {
			path = w
		}
	}
	for _, id := range [...]uint32{path, v[axCountry], v[axHost], v[axVersion], v[axMethod], v[axAgent], v[axUser]} {
		if id == 0 {
			continue
		}
		if s := e.syms.list[id].series; s > 0 {
			p *= math.Pow(e.series.list[s].base.rate()/root, 0.7)
		}
	}
	return math.Min(0.9, math.Max(root/20, p))
}

// clientKey identifies a client among facts.
func (f *fact) clientKey() uint64 { return uint64(f.check)<<32 | uint64(f.client) }

// cells turns the facts since minute from into cells for the explainer. A
// refused client weighs one, spread over the leaves where it was refused;
// others weigh one, spread over the leaves they used. Clients refused before
// are not at risk and are left out.
func (e *Engine) cells(from int32) []cell {
	type use struct{ denied, other int }
	uses := map[uint64]*use{}
	type pair struct {
		client uint64
		leaf   uint32
	}
	merged := map[pair]*fact{}
	var order []*fact
	for _, p := range e.ring.since(from) {
		for i := range p.facts {
			f := &p.facts[i]
			if f.hostile {
				continue
			}
			k := pair{f.clientKey(), f.leaf}
			if old := merged[k]; old != nil {
				old.first = old.first || f.first
				old.denied += f.denied
				old.met |= f.met
				continue
			}
			c := *f
			merged[k] = &c
			order = append(order, &c)
		}
	}
	for _, f := range order {
		u := uses[f.clientKey()]
		if u == nil {
			u = &use{}
			uses[f.clientKey()] = u
		}
		if f.denied > 0 {
			if f.first {
				u.denied++
			}
		} else {
			u.other++
		}
	}
	index := map[[numAxes]uint32]int{}
	var out []cell
	for _, f := range order {
		if f.denied > 0 && !f.first {
			continue
		}
		v := e.axes(f)
		i, ok := index[v]
		if !ok {
			i = len(out)
			index[v] = i
			out = append(out, cell{v: v})
		}
		u, c := uses[f.clientKey()], &out[i]
		w := float64(f.weight)
		if f.denied > 0 {
			w /= float64(u.denied)
			c.o += w
		} else {
			w /= float64(u.other)
		}
		c.n += w
	}
	for i := range out {
		out[i].e = math.Min(0.9*out[i].n, out[i].n*e.expected(&out[i].v))
	}
	return out
}
