package detect

import "math"

// Most of the time of an engine goes by waiting for memory: each record leads to
// a client, a leaf, some values and their series, which lie anywhere in tables of
// many megabytes. A processor waits for several of them at once if it knows of
// them in time. So what the next records and clients need is read a little ahead
// of the work on it. What is read is added up, for else the compiler would leave
// the reading out; the sum means nothing.

// fetch is how many records, or rows, are read ahead.
const fetch = 16

// fetchNames reads ahead where clients and leaves are looked up.
func (e *Engine) fetchNames(list []obs) {
	var sum uint64
	for i := range list {
		o := &list[i]
		sum ^= e.idents.index.touch(o.client) ^ e.leaves.known[o.leaf>>(64-knownBits)].hash
	}
	e.naming ^= sum
}

// fetchClients reads ahead what is remembered of some clients.
func (e *Engine) fetchClients(w *window, heads []uint32) {
	sum := uint64(0)
	for _, h := range heads {
		id := w.rows[h].client
		sum ^= e.idents.list.at(id).hash
		if int(id) < e.clients.list.n {
			sum ^= e.clients.list.at(id).touch()
		}
	}
	e.judging ^= sum
}

// fetchAhead is how many clients are read ahead.
const fetchAhead = 4

// touch reads one word of each cache line.
func (c *client) touch() uint64 {
	return c.hash ^ uint64(c.deniedAt) ^ uint64(c.hours) ^ uint64(c.flags) ^ uint64(c.kept)
}

// fetchSeries is how many series are read ahead.
const fetchSeries = 4

// fetch reads ahead what the tests of the series from the k-th touched one on
// need.
func (st *seriesTable) fetch(k int) uint64 {
	sum := uint64(0)
	for _, i := range st.touched[min(k, len(st.touched)):min(k+fetchSeries, len(st.touched))] {
		s := &st.list[i]
		sum ^= uint64(s.served) ^ math.Float64bits(s.ed.r[0]) ^ uint64(s.waits) ^ math.Float64bits(s.base.a) ^ uint64(s.blocks[0].at) ^ uint64(s.blocks[waiting-1].at)
	}
	return sum
}
