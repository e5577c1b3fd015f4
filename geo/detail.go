package geo

import (
	"fmt"
	"net/netip"
	"strings"
)

// Detail says in words where addr is and whose it is, as far as the databases
// know: "Leeds, United Kingdom (GB); AS65551 Example Net". It is for reports on
// a few addresses: it allocates, and takes microseconds. The names are the
// database's text.
func (db *DB) Detail(addr netip.Addr) string {
	if db == nil || !addr.IsValid() {
		return ""
	}
	addr = addr.Unmap().WithZone("")
	var parts []string
	p := db.Lookup(addr)
	t := db.now.Load()
	if p.Country != ([2]byte{}) {
		parts = append(parts, placeName(t.country, addr, string(p.Country[:])))
	}
	if p.ASN != 0 {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("AS%d %s", p.ASN, networkName(t.asn, addr))))
	}
	return strings.Join(parts, "; ")
}

func placeName(b *base, addr netip.Addr, code string) string {
	if b == nil || b.city == nil {
		return code
	}
	r, err := b.city.City(addr)
	if err != nil {
		return code
	}
	name := code
	if n := r.Country.Names.English; n != "" && r.Country.ISOCode == code {
		name = fmt.Sprintf("%s (%s)", n, code)
	}
	if n := r.City.Names.English; n != "" {
		name = n + ", " + name
	}
	return name
}

func networkName(b *base, addr netip.Addr) string {
	if b == nil || b.city == nil {
		return ""
	}
	r, err := b.city.ASN(addr)
	if err != nil {
		return ""
	}
	return r.AutonomousSystemOrganization
}
