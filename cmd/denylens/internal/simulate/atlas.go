package simulate

import (
	"math"
	"net/netip"

	"github.com/denylens/denylens/cmd/denylens/internal/splitmix"
	"github.com/denylens/denylens/geo"
)

// country is a share of the site's visitors.
type country struct {
	code  string
	share float64 // of visitors
	zone  float64 // hours east of UTC
	asns  []uint32
	six   string // IPv6 prefix of an access provider; empty = IPv4 only
}

// countries is a European shop with customers abroad. Providers' AS numbers
// and IPv6 allocations are public knowledge of the routing registries.
var countries = []country{
	{"DE", 27, 1, []uint32{3320, 3209, 6805, 8881}, "2003:c0::/27"},
	{"US", 14, -6, []uint32{7922, 701, 7018, 20115}, "2601::/20"},
	{"FR", 8, 1, []uint32{3215, 12322, 15557}, "2a01:cb00::/24"},
	{"GB", 7, 0, []uint32{2856, 5089, 5607}, "2a00:23c0::/27"},
	{"AT", 6, 1, []uint32{8447, 8412}, "2001:870::/32"},
	{"BR", 5, -3, []uint32{28573, 27699, 18881}, "2804:14c::/32"},
	{"CH", 5, 1, []uint32{3303, 6730}, "2a02:1200::/27"},
	{"NL", 4, 1, []uint32{1136, 33915}, "2001:1c00::/23"},
	{"PL", 4, 1, []uint32{5617, 12741}, "2a00:f40::/29"},
	{"IT", 4, 1, []uint32{3269, 30722}, "2001:b07::/32"},
	{"IN", 4, 5.5, []uint32{55836, 45609, 24560}, "2409:4000::/22"},
	{"ES", 3, 1, []uint32{3352, 12479}, "2a02:9000::/23"},
	{"SE", 2, 1, []uint32{3301, 2119}, "2001:2040::/32"},
	{"CA", 2, -5, []uint32{812, 577, 6327}, "2607:fea8::/32"},
	{"JP", 2, 9, []uint32{2516, 4713, 17676}, "240b:10::/28"},
	{"MX", 1.6, -6, []uint32{8151, 13999}, ""},
	{"TR", 1.6, 3, []uint32{9121, 47331}, ""},
	{"UA", 1.6, 2, []uint32{15895, 13188}, ""},
	{"CZ", 1.6, 1, []uint32{5610, 16019}, "2a00:1028::/32"},
	{"AU", 1.5, 10, []uint32{1221, 4804}, "2001:8000::/20"},
	{"CN", 1, 8, []uint32{4134, 4837}, ""},
	{"RU", 1, 3, []uint32{12389, 8359}, ""},
	{"ZA", .8, 2, []uint32{3741, 36937}, ""},
}

// network is a piece of a provider's address space.
type network struct {
	prefix  netip.Prefix
	country *country
	asn     uint32
}

const networksPerCountry = 40

// avoid lists address space that no visitor comes from: special purposes
// (RFC 6890), unrouted military blocks, edges of content networks, and the
// ranges of the crawlers this package plays.
var avoid = parsePrefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "224.0.0.0/3",
	"6.0.0.0/8", "7.0.0.0/8", "11.0.0.0/8", "21.0.0.0/8", "22.0.0.0/8", "25.0.0.0/8", "26.0.0.0/8", "28.0.0.0/7", "30.0.0.0/8", "33.0.0.0/8",
	"55.0.0.0/8", "214.0.0.0/7",
	"103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "104.16.0.0/12", "108.162.192.0/18", "131.0.72.0/22", "141.101.64.0/18",
	"162.158.0.0/15", "172.64.0.0/13", "173.245.48.0/20", "188.114.96.0/20", "190.93.240.0/20", "197.234.240.0/22", "198.41.128.0/17",
	"23.32.0.0/11", "23.192.0.0/11", "104.64.0.0/10", "151.101.0.0/16", "199.232.0.0/16", "146.75.0.0/16",
	"66.249.64.0/19", "157.55.39.0/24", "207.46.13.0/24", "40.77.167.0/24", "52.167.144.0/24", "17.0.0.0/8", "5.255.253.0/24",
	"213.180.203.0/24", "54.36.148.0/23", "51.222.253.0/24", "85.208.96.0/24", "185.191.171.0/24", "20.171.206.0/24", "173.252.64.0/18")

func parsePrefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

func avoided(p netip.Prefix) bool {
	for _, a := range avoid {
		if a.Overlaps(p) {
			return true
		}
	}
	return false
}

// atlas knows networks of each country.
type atlas struct {
	four map[string][]network
	six  map[string]network
}

// newAtlas draws addresses at random until the embedded country database says
// that each country has its networks, then keeps those. A network is a /22
// whose corners and middle are in the same country.
func newAtlas(d dice) *atlas {
	a := &atlas{four: map[string][]network{}, six: map[string]network{}}
	wanted := map[string]*country{}
	for i := range countries {
		c := &countries[i]
		wanted[c.code] = c
		if c.six != "" {
			p := netip.MustParsePrefix(c.six)
			if geo.EmbeddedCountry(p.Addr()) == c.code && geo.EmbeddedCountry(within(p, splitmix.Mix(1))) == c.code {
				a.six[c.code] = network{p, c, c.asns[0]}
			}
		}
	}
	for missing, tries := len(wanted), 0; missing > 0 && tries < 2_000_000; tries++ {
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(d.whole(1, 223)), byte(d.IntN(256)), byte(d.IntN(64) * 4), 0}), 22).Masked()
		c := wanted[geo.EmbeddedCountry(p.Addr())]
		if c == nil || len(a.four[c.code]) >= networksPerCountry || avoided(p) || !within22(p, c.code) {
			continue
		}
		a.four[c.code] = append(a.four[c.code], network{p, c, oneOf(d, c.asns)})
		if len(a.four[c.code]) == networksPerCountry {
			missing--
		}
	}
	return a
}

func within22(p netip.Prefix, code string) bool {
	b := p.Addr().As4()
	for i := byte(0); i < 4; i++ {
		for _, last := range []byte{0, 128, 255} {
			if geo.EmbeddedCountry(netip.AddrFrom4([4]byte{b[0], b[1], b[2] + i, last})) != code {
				return false
			}
		}
	}
	return true
}

// within returns the address of p that h points at.
func within(p netip.Prefix, h uint64) netip.Addr {
	if p.Addr().Is4() {
		b := p.Addr().As4()
		n := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		n |= uint32(h) & (math.MaxUint32 >> p.Bits())
		last := byte(n)
		if last == 0 || last == 255 {
			last = 1 + byte(h>>40)%254
		}
		return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), last})
	}
	b := p.Addr().As16()
	g := splitmix.Mix(h)
	for i := p.Bits() / 8; i < 16; i++ {
		keep := byte(0)
		if i*8 < p.Bits() {
			keep = 0xff << (8 - p.Bits()%8)
		}
		v := byte(h >> (8 * (i % 8)))
		if i >= 8 {
			v = byte(g >> (8 * (i % 8)))
		}
		b[i] = b[i]&keep | v&^keep
	}
	return netip.AddrFrom16(b)
}

// address returns the network and address of a client of c that h points at.
// Some networks hold more customers than others.
func (a *atlas) address(c *country, h uint64) (*network, netip.Addr) {
	if six, ok := a.six[c.code]; ok && h&7 < 2 {
		return &six, within(six.prefix, splitmix.Mix(h+1))
	}
	list := a.four[c.code]
	i := min(len(list)-1, int(float64(len(list))*math.Pow(splitmix.Unit(splitmix.Mix(h+2)), 1.6)))
	return &list[i], within(list[i].prefix, splitmix.Mix(h+3))
}
