package geo

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// DB answers where an address is. Safe for concurrent use. A nil DB is valid
// and knows nothing.
type DB struct {
	now      atomic.Pointer[tables]
	embedded bool
	paths    []string
	reload   sync.Mutex
}

// tables are the databases in use. They are replaced together and never
// changed; a replaced one lives as long as a Lookup uses it.
type tables struct {
	country, asn *base // may be nil, may be the same
	bases        []*base
}

// Embedded returns the DB that needs no file: countries, no networks. With the
// build tag nogeoembed it knows nothing.
func Embedded() *DB {
	db := &DB{embedded: embeddedName != ""}
	db.now.Store(&tables{})
	return db
}

// Open returns a DB of MaxMind databases in any order (City, Country, ASN, and
// what is laid out like them; of two with countries the first serves), over the compiled-in countries: those serve
// where no file is given, or the file does not know. The files are read into
// memory whole, so they may be replaced or truncated at any time. A file that
// is none, or of a kind that says neither country nor network, is an error
// that names it and says what to do.
func Open(paths ...string) (*DB, error) {
	db := Embedded()
	db.paths = paths
	t, err := db.load(nil)
	if err != nil {
		return nil, err
	}
	db.now.Store(t)
	return db, nil
}

// load reads the databases that have changed since old.
func (db *DB) load(old *tables) (*tables, error) {
	t := &tables{}
	var errs []error
	for i, path := range db.paths {
		var before *base
		if old != nil && i < len(old.bases) {
			before = old.bases[i]
		}
		b, err := openBase(path, before)
		if err != nil {
			if errs = append(errs, err); before == nil {
				continue
			}
			b = before
		}
		t.bases = append(t.bases, b)
		if b.hasCountry && t.country == nil {
			t.country = b
		}
		if b.hasASN && (t.asn == nil || !b.hasCountry) {
			t.asn = b
		}
	}
	return t, errors.Join(errs...)
}

// Reload reads those files again that have been replaced since. A new file
// that is no good leaves the old data in use and is an error.
func (db *DB) Reload() error {
	if db == nil || len(db.paths) == 0 {
		return nil
	}
	db.reload.Lock()
	defer db.reload.Unlock()
	t, err := db.load(db.now.Load())
	if len(t.bases) == len(db.paths) {
		db.now.Store(t)
	}
	return err
}

// Lookup returns the place of addr. It does not allocate, apart from the first
// time that it meets a record of a database.
func (db *DB) Lookup(addr netip.Addr) Place {
	if db == nil || !addr.IsValid() {
		return Place{}
	}
	if addr = addr.Unmap(); addr.Zone() != "" {
		addr = addr.WithZone("")
	}
	var p Place
	t := db.now.Load()
	if t.country != nil {
		p.Country = countryOf(t.country.value(addr, country))
	}
	if p.Country == ([2]byte{}) && db.embedded {
		p.Country = embeddedCountry(addr)
	}
	if t.asn != nil {
		p.ASN = t.asn.value(addr, asn)
	}
	return p
}

// Base describes a database in use.
type Base struct {
	Path  string // "" if it is compiled in
	Type  string
	Built time.Time // zero if not known
}

// Bases lists the databases in use, the compiled-in one last.
func (db *DB) Bases() []Base {
	if db == nil {
		return nil
	}
	var out []Base
	for _, b := range db.now.Load().bases {
		out = append(out, Base{b.path, b.kind, b.built})
	}
	if db.embedded {
		out = append(out, Base{Type: embeddedName})
	}
	return out
}

// Old is the age at which a database tells wrong often enough to say so.
const Old = 30 * 24 * time.Hour

// Describe says which databases are in use and how old they are at now, one
// line each.
func (db *DB) Describe(now time.Time) []string {
	var out []string
	for _, b := range db.Bases() {
		line := b.Type
		if !b.Built.IsZero() {
			age := now.Sub(b.Built)
			line += fmt.Sprintf(" of %s (%d days old", b.Built.UTC().Format(time.DateOnly), int(max(age, 0)/(24*time.Hour)))
			if age > Old {
				line += ": fetch a newer one"
			}
			line += ")"
		}
		if b.Path != "" {
			line += ", " + b.Path
		}
		out = append(out, line)
	}
	return out
}
