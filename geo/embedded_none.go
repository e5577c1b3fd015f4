//go:build nogeoembed

package geo

import "net/netip"

// Attribution is the sentence that the compiled-in country data require
// wherever they are shown; "" if there are none.
const Attribution = ""

const embeddedName = ""

func embeddedCountry(netip.Addr) [2]byte { return [2]byte{} }
