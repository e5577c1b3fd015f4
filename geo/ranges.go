package geo

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// ranges maps address ranges to small numbers. It is built once and then only
// read: a binary search in a flat list, without allocation.
type ranges struct {
	v4 []span[uint32]
	v6 []span[high]
}

// high is the upper half of an IPv6 address, by which ranges up to /64 are
// compared. None of ours is longer.
type high uint64

type span[T uint32 | high] struct {
	lo, hi T
	value  uint16
}

func (r *ranges) add(p netip.Prefix, value uint16) {
	p = p.Masked()
	if a := p.Addr(); a.Is4() {
		b := a.As4()
		lo := binary.BigEndian.Uint32(b[:])
		r.v4 = append(r.v4, span[uint32]{lo, lo | uint32(uint64(1)<<(32-p.Bits())-1), value})
		return
	}
	b := p.Addr().As16()
	lo := high(binary.BigEndian.Uint64(b[:8]))
	hi := lo
	if n := p.Bits(); n < 64 {
		hi |= high(1)<<(64-n) - 1
	}
	r.v6 = append(r.v6, span[high]{lo, hi, value})
}

// index sorts the ranges. Where two overlap, the narrower one wins.
func (r *ranges) index() {
	r.v4, r.v6 = flatten(r.v4), flatten(r.v6)
}

// flatten cuts nested spans into disjoint ones.
func flatten[T uint32 | high](in []span[T]) []span[T] {
	slices.SortStableFunc(in, func(a, b span[T]) int { // wide before narrow
		switch {
		case a.hi-a.lo > b.hi-b.lo:
			return -1
		case a.hi-a.lo < b.hi-b.lo:
			return 1
		}
		return 0
	})
	var out []span[T]
	for _, s := range in {
		var next []span[T]
		for _, o := range out {
			switch {
			case o.hi < s.lo || s.hi < o.lo:
				next = append(next, o)
			default:
				if o.lo < s.lo {
					next = append(next, span[T]{o.lo, s.lo - 1, o.value})
				}
				if s.hi < o.hi {
					next = append(next, span[T]{s.hi + 1, o.hi, o.value})
				}
			}
		}
		out = append(next, s)
	}
	slices.SortFunc(out, func(a, b span[T]) int {
		if a.lo < b.lo {
			return -1
		}
		return 1
	})
	return out
}

// find returns the value of the range that holds a.
func (r *ranges) find(a netip.Addr) (uint16, bool) {
	if a.Is4() {
		b := a.As4()
		return search(r.v4, binary.BigEndian.Uint32(b[:]))
	}
	if !a.IsValid() {
		return 0, false
	}
	b := a.As16()
	return search(r.v6, high(binary.BigEndian.Uint64(b[:8])))
}

func search[T uint32 | high](spans []span[T], n T) (uint16, bool) {
	lo, hi := 0, len(spans)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); spans[mid].hi < n {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(spans) && spans[lo].lo <= n {
		return spans[lo].value, true
	}
	return 0, false
}
