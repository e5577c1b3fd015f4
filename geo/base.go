package geo

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/oschwald/geoip2-golang/v2"
	"github.com/oschwald/maxminddb-golang/v2"
)

const (
	maxBase    = 1 << 30 // bytes of a database; the largest real one is a tenth of it
	cacheSlots = 1 << 15 // records whose value is remembered, a power of two
)

// base is one MaxMind database in memory.
type base struct {
	path, kind         string
	built              time.Time
	info               os.FileInfo
	hasCountry, hasASN bool
	reader             *maxminddb.Reader
	city               *geoip2.Reader // the same bytes, for whole records
	cache              [2]cache       // by what
}

// what selects the value of a record.
type what int

const (
	country what = iota
	asn
)

// cache remembers the value of records by their offset in the database, which
// many networks share. A slot holds offset and value in one word, so it needs
// no lock; two records on one slot push each other out.
type cache []atomic.Uint64

// openBase reads a database. If before is the same file, unchanged, it is
// returned.
func openBase(path string, before *base) (*base, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, baseError(path, err, "check the path")
	}
	if before != nil && os.SameFile(info, before.info) && info.ModTime().Equal(before.info.ModTime()) && info.Size() == before.info.Size() {
		return before, nil
	}
	data, err := readBase(path, info)
	if err != nil {
		return nil, err
	}
	b := &base{path: path, info: info}
	if b.city, err = geoip2.OpenBytes(data); err != nil {
		var unknown geoip2.UnknownDatabaseTypeError
		if !errors.As(err, &unknown) {
			return nil, baseError(path, fmt.Errorf("is no MaxMind database: %w", err), "give a file named like GeoLite2-City.mmdb, unpacked")
		}
		b.city = nil // laid out otherwise, read below
	}
	if b.reader, err = maxminddb.OpenBytes(data); err != nil {
		return nil, baseError(path, fmt.Errorf("is no MaxMind database: %w", err), "give a file named like GeoLite2-City.mmdb, unpacked")
	}
	b.kind = b.reader.Metadata.DatabaseType
	if b.reader.Metadata.BuildEpoch > 0 {
		b.built = b.reader.Metadata.BuildTime()
	}
	if b.probe(); !b.hasCountry && !b.hasASN {
		return nil, baseError(path, fmt.Errorf("is a database of type %q, which holds neither countries nor networks", b.kind), "give a City, a Country or an ASN database")
	}
	for i := range b.cache {
		b.cache[i] = make(cache, cacheSlots)
	}
	return b, nil
}

func readBase(path string, info os.FileInfo) ([]byte, error) {
	if !info.Mode().IsRegular() {
		return nil, baseError(path, errors.New("is not a file"), "give the .mmdb file itself")
	}
	if info.Size() > maxBase {
		return nil, baseError(path, fmt.Errorf("has %d bytes: too many for a database", info.Size()), "give an .mmdb file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, baseError(path, err, "make it readable for the user that denylens runs as")
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBase))
	if err != nil {
		return nil, baseError(path, err, "check the disk")
	}
	return data, nil
}

// BaseError says which database cannot be used, why, and what to do.
type BaseError struct {
	Path string
	Err  error
	Hint string
}

func (e *BaseError) Error() string { return fmt.Sprintf("open geo database %q: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *BaseError) Unwrap() error { return e.Err }

func baseError(path string, err error, hint string) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return &BaseError{path, err, hint}
}

// probe finds out what the records hold: by the type, or by looking at some.
func (b *base) probe() {
	kind := strings.ToLower(b.kind)
	for _, k := range []string{"city", "country", "enterprise"} {
		b.hasCountry = b.hasCountry || strings.Contains(kind, k)
	}
	for _, k := range []string{"asn", "isp"} {
		b.hasASN = b.hasASN || strings.Contains(kind, k)
	}
	if b.hasCountry || b.hasASN {
		return
	}
	// Look at some addresses rather than walk the tree: a hostile one has no end.
	for i := range 224 {
		r := b.reader.Lookup(netip.AddrFrom4([4]byte{byte(i), 51, 100, 1}))
		b.hasCountry = b.hasCountry || r.Found() && decodeCountry(r) != 0
		b.hasASN = b.hasASN || r.Found() && decodeASN(r) != 0
	}
}

// value returns what a record holds for addr, 0 if nothing.
func (b *base) value(addr netip.Addr, w what) uint32 {
	r := b.reader.Lookup(addr)
	if !r.Found() {
		return 0
	}
	off := uint64(r.Offset()) + 1
	slot := &b.cache[w][(off^off>>15)%cacheSlots]
	if v := slot.Load(); v>>32 == off {
		return uint32(v)
	}
	v := decodeCountry
	if w == asn {
		v = decodeASN
	}
	n := v(r)
	if off < 1<<32 {
		slot.Store(off<<32 | uint64(n))
	}
	return n
}

// decodeCountry returns the two letters of the country as a number.
func decodeCountry(r maxminddb.Result) uint32 {
	for _, path := range [][]any{{"country", "iso_code"}, {"registered_country", "iso_code"}, {"country_code"}, {"country"}} {
		var s string
		if err := r.DecodePath(&s, path...); err == nil && len(s) == 2 && letter(s[0]) && letter(s[1]) {
			return uint32(s[0]&^0x20)<<8 | uint32(s[1]&^0x20)
		}
	}
	return 0
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func countryOf(n uint32) [2]byte { return [2]byte{byte(n >> 8), byte(n)} }

func decodeASN(r maxminddb.Result) uint32 {
	var n uint32
	if err := r.DecodePath(&n, "autonomous_system_number"); err == nil && n != 0 {
		return n
	}
	var s string
	if err := r.DecodePath(&s, "asn"); err == nil {
		return parseASN(s)
	}
	return 0
}

func parseASN(s string) uint32 {
	s = strings.TrimPrefix(strings.ToUpper(s), "AS")
	n := uint64(0)
	for i := 0; i < len(s); i++ {
		if s[i]-'0' > 9 || n > 1<<32 {
			return 0
		}
		n = n*10 + uint64(s[i]-'0')
	}
	if n >= 1<<32 {
		return 0
	}
	return uint32(n)
}
