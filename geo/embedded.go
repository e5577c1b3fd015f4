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
// unpacks them, once: 12 MB.
func embeddedCountry(addr netip.Addr) [2]byte {
	if addr.Is6() {
		return codeOf(six().country(addr))
	}
	return codeOf(iploc.IPCountry(addr))
}

// codeOf is a country's code in two letters; none for what is nobody's.
func codeOf[T string | []byte](c T) [2]byte {
	if len(c) != 2 || string(c) == "ZZ" || string(c) == "--" {
		return [2]byte{}
	}
	return [2]byte{c[0], c[1]}
}

// EmbeddedCountry is the country of an address by the compiled-in data alone
// (ISO 3166 alpha-2); "" if they know none, or there are none.
func EmbeddedCountry(addr netip.Addr) string {
	if c := embeddedCountry(addr.Unmap()); c != [2]byte{} {
		return string(c[:])
	}
	return ""
}
