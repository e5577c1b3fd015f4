package simulate

import (
	"testing"

	"github.com/denylens/denylens/cmd/denylens/internal/splitmix"
	"github.com/denylens/denylens/geo"
)

func TestEveryCountryHasItsNetworks(t *testing.T) {
	a := newAtlas(derive(1, "atlas"))
	for i := range countries {
		c := &countries[i]
		if n := len(a.four[c.code]); n < networksPerCountry {
			t.Errorf("%s: %d networks", c.code, n)
		}
		if _, ok := a.six[c.code]; c.six != "" && !ok {
			t.Errorf("%s: %s is elsewhere: %s", c.code, c.six, geo.EmbeddedCountry(parsePrefixes(c.six)[0].Addr()))
		}
		for h := range uint64(200) {
			if n, addr := a.address(c, splitmix.Mix(h)); geo.EmbeddedCountry(addr) != c.code || !n.prefix.Contains(addr) {
				t.Fatalf("%s: %v of %v is in %s", c.code, addr, n.prefix, geo.EmbeddedCountry(addr))
			}
		}
	}
}

func BenchmarkAtlas(b *testing.B) {
	for b.Loop() {
		newAtlas(derive(1, "atlas"))
	}
}
