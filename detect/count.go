package detect

import (
	"math"
	"math/bits"
)

// hll counts distinct hashes (HyperLogLog, Flajolet et al. 2007, 4096
// registers, standard error 1.6 %) with the small-range correction.
type hll struct{ reg [4096]uint8 }

func (h *hll) add(x uint64) {
	x = mix(x, k2)
	i := x >> 52
	r := uint8(bits.LeadingZeros64(x<<12|1<<11)) + 1
	if r > h.reg[i] {
		h.reg[i] = r
	}
}

func (h *hll) estimate() int64 {
	sum, zero := 0.0, 0
	for _, r := range h.reg {
		sum += math.Ldexp(1, -int(r))
		if r == 0 {
			zero++
		}
	}
	const m = 4096.0
	e := 0.7213 / (1 + 1.079/m) * m * m / sum
	if e < 2.5*m && zero > 0 {
		e = m * math.Log(m/float64(zero))
	}
	return int64(math.Round(e))
}

// Merge makes h count the union of both.
func (h *hll) Merge(o *hll) {
	for i, r := range o.reg {
		h.reg[i] = max(h.reg[i], r)
	}
}

// bits128 is a set of hashes that says of about a hundred whether they are new;
// when it is full nothing is new any more.
type bits128 [2]uint64

func (b *bits128) add(h uint64) bool {
	i := mix(h, k0) >> 57
	if b[i>>6]&(1<<(i&63)) != 0 {
		return false
	}
	b[i>>6] |= 1 << (i & 63)
	return true
}
