package detect

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// Keys inside an engine are 64-bit hashes; text is looked at once, when a hash
// is new. The constants are those of wyhash (Wang Yi, public domain). The seed
// is fixed: a run must give the same result every time, and what an attacker
// can gain by colliding two names is that they share a cohort.
const (
	k0 = 0xa0761d6478bd642f
	k1 = 0xe7037ed1a0b428db
	k2 = 0x8ebc6af09c88c6e3
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^k0, b^k1)
	return hi ^ lo
}

// hashBytes hashes b; seed separates kinds of names.
func hashBytes(b []byte, seed uint64) uint64 {
	h := seed ^ uint64(len(b))*k2
	for len(b) >= 16 {
		h = mix(binary.LittleEndian.Uint64(b)^h, binary.LittleEndian.Uint64(b[8:])^k2)
		b = b[16:]
	}
	var x, y uint64
	if len(b) >= 8 {
		x = binary.LittleEndian.Uint64(b)
		b = b[8:]
	}
	for i := len(b) - 1; i >= 0; i-- {
		y = y<<8 | uint64(b[i])
	}
	return mix(x^h, y^k2)
}

// hashAddr hashes the unit that counts as one client's address: an IPv4
// address, or the /64 of an IPv6 one, because a single host owns all of that.
func hashAddr(a netip.Addr) uint64 {
	if a.Is4() {
		v := a.As4()
		return mix(uint64(binary.BigEndian.Uint32(v[:])), k2)
	}
	v := a.As16()
	return mix(binary.BigEndian.Uint64(v[:8]), k0^1)
}
