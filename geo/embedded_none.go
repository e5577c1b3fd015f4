//go:build nogeoembed

package geo

import "net/netip"

// Attribution is the sentence that the compiled-in country data require
// wherever they are shown; "" if there are none.
const Attribution = ""

const embeddedName = ""

func embeddedCountry(netip.Addr) [2]byte { return [2]byte{} }

// EmbeddedCountry is the country of an address by the compiled-in data alone
// (ISO 3166 alpha-2); "" if they know none, or there are none.
func EmbeddedCountry(netip.Addr) string { return "" }
