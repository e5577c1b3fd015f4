package detect

import (
	"math/rand/v2"
	"testing"
)

// A dict answers as a map does, however entries come and go.
func TestADictIsAMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	tab, want := newDict[uint32](), map[uint64]uint32{}
	key := func() uint64 {
		k := rng.Uint64N(3000)
		switch rng.IntN(3) {
		case 0:
			return k << 40 // only some bits are good
		case 1:
			return k
		}
		return mix(k, k1)
	}
	for i := range 300_000 {
		k := key()
		switch v := tab.find(k); {
		case v == nil:
			if _, ok := want[k]; ok {
				t.Fatalf("step %d: %#x is lost", i, k)
			}
		case *v != want[k]:
			t.Fatalf("step %d: %#x has %d, want %d", i, k, *v, want[k])
		}
		if rng.IntN(5) < 2 {
			tab.drop(k)
			delete(want, k)
		} else {
			*tab.put(k) = uint32(i)
			want[k] = uint32(i)
		}
		if tab.n != len(want) {
			t.Fatalf("step %d: %d entries, want %d", i, tab.n, len(want))
		}
	}
	tab.reset()
	if tab.n != 0 || tab.find(0) != nil || tab.find(k0) != nil {
		t.Error("an empty dict has entries")
	}
}

// A hash of zero and the key that stands for it share an entry, and no other
// one is affected.
func TestADictHasRoomForZero(t *testing.T) {
	tab := newDict[uint32]()
	*tab.put(0) = 7
	*tab.put(1) = 8
	if v := tab.find(0); v == nil || *v != 7 {
		t.Error("zero is not found")
	}
	tab.drop(0)
	if tab.find(0) != nil || *tab.find(1) != 8 {
		t.Error("zero is not dropped, or too much is")
	}
}

func BenchmarkDictFind(b *testing.B) {
	tab := newDict[uint32]()
	keys := make([]uint64, 1<<17)
	for i := range keys {
		keys[i] = mix(uint64(i), k1)
		*tab.put(keys[i]) = uint32(i)
	}
	b.ReportAllocs()
	n := uint32(0)
	for i := 0; b.Loop(); i++ {
		n += *tab.find(keys[i*7919&(len(keys)-1)])
	}
	if n == 0 {
		b.Fatal("nothing found")
	}
}
