package geo

import (
	"net/netip"
	"sync"
)

type edges struct {
	ranges
	names []string
}

var edgeNetworks = sync.OnceValue(func() *edges {
	e := &edges{}
	for _, o := range owners() {
		if o.kind != "edge" {
			continue
		}
		for _, p := range o.own {
			e.add(p, uint16(len(e.names)))
		}
		e.names = append(e.names, o.name)
	}
	e.index()
	return e
})

// Edge names the CDN whose published edge ranges hold addr ("cloudflare",
// "fastly", "cloudfront"); "" if none does. A log full of such addresses shows
// the CDN in place of its clients.
func Edge(addr netip.Addr) string {
	e := edgeNetworks()
	if i, ok := e.find(addr.Unmap()); ok {
		return e.names[i]
	}
	return ""
}

// EdgeRanges returns the published ranges of a CDN, to be trusted as proxies;
// nil if it is not known.
func EdgeRanges(name string) []netip.Prefix {
	for _, o := range owners() {
		if o.kind == "edge" && o.name == name {
			return append([]netip.Prefix{}, o.own...)
		}
	}
	return nil
}
