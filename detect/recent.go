package detect

// recent is a bounded map that forgets what has not been kept for longest: when
// one generation is full, the one before it goes.
type recent[V any] struct {
	cur, old *dict[V]
	limit    int
}

func newRecent[V any](limit int) recent[V] { return recent[V]{newDict[V](), newDict[V](), limit} }

// find returns the value of a hash, nil if it has none.
func (r *recent[V]) find(hash uint64) *V {
	if v := r.cur.find(hash); v != nil {
		return v
	}
	return r.old.find(hash)
}

// keep returns the value of a hash, which is v if it had none.
func (r *recent[V]) keep(hash uint64, v V) V {
	if known := r.cur.find(hash); known != nil {
		return *known
	}
	if known := r.old.find(hash); known != nil {
		v = *known
	}
	if r.cur.n >= r.limit {
		r.old, r.cur = r.cur, r.old
		r.cur.reset()
	}
	*r.cur.put(hash) = v
	return v
}
