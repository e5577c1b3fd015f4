package geo

import (
	"net/netip"
	"sync"
)

// The special-purpose ranges of the IANA registries (RFC 6890 and what came
// after it), by what a log line from there means.
var specialNames = []string{"private", "loopback", "cgnat", "link-local", "documentation", "multicast", "bogon"}

var specialRanges = [][]string{
	{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "64:ff9b:1::/48"},
	{"127.0.0.0/8"},
	{"100.64.0.0/10"},
	{"169.254.0.0/16", "fe80::/10"},
	{"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"},
	{"224.0.0.0/4", "ff00::/8"},
	{"0.0.0.0/8", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4", "100::/64", "2001:2::/48", "2001:10::/28", "5f00::/16", "fec0::/10"},
}

var special = sync.OnceValue(func() *ranges {
	r := &ranges{}
	for i, list := range specialRanges {
		for _, p := range list {
			r.add(netip.MustParsePrefix(p), uint16(i))
		}
	}
	r.index()
	return r
})

// Reserved says what kind of special-purpose range addr is in: "private",
// "loopback", "cgnat", "link-local", "documentation", "multicast", "bogon"; ""
// for an ordinary public address, and for no address.
func Reserved(addr netip.Addr) string {
	addr = addr.Unmap()
	if addr.Is6() && (addr.IsLoopback() || addr.IsUnspecified()) {
		if addr.IsLoopback() {
			return "loopback"
		}
		return "bogon"
	}
	if i, ok := special().find(addr); ok {
		return specialNames[i]
	}
	return ""
}
