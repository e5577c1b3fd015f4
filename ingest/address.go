package ingest

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// readAddr reads an IP address as logs have it: 4-in-6 is unmapped, a zone is
// dropped, a port (1.2.3.4:80, [2001:db8::1]:80) is ignored. Unlike
// netip.ParseAddr it does not allocate for what is no address, which an
// attacker may send by the million.
func readAddr(b []byte) (netip.Addr, bool) {
	if len(b) < 2 || len(b) > 64 {
		return netip.Addr{}, false
	}
	if b[0] == '[' {
		end := bytes.IndexByte(b, ']')
		if end < 0 || end+1 < len(b) && !isPort(b[end+1:]) {
			return netip.Addr{}, false
		}
		return colonHex(b[1:end])
	}
	if a, n, ok := dottedQuad(b); ok {
		if n == len(b) || isPort(b[n:]) {
			return netip.AddrFrom4(a), true
		}
		return netip.Addr{}, false
	}
	return colonHex(b)
}

// isPort tells whether b is a colon and one to five digits.
func isPort(b []byte) bool {
	if len(b) < 2 || len(b) > 6 || b[0] != ':' {
		return false
	}
	for _, c := range b[1:] {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

// dottedQuad reads a dotted quad at the front of b, without leading zeros, and
// returns how long it is.
func dottedQuad(b []byte) (a [4]byte, n int, ok bool) {
	for part := 0; ; part++ {
		v, start := 0, n
		for n < len(b) && b[n]-'0' <= 9 && n-start < 4 {
			v = v*10 + int(b[n]-'0')
			n++
		}
		if n == start || v > 255 || n-start > 1 && b[start] == '0' || n-start > 3 {
			return a, 0, false
		}
		a[part] = byte(v)
		if part == 3 {
			return a, n, true
		}
		if n >= len(b) || b[n] != '.' {
			return a, 0, false
		}
		n++
	}
}

// colonHex reads the whole of b as an IPv6 address.
func colonHex(b []byte) (netip.Addr, bool) {
	if z := bytes.IndexByte(b, '%'); z > 0 {
		b = b[:z]
	}
	var a [16]byte
	n, gap := 0, -1
	if len(b) >= 2 && b[0] == ':' && b[1] == ':' {
		gap, b = 0, b[2:]
	}
	for len(b) > 0 {
		if n >= 16 {
			return netip.Addr{}, false
		}
		v, i := 0, 0
		for i < len(b) && i < 5 {
			d := hexValue[b[i]]
			if d > 15 {
				break
			}
			v = v<<4 | int(d)
			i++
		}
		if i == 0 || i > 4 {
			return netip.Addr{}, false
		}
		if i < len(b) && b[i] == '.' {
			q, m, ok := dottedQuad(b)
			if !ok || m != len(b) || n > 12 {
				return netip.Addr{}, false
			}
			copy(a[n:], q[:])
			n, b = n+4, nil
			break
		}
		binary.BigEndian.PutUint16(a[n:], uint16(v))
		n += 2
		if b = b[i:]; len(b) == 0 {
			break
		}
		if b[0] != ':' || len(b) == 1 {
			return netip.Addr{}, false
		}
		if b = b[1:]; b[0] == ':' {
			if gap >= 0 {
				return netip.Addr{}, false
			}
			gap, b = n, b[1:]
		}
	}
	if gap < 0 && n != 16 || gap >= 0 && n > 14 {
		return netip.Addr{}, false
	}
	if gap >= 0 {
		tail := n - gap
		copy(a[16-tail:], a[gap:n])
		clear(a[gap : 16-tail])
	}
	return netip.AddrFrom16(a).Unmap(), true
}

// hexValue holds the value of a hexadecimal digit, and 255 for other bytes.
var hexValue = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i := range 10 {
		t['0'+i] = byte(i)
	}
	for i := range 6 {
		t['a'+i], t['A'+i] = byte(10+i), byte(10+i)
	}
	return t
}()

// setRemote fills RemoteText, Remote and Client from a column.
func setRemote(r *Record, b []byte) {
	r.RemoteText = b
	if a, ok := readAddr(b); ok {
		r.Remote, r.Client = a, a
	}
}

// addressList tells whether b looks like X-Forwarded-For: its first or its
// last element is an address. (The client can make the first one anything, a
// proxy writes the last one.)
func addressList(b []byte) bool {
	first, last := b, b
	if i := bytes.IndexByte(b, ','); i >= 0 {
		first, last = b[:i], b[bytes.LastIndexByte(b, ',')+1:]
	}
	if string(first) == "unknown" {
		return true
	}
	if _, ok := readAddr(bytes.TrimSpace(first)); ok {
		return true
	}
	_, ok := readAddr(bytes.TrimSpace(last))
	return ok
}
