//go:build !nogeoembed

package geo

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net/netip"
	"sort"
	"sync"
	_ "unsafe" // for linkname

	"github.com/klauspost/compress/gzip"
)

// The IPv6 half of iploc's data. Its own lookup unpacks them into a buffer that
// it doubles again and again, 26 MB in all, which takes longer than all the rest
// of a short run. Here they are unpacked once into what they need. All that is
// taken of the package behind its back is two variables, which it writes only in
// its own first lookup of an IPv6 address, and nobody asks it for one. Should a
// later version call them otherwise, they are empty here and no IPv6 address has
// a country: TestSixAnswersAsIplocDoes, which compares the answers, fails.

//go:linkname sixPacked github.com/phuslu/iploc.ip6bin
var sixPacked []byte // gzip: first addresses of networks, as pairs of words in the machine's order

//go:linkname sixCountries github.com/phuslu/iploc.ip6txt
var sixCountries []byte // two letters each

// sixTable lists the networks by their first addresses, but for those below
// 0:0:0:1::, which stand for IPv4 addresses or for nobody.
type sixTable struct {
	high, low []uint64
	countries []byte
}

var six = sync.OnceValue(func() *sixTable {
	n := len(sixCountries) / 2
	t := &sixTable{high: make([]uint64, 0, n), low: make([]uint64, 0, n)}
	packed, err := gzip.NewReader(bytes.NewReader(sixPacked))
	if err != nil {
		return &sixTable{} // no data, no countries
	}
	r := bufio.NewReaderSize(packed, 1<<16)
	var b [16]byte
	for i := range n {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return &sixTable{}
		}
		high := binary.NativeEndian.Uint64(b[:])
		if high == 0 {
			continue
		}
		if len(t.high) == 0 {
			t.countries = sixCountries[2*i:]
		}
		t.high, t.low = append(t.high, high), append(t.low, binary.NativeEndian.Uint64(b[8:]))
	}
	return t
})

// country returns the two letters of an IPv6 address's country, "" if there are
// none.
func (t *sixTable) country(addr netip.Addr) []byte {
	a := addr.As16()
	high, low := binary.BigEndian.Uint64(a[:]), binary.BigEndian.Uint64(a[8:])
	i := sort.Search(len(t.high), func(i int) bool { return t.high[i] > high || t.high[i] == high && t.low[i] > low })
	if i == 0 {
		return nil
	}
	return t.countries[2*i-2 : 2*i]
}
