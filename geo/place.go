package geo

import "net/netip"

// Place is where an address is, as far as known.
type Place struct {
	ASN     uint32  // 0 = not known
	Country [2]byte // ISO 3166 alpha-2, upper case; zero = not known
}

// Lookup returns the place of addr. A nil DB knows nothing.
func (db *DB) Lookup(addr netip.Addr) Place { return Place{} }

// DB answers where an address is. Safe for concurrent use.
type DB struct{}

// Crawlers knows the published address ranges of crawlers. A nil Crawlers
// knows nobody.
type Crawlers struct{}

// Verdict says whether a client is the crawler that it claims to be.
type Verdict uint8

const (
	NoCrawler  Verdict = iota // claims to be none
	Unverified                // claims to be one whose ranges are not known here
	True                      // claims to be one and comes from its published ranges
	Fake                      // claims to be one and comes from elsewhere
)

// Verify names the crawler that agent claims to be ("googlebot"; "" if none)
// and says whether addr is one of its own addresses.
func (c *Crawlers) Verify(agent []byte, addr netip.Addr) (string, Verdict) { return "", NoCrawler }

// Reserved says what kind of special-purpose range addr is in: "private",
// "loopback", "cgnat", "link-local", "documentation", "multicast", "bogon"; ""
// for an ordinary public address.
func Reserved(addr netip.Addr) string { return "" }

// Edge names the CDN whose published edge ranges hold addr ("cloudflare",
// "fastly" ...); "" if none does.
func Edge(addr netip.Addr) string { return "" }
