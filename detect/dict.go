package detect

import "math/bits"

// dict is a map from hashes to small values. Entries lie in one array and are
// looked for from the place that their hash names on, so a look-up costs one
// miss of the cache, and touch lets several of these overlap.
type dict[V any] struct {
	slots []entry[V]
	shift uint8 // the upper bits of a hash name its place
	n     int
}

type entry[V any] struct {
	key uint64 // 0 = empty
	v   V
}

const leastDict = 1 << 8

func newDict[V any]() *dict[V] {
	t := &dict[V]{}
	t.size(leastDict)
	return t
}

func (t *dict[V]) size(n int) {
	t.slots, t.shift, t.n = make([]entry[V], n), uint8(64-bits.TrailingZeros(uint(n))), 0
}

// keyOf makes room for the mark of an empty slot.
func keyOf(hash uint64) uint64 {
	if hash == 0 {
		return k0
	}
	return hash
}

// place scatters hashes of which only some bits are good.
func (t *dict[V]) place(key uint64) int { return int(key * scatter >> t.shift) }

// scatter is 2^64 over the golden ratio (Fibonacci hashing).
const scatter = 0x9e3779b97f4a7c15

// touch reads the place of a hash, so that it is near when it is looked up.
func (t *dict[V]) touch(hash uint64) uint64 { return t.slots[t.place(keyOf(hash))].key }

// find returns the value of a hash, nil if it has none.
func (t *dict[V]) find(hash uint64) *V {
	key, mask := keyOf(hash), len(t.slots)-1
	for i := t.place(key); ; i = (i + 1) & mask {
		switch e := &t.slots[i]; e.key {
		case key:
			return &e.v
		case 0:
			return nil
		}
	}
}

// put returns the value of a hash, a zero one if it had none. It is valid until
// the next put or drop.
func (t *dict[V]) put(hash uint64) *V {
	if t.n*4 >= len(t.slots)*3 {
		t.grow()
	}
	key, mask := keyOf(hash), len(t.slots)-1
	i := t.place(key)
	for t.slots[i].key != 0 && t.slots[i].key != key {
		i = (i + 1) & mask
	}
	if t.slots[i].key == 0 {
		t.slots[i].key = key
		t.n++
	}
	return &t.slots[i].v
}

func (t *dict[V]) grow() {
	old := t.slots
	t.size(2 * len(old))
	for i := range old {
		if old[i].key != 0 {
			*t.put(old[i].key) = old[i].v
		}
	}
}

// drop forgets a hash. What lies behind it moves up, so that nothing is looked
// for in vain.
func (t *dict[V]) drop(hash uint64) {
	key, mask := keyOf(hash), len(t.slots)-1
	i := t.place(key)
	for t.slots[i].key != key {
		if t.slots[i].key == 0 {
			return
		}
		i = (i + 1) & mask
	}
	t.n--
	for j := (i + 1) & mask; t.slots[j].key != 0; j = (j + 1) & mask {
		if home := t.place(t.slots[j].key); (j-home)&mask >= (j-i)&mask {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
	t.slots[i] = entry[V]{}
}

// reset forgets all and keeps the memory.
func (t *dict[V]) reset() {
	clear(t.slots)
	t.n = 0
}
