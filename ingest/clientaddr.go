package ingest

import (
	"bytes"
	"net/netip"
	"slices"
)

// maxHops bounds the walk through a list of forwarding addresses, whose length
// a client chooses.
const maxHops = 32

// proxies are the addresses whose word about a client's address is taken.
type proxies struct {
	v4 [][2]uint32 // sorted, disjoint
	v6 []netip.Prefix
}

// newProxies returns nil if there are no prefixes.
func newProxies(prefixes []netip.Prefix) *proxies {
	if len(prefixes) == 0 {
		return nil
	}
	p := &proxies{}
	for _, pre := range prefixes {
		pre = pre.Masked()
		if a := pre.Addr(); a.Is4In6() && pre.Bits() >= 96 {
			pre = netip.PrefixFrom(a.Unmap(), pre.Bits()-96)
		}
		if !pre.Addr().Is4() {
			p.v6 = append(p.v6, pre)
			continue
		}
		lo := number4(pre.Addr())
		p.v4 = append(p.v4, [2]uint32{lo, lo | uint32(uint64(1)<<(32-pre.Bits())-1)})
	}
	slices.SortFunc(p.v4, func(a, b [2]uint32) int {
		return netip.AddrFrom4(bytes4(a[0])).Compare(netip.AddrFrom4(bytes4(b[0])))
	})
	joined := p.v4[:0]
	for _, r := range p.v4 {
		if n := len(joined); n > 0 && r[0] <= joined[n-1][1] {
			joined[n-1][1] = max(joined[n-1][1], r[1])
			continue
		}
		joined = append(joined, r)
	}
	p.v4 = joined
	return p
}

func number4(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func bytes4(n uint32) [4]byte { return [4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)} }

func (p *proxies) trusts(a netip.Addr) bool {
	if !a.Is4() {
		for _, pre := range p.v6 {
			if pre.Contains(a) {
				return true
			}
		}
		return false
	}
	n := number4(a)
	lo, hi := 0, len(p.v4)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); p.v4[mid][1] < n {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(p.v4) && p.v4[lo][0] <= n
}

// client returns the address of the client of r: the right-most address of
// r.Forwarded that no trusted proxy has, or the left-most one if all are
// trusted. The list is read only if the peer is trusted itself. Of an entry
// that is no address ("unknown", an obfuscated name) nothing is known, so the
// walk ends with the address found before it. That is what nginx does with
// real_ip_recursive on (ngx_inet.c, ngx_http_get_forwarded_addr).
func (p *proxies) client(r *Record) netip.Addr {
	addr := plain(r.Remote)
	list := r.Forwarded
	for hop := 0; hop < maxHops && len(list) > 0 && p.trusts(addr); hop++ {
		var elem []byte
		if list, elem = lastHop(list); elem == nil {
			break
		}
		next, ok := hopAddr(elem)
		if !ok {
			break
		}
		addr = next
	}
	return addr
}

// lastHop splits the last element off a list that commas, spaces or both
// separate. A quoted string is one element, whatever it holds.
func lastHop(list []byte) (rest, elem []byte) {
	end := len(list)
	for end > 0 && hopGap(list[end-1]) {
		end--
	}
	if end == 0 {
		return nil, nil
	}
	start, quoted := end, false
	for start > 0 {
		c := list[start-1]
		if c == '"' {
			quoted = !quoted
		}
		if !quoted && hopGap(c) {
			break
		}
		start--
	}
	return list[:start], list[start:end]
}

func hopGap(c byte) bool { return c == ',' || c == ' ' || c == '\t' }

// hopAddr reads an element: an address, perhaps with a port, in brackets or in
// quotes, or the for= parameter of an RFC 7239 element.
func hopAddr(e []byte) (netip.Addr, bool) {
	if bytes.IndexByte(e, '=') >= 0 {
		if e = forParam(e); e == nil {
			return netip.Addr{}, false
		}
	}
	if n := len(e); n >= 2 && e[0] == '"' && e[n-1] == '"' {
		e = e[1 : n-1]
	}
	return readAddr(e)
}

// forParam returns the value of the for parameter among "a=b;c=d", or nil.
func forParam(e []byte) []byte {
	for len(e) > 0 {
		var param []byte
		if i := bytes.IndexByte(e, ';'); i >= 0 {
			param, e = e[:i], e[i+1:]
		} else {
			param, e = e, nil
		}
		if len(param) > 4 && param[3] == '=' && bytes.EqualFold(param[:3], []byte("for")) {
			return param[4:]
		}
	}
	return nil
}

// plain returns a the way clients are compared: 4-in-6 unmapped, no zone.
func plain(a netip.Addr) netip.Addr {
	if a.Is6() {
		return a.Unmap().WithZone("")
	}
	return a
}
