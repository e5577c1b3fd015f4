package geo

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// mmdb makes a database of a few networks.
func mmdb(t testing.TB, kind string, built time.Time, records map[string]mmdbtype.Map) []byte {
	t.Helper()
	w, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, BuildEpoch: built.Unix(), RecordSize: 24, IncludeReservedNetworks: true,
		Languages: []string{"en"}, Description: map[string]string{"en": "a test"}})
	if err != nil {
		t.Fatal(err)
	}
	for cidr, rec := range records {
		p := netip.MustParsePrefix(cidr)
		if err := w.Insert(ipNet(p), rec); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if _, err := w.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func city(code, country, city string) mmdbtype.Map {
	m := mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(code), "names": mmdbtype.Map{"en": mmdbtype.String(country)}}}
	if city != "" {
		m["city"] = mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String(city)}}
	}
	return m
}

func network(n uint32, org string) mmdbtype.Map {
	return mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(n), "autonomous_system_organization": mmdbtype.String(org)}
}

var (
	builtThen = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	testCity  = map[string]mmdbtype.Map{
		"198.51.100.0/24": city("BR", "Brazil", "Recife"),
		"203.0.113.0/24":  {"registered_country": mmdbtype.Map{"iso_code": mmdbtype.String("jp")}},
		"192.0.2.0/24":    {"location": mmdbtype.Map{"time_zone": mmdbtype.String("UTC")}},
		"2001:db8::/32":   city("NO", "Norway", ""),
	}
	testASN = map[string]mmdbtype.Map{
		"198.51.100.0/24": network(64500, "Example Net"),
		"2001:db8::/32":   network(4200000000, "Big"),
	}
)

func put(t testing.TB, path string, data []byte) string {
	t.Helper()
	// As an updater does: a new file takes the name of the old one.
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	return path
}

func at(s string) netip.Addr { return netip.MustParseAddr(s) }

func openBoth(t testing.TB) *DB {
	t.Helper()
	dir := t.TempDir()
	c := put(t, filepath.Join(dir, "city.mmdb"), mmdb(t, "GeoLite2-City", builtThen, testCity))
	a := put(t, filepath.Join(dir, "asn.mmdb"), mmdb(t, "GeoLite2-ASN", builtThen, testASN))
	db, err := Open(a, c)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestDatabasesAnswerInAnyOrder(t *testing.T) {
	db := openBoth(t)
	for _, c := range []struct {
		addr    string
		country string
		asn     uint32
	}{
		{"198.51.100.9", "BR", 64500}, {"203.0.113.9", "JP", 0}, {"2001:db8::9", "NO", 4200000000},
		{"::ffff:198.51.100.9", "BR", 64500}, {"fe80::1%eth0", "", 0}, {"192.168.1.1", "", 0},
	} {
		for range 2 { // from the file, and from the cache
			p := db.Lookup(at(c.addr))
			if strings.Trim(string(p.Country[:]), "\x00") != c.country || p.ASN != c.asn {
				t.Errorf("%s is %+v", c.addr, p)
			}
		}
	}
	if got := db.Detail(at("198.51.100.9")); got != "Recife, Brazil (BR); AS64500 Example Net" {
		t.Error(got)
	}
	lines := db.Describe(builtThen.AddDate(0, 0, 45))
	if len(lines) < 2 || !strings.Contains(lines[0], "GeoLite2-ASN of 2026-09-01 (45 days old: fetch a newer one)") {
		t.Errorf("%q", lines)
	}
}

func TestEmbeddedCountriesServeWhereNoFileDoes(t *testing.T) {
	if embeddedName == "" {
		t.Skip("built without them")
	}
	for _, db := range []*DB{Embedded(), openBoth(t)} {
		for addr, want := range map[string]string{"8.8.8.8": "US", "::ffff:8.8.8.8": "US", "193.0.6.139": "NL", "200.160.2.3": "BR", "2001:67c:2e8:22::c100:68b": "NL", "10.1.2.3": "\x00\x00", "127.0.0.1": "\x00\x00"} {
			if p := db.Lookup(at(addr)); string(p.Country[:]) != want {
				t.Errorf("%s is in %q, want %q", addr, p.Country, want)
			}
		}
	}
}

func TestANilDBKnowsNothing(t *testing.T) {
	var db *DB
	if db.Lookup(at("8.8.8.8")) != (Place{}) || db.Detail(at("8.8.8.8")) != "" || db.Describe(time.Now()) != nil || db.Reload() != nil {
		t.Error("it knows something")
	}
	if Embedded().Lookup(netip.Addr{}) != (Place{}) {
		t.Error("no address has a place")
	}
}

func TestFault_154_AWrongDatabaseSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	good := put(t, filepath.Join(dir, "good.mmdb"), mmdb(t, "GeoLite2-City", builtThen, testCity))
	whole, _ := os.ReadFile(good)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"missing.mmdb":   {nil, "no such file"},
		"text.mmdb":      {[]byte("this is no database"), "is no MaxMind database"},
		"empty.mmdb":     {[]byte{}, "is no MaxMind database"},
		"half.mmdb":      {whole[:len(whole)/2], "is no MaxMind database"},
		"anonymous.mmdb": {mmdb(t, "GeoIP2-Anonymous-IP", builtThen, map[string]mmdbtype.Map{"1.2.3.0/24": {"is_anonymous": mmdbtype.Bool(true)}}), `type "GeoIP2-Anonymous-IP"`},
	} {
		path := filepath.Join(dir, name)
		if c.data != nil {
			put(t, path, c.data)
		}
		_, err := Open(path)
		var be *BaseError
		if !errors.As(err, &be) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), name) || be.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a directory: %v", err)
	}
}

