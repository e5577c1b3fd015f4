//go:build !nogeoembed

package geo

import (
	"net/netip"

	"github.com/phuslu/iploc"
)

// Attribution is the sentence that the compiled-in country data require
// wherever they are shown; "" if there are none.
const Attribution = "Country data: IP2Location LITE (https://lite.ip2location.com), CC BY-SA 4.0, by way of github.com/phuslu/iploc."

const embeddedName = "IP2Location LITE of 2026-09, compiled in"

// embeddedCountry answers from the compiled-in data. The first IPv6 address
// unpacks them: 30 ms and 26 MB, once.
func embeddedCountry(addr netip.Addr) [2]byte {
	c := iploc.IPCountry(addr)
	if len(c) != 2 || c == "ZZ" || c == "--" {
		return [2]byte{}
	}
	return [2]byte{c[0], c[1]}
}
