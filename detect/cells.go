package detect

// cells turns the facts since minute from into cells for the explainer. A
// refused client weighs one, spread over the leaves where it was refused;
// others weigh one, spread over the leaves they used. Clients refused before
// are not at risk and are left out.
func (e *Engine) cells(from int32, keep func(*fact, *[numAxes]uint32) bool) []cell {
	return e.collect(from, keep, func(f *fact) bool { return f.first }, e.expected)
}

// collect makes cells of facts: counts says which refusals are counted, expect
// gives the rate expected of a cell for a minute of a client at risk.
func (e *Engine) collect(from int32, keep func(*fact, *[numAxes]uint32) bool, counts func(*fact) bool, expect func(*[numAxes]uint32) float64) []cell {
	c := &e.collector
	c.begin(e)
	c.keep, c.counts, c.expect = keep, counts, expect
	for _, p := range e.ring.since(from) {
		c.page(p.facts)
	}
	for i := range c.pairs {
		p := &c.pairs[i]
		if u := &c.uses[p.use]; !p.denied {
			u.other++
		} else if p.counted {
			u.denied++
		}
	}
	for i := range c.pairs {
		c.count(&c.pairs[i])
	}
	for i := range c.out {
		c.out[i].e = min(0.9*c.out[i].n, c.out[i].e)
	}
	return c.out
}

// begin makes a collector ready. Its tables are used again and again: alarms
// come in crowds, and each takes some minutes of facts.
func (c *collector) begin(e *Engine) {
	if c.e == nil {
		c.e, c.index, c.merged, c.clients = e, map[uint64]int32{}, map[uint64]int32{}, map[uint64]int32{}
	}
	clear(c.index)
	clear(c.merged)
	clear(c.clients)
	c.out, c.rates, c.pairs, c.uses = make([]cell, 0, len(c.out)), c.rates[:0], c.pairs[:0], c.uses[:0]
}

// release lets go of tables that a crowd has made large.
func (c *collector) release() {
	if cap(c.pairs) > keptPairs {
		*c = collector{}
	}
	c.out, c.keep, c.counts, c.expect = nil, nil, nil, nil
}

const keptPairs = 1 << 13

// collector merges facts into cells. Its keys are hashes of what they stand
// for.
type collector struct {
	e       *Engine
	keep    func(*fact, *[numAxes]uint32) bool
	counts  func(*fact) bool
	expect  func(*[numAxes]uint32) float64
	index   map[uint64]int32 // of cells
	merged  map[uint64]int32 // of pairs
	clients map[uint64]int32 // of uses
	out     []cell
	rates   []float64 // expected of each cell
	pairs   []pair
	uses    []use
}

// use counts the leaves that a client spreads its weight over.
type use struct{ denied, other int32 }

// pair is a client's use of a leaf over all minutes.
type pair struct {
	use, cell       int32
	weight          float32
	denied, counted bool
}

// page takes one page in. The expectation is summed here, minute by minute:
// the rate is one for a minute of a client at risk.
func (c *collector) page(facts []fact) {
	for i := 0; i < len(facts); {
		key, j := facts[i].clientKey(), i
		for j < len(facts) && facts[j].clientKey() == key {
			j++
		}
		rows := float64(j - i)
		for ; i < j; i++ {
			f := &facts[i]
			if f.hostile {
				continue
			}
			if c.keep != nil && f.denied > 0 {
				if v := c.e.axes(f); !c.keep(f, &v) {
					continue
				}
			}
			at := c.cell(f)
			c.out[at].e += c.rates[at] * float64(f.weight) / rows
			c.merge(f, key, at)
		}
	}
}

// cell returns the number of the cell of a fact.
func (c *collector) cell(f *fact) int32 {
	h := uint64(f.leaf)<<32 | uint64(f.rule)
	for _, a := range f.attr {
		h = mix(h, uint64(a))
	}
	i, ok := c.index[h]
	if !ok {
		i = int32(len(c.out))
		c.index[h] = i
		v := c.e.axes(f)
		c.out = append(c.out, cell{v: v})
		c.rates = append(c.rates, c.expect(&v))
	}
	return i
}

func (c *collector) merge(f *fact, client uint64, at int32) {
	k := mix(client, uint64(f.leaf))
	i, ok := c.merged[k]
	if !ok {
		u, known := c.clients[client]
		if !known {
			u = int32(len(c.uses))
			c.clients[client] = u
			c.uses = append(c.uses, use{})
		}
		i = int32(len(c.pairs))
		c.merged[k] = i
		c.pairs = append(c.pairs, pair{use: u, cell: at, weight: f.weight})
	}
	p := &c.pairs[i]
	p.denied = p.denied || f.denied > 0
	p.counted = p.counted || c.counts(f)
}

// count adds a client's use of a leaf to its cell.
func (c *collector) count(p *pair) {
	u, w, x := &c.uses[p.use], float64(p.weight), &c.out[p.cell]
	switch {
	case !p.denied:
		x.n += w / float64(u.other)
	case p.counted:
		w /= float64(u.denied)
		x.o, x.n = x.o+w, x.n+w
	}
}