func TestOtherLayoutsAreRecognisedByTheirRecords(t *testing.T) {
	p := put(t, filepath.Join(t.TempDir(), "lite.mmdb"), mmdb(t, "some_free_lite.mmdb", builtThen, map[string]mmdbtype.Map{
		"198.51.100.0/24": {"country_code": mmdbtype.String("SE"), "asn": mmdbtype.String("AS64496")},
	}))
	db, err := Open(p)
	if err != nil {
		t.Fatal(err)
	}
	if got := db.Lookup(at("198.51.100.1")); got != (Place{ASN: 64496, Country: [2]byte{'S', 'E'}}) {
		t.Errorf("%+v", got)
	}
}

func TestFault_153_AFileTruncatedInPlaceHarmsNothing(t *testing.T) {
	dir := t.TempDir()
	path := put(t, filepath.Join(dir, "city.mmdb"), mmdb(t, "GeoLite2-City", builtThen, testCity))
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if p := db.Lookup(at("198.51.100.1")); p.Country[0] == 0 {
						t.Error("the old data are gone")
						return
					}
				}
			}
		})
	}
	os.Truncate(path, 100)
	if err := db.Reload(); err == nil || !strings.Contains(err.Error(), "city.mmdb") {
		t.Errorf("reloading half a file: %v", err)
	}
	os.Remove(path)
	if err := db.Reload(); err == nil {
		t.Error("reloading no file is no error")
	}
	put(t, path, mmdb(t, "GeoLite2-City", builtThen.AddDate(0, 0, 7), map[string]mmdbtype.Map{"198.51.100.0/24": city("CL", "Chile", "")}))
	if err := db.Reload(); err != nil {
		t.Error(err)
	}
	close(stop)
	wg.Wait()
	if p := db.Lookup(at("198.51.100.1")); string(p.Country[:]) != "CL" {
		t.Errorf("after the swap: %+v", p)
	}
	before := db.now.Load().bases[0]
	if err := db.Reload(); err != nil || db.now.Load().bases[0] != before {
		t.Errorf("an unchanged file was read again: %v", err)
	}
}

func TestLookupsDoNotAllocate(t *testing.T) {
	db := openBoth(t)
	for _, a := range []string{"198.51.100.1", "2001:db8::1", "8.8.8.8", "2001:67c:2e8:22::c100:68b"} {
		addr := at(a)
		db.Lookup(addr)
		if n := testing.AllocsPerRun(100, func() { db.Lookup(addr) }); n != 0 {
			t.Errorf("%s: %v allocations", a, n)
		}
	}
}

func FuzzFault_155_HostileDatabase(f *testing.F) {
	f.Add(mmdb(f, "GeoLite2-City", builtThen, testCity), uint16(40), byte(255))
	f.Add(mmdb(f, "GeoLite2-ASN", builtThen, testASN), uint16(300), byte(1))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte, pos uint16, with byte) {
		data = bytes.Clone(data) // it is the fuzzer's
		if len(data) > 0 {
			data[int(pos)%len(data)] ^= with
		}
		db, err := Open(put(t, filepath.Join(dir, "x.mmdb"), data))
		if err != nil {
			return
		}
		for _, a := range []string{"198.51.100.1", "203.0.113.9", "::1", "2001:db8::", "255.255.255.255"} {
			db.Lookup(at(a))
			db.Detail(at(a))
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	db := openBoth(b)
	addrs := []netip.Addr{at("198.51.100.1"), at("8.8.8.8"), at("2001:db8::1"), at("203.0.113.200")}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		db.Lookup(addrs[i&3])
		i++
	}
}
