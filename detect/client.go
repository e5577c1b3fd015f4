package detect

import (
	"net/netip"
	"strconv"

	"github.com/denylens/denylens/geo"
	"github.com/denylens/denylens/ingest"
)

// client is what is remembered of one client: an address (IPv4, or the /64 of
// IPv6) together with the user name, if the log has one. Its fields change
// only when a window closes, so the order within a window cannot matter.
type client struct {
	hash       uint64
	addr       netip.Addr
	user       uint32 // symbols
	country    uint32
	asn        uint32
	wide       uint32
	network    uint32
	first      int32 // minute first and last seen
	last       int32
	deniedAt   int32  // minute of the latest refusal, -1 never
	ok         uint32 // requests served, refused, ...
	denied     uint32
	auth       uint32
	miss       uint32
	limited    uint32
	minutes    uint32 // minutes in which it was active
	lastHour   int32
	hours      uint16
	assets     uint16
	pages      uint16
	refs       uint16  // requests with a referer
	probes     uint16  // distinct probe paths
	fails      uint16  // distinct templates missed or refused that nobody else is served
	hits       uint16  // distinct templates served that others are served too
	sketch     uint64  // linear counter of templates
	failSketch bits128 // which failed templates were counted
	flags      flags   // union over its requests
	baseOK     uint32  // history before the refusals that turned counts
	baseDenied uint32
	turnStart  int32   // minute in which these began
	walk       float32 // threshold random walk, natural log
	turned     float32 // evidence that it turned from served to refused
	scanAt     int32   // minute flagged as scanner, -1 no
	turnedAt   int32
	userOK     bool // the user name was accepted at least once
	inUse      bool
	middle     middle
	kept       int32 // minute of its latest facts ...
	facts      span  // ... and where they are
}

// middle says that an address is not a visitor's but that of something between.
type middle uint8

const (
	noMiddle middle = iota
	privateMiddle
	edgeMiddle // of a content delivery network
)

func middleOf(a netip.Addr) middle {
	switch {
	case geo.Edge(a) != "":
		return edgeMiddle
	case geo.Reserved(a) != "":
		return privateMiddle
	}
	return noMiddle
}

// clients is the bounded table. When it is full the client that was silent
// longest among a few candidates is forgotten, those with refusals last.
type clients struct {
	index   map[uint64]uint32
	list    []client
	limit   int
	hand    uint32
	evicted int64
	all     hll
	denied  hll
}

func newClients(limit int) *clients {
	return &clients{index: make(map[uint64]uint32), list: make([]client, 1, 1024), limit: limit}
}

// get returns the number of the client with hash h, making it if it is new.
// keep is the oldest minute that is still open: clients seen since then stay.
func (cs *clients) get(h uint64, keep int32) (id uint32, fresh bool) {
	if id, ok := cs.index[h]; ok {
		return id, false
	}
	if len(cs.list) < cs.limit {
		id = uint32(len(cs.list))
		cs.list = append(cs.list, client{})
	} else {
		id = cs.evict(keep)
		if id == 0 {
			return 0, false
		}
	}
	cs.list[id] = client{hash: h, deniedAt: -1, scanAt: -1, turnedAt: -1, lastHour: -1, kept: -1, inUse: true}
	cs.index[h] = id
	cs.all.add(h)
	return id, true
}

// evict frees one slot. It looks at up to 64 slots from where it stopped and
// takes the least valuable: value is activity with a bonus for refusals.
func (cs *clients) evict(keep int32) uint32 {
	best, bestValue := uint32(0), uint32(1<<31)
	for i := 0; i < 64; i++ {
		cs.hand++
		if int(cs.hand) >= len(cs.list) {
			cs.hand = 1
		}
		c := &cs.list[cs.hand]
		if c.last >= keep {
			continue
		}
		v := min(c.ok, 1<<16)
		if c.denied > 0 {
			v += 1 << 16
		}
		if v < bestValue {
			best, bestValue = cs.hand, v
		}
	}
	if best == 0 {
		return 0
	}
	delete(cs.index, cs.list[best].hash)
	cs.evicted++
	return best
}

// count is the number of distinct clients seen: exact until the first was
// forgotten, then estimated (HyperLogLog, 1.6 %).
func (cs *clients) count() int64 {
	if cs.evicted == 0 {
		return int64(len(cs.list) - 1)
	}
	return cs.all.estimate()
}

// describe fills the attributes of a new client from its first record.
func (e *Engine) describe(c *client, rec *ingest.Record) {
	c.addr = rec.Client
	c.middle = middleOf(c.addr)
	c.first = int32(floorDiv(rec.Time, 60e9))
	c.last = c.first
	place := e.cfg.Geo.Lookup(rec.Client)
	if rec.Country != [2]byte{} {
		place.Country = rec.Country
	}
	if rec.ASN != 0 {
		place.ASN = rec.ASN
	}
	var buf [64]byte
	if place.Country != [2]byte{} {
		c.country = e.syms.id(DimCountry, place.Country[:], 0)
	}
	if place.ASN != 0 {
		c.asn = e.syms.id(DimASN, strconv.AppendUint(buf[:0], uint64(place.ASN), 10), c.country)
	}
	up := c.asn
	if up == 0 {
		up = c.country
	}
	if wide, narrow, ok := networksOf(rec.Client); ok {
		c.wide = e.syms.id(DimNetwork, wide.AppendTo(buf[:0]), up)
		c.network = e.syms.id(DimNetwork, narrow.AppendTo(buf[:0]), c.wide)
	}
	if len(rec.User) <= 128 {
		c.user = e.syms.id(DimUser, rec.User, 0)
	}
}

// networksOf are the /16 and /24 of an IPv4 address, the /32 and /48 of an
// IPv6 one.
func networksOf(a netip.Addr) (wide, narrow netip.Prefix, ok bool) {
	if !a.IsValid() {
		return wide, narrow, false
	}
	m, n := 32, 48
	if a.Is4() {
		m, n = 16, 24
	}
	wide, _ = a.Prefix(m)
	narrow, _ = a.Prefix(n)
	return wide, narrow, true
}

// values lists the symbols that belong to the client.
func (c *client) values() [5]uint32 { return [5]uint32{c.country, c.asn, c.wide, c.network, c.user} }
