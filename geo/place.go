// Package geo says where an address is, whose it is, and whether a crawler is
// the one that it claims to be. Everything is answered from memory; the
// package opens no connection unless it is given a resolver.
package geo

// Place is where an address is, as far as known.
type Place struct {
	ASN     uint32  // 0 = not known
	Country [2]byte // ISO 3166 alpha-2, upper case; zero = not known
}

// Verdict says whether a client is the crawler that it claims to be.
type Verdict uint8

const (
	NoCrawler  Verdict = iota // claims to be none
	Unverified                // claims to be one, and nothing here can tell
	True                      // claims to be one and comes from its published ranges
	Fake                      // claims to be one and comes from elsewhere
)

var verdictNames = [...]string{"none", "unverified", "true", "fake"}

// String returns the name of v in lower case.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return "unknown"
}
