package detect

import (
	"bytes"
	"net/netip"
	"strconv"

	"github.com/denylens/denylens/geo"
	"github.com/denylens/denylens/ingest"
)

// ident says who a client is: an address (IPv4, or the /64 of IPv6) together
// with the user name, if the log has one. It holds no pointer, for there are
// very many.
type ident struct {
	hash    uint64
	ip      [16]byte
	valid   bool   // the log had an address
	name    uint32 // the address as logged, if it is none: masked, or a host name
	user    uint32
	country uint32
	asn     uint32
	wide    uint32
	network uint32
	first   int32 // minute first seen
	middle  middle
}

func (c *ident) addr() netip.Addr {
	if !c.valid {
		return netip.Addr{}
	}
	return netip.AddrFrom16(c.ip).Unmap()
}

// values lists the symbols that belong to the client.
func (c *ident) values() [5]uint32 { return [5]uint32{c.country, c.asn, c.wide, c.network, c.user} }

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

// idents is the bounded table of who the clients are. When it is full those
// that were silent longest are forgotten, those with refusals last.
type idents struct {
	index    *dict[uint32]
	networks *dict[uint32] // numbers of networks
	list     chunks[ident]
	last     []int32 // minute last seen
	refused  []int32 // minute last refused, as far as the naming half knows
	limit    int
	hand     uint32
	free     []uint32
	tried    int32
	evicted  int64 // forgotten, or found no room
	all      hll
}

func newIdents(limit int) *idents {
	return &idents{index: newDict[uint32](), networks: newDict[uint32](), list: newChunks[ident](limit), last: make([]int32, 1, 1024), refused: make([]int32, 1, 1024), limit: limit}
}

// get returns the number of the client with hash h, making it if it is new;
// 0 if the table is full of clients that are busy now.
func (t *idents) get(e *Engine, h uint64) (id uint32, fresh bool) {
	if p := t.index.find(h); p != nil {
		return *p, false
	}
	switch {
	case t.list.n < t.limit:
		id = t.list.add()
		t.last, t.refused = append(t.last, 0), append(t.refused, 0)
	default:
		if len(t.free) == 0 && t.tried != e.handed {
			e.wait()
			t.evict(e)
		}
		if len(t.free) == 0 {
			t.tried = e.handed // who is busy is busy until the next minute
			t.all.add(h)
			t.evicted++
			return 0, false
		}
		id, t.free = t.free[len(t.free)-1], t.free[:len(t.free)-1]
	}
	*t.list.at(id) = ident{hash: h}
	t.refused[id] = never
	*t.index.put(h) = id
	t.all.add(h)
	return id, true
}

// evict forgets some clients, one in 64 of the table: of every 16 looked at
// the least valuable. Value is activity with a bonus for refusals. Clients
// seen in a minute that is still open stay.
func (t *idents) evict(e *Engine) {
	for range t.limit / 64 {
		best, bestValue := uint32(0), uint32(1<<31)
		for range 16 {
			if t.hand++; int(t.hand) >= t.list.n {
				t.hand = 1
			}
			if h := t.list.at(t.hand).hash; h == 0 || t.last[t.hand] >= e.handed {
				continue
			}
			if v := e.clients.value(t.hand); v < bestValue {
				best, bestValue = t.hand, v
			}
		}
		if best == 0 {
			continue
		}
		t.index.drop(t.list.at(best).hash)
		t.list.at(best).hash = 0
		t.free = append(t.free, best)
		t.evicted++
	}
}

// count is the number of distinct clients seen: exact until the first was
// forgotten, then estimated (HyperLogLog, 1.6 %).
func (t *idents) count() int64 {
	if t.evicted == 0 {
		return int64(t.list.n - 1)
	}
	return t.all.estimate()
}

// describe fills the attributes of a new client from its first record.
func (e *Engine) describe(c *ident, rec *ingest.Record) {
	at := rec.Client
	if at.IsValid() {
		c.ip, c.valid, c.middle = at.As16(), true, middleOf(at)
	} else if len(rec.RemoteText) <= 128 {
		c.name = e.syms.id(DimIP, rec.RemoteText, 0)
		at = unmask(rec.RemoteText)
	}
	c.first = int32(floorDiv(rec.Time, 60e9))
	place := e.cfg.Geo.Lookup(at)
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
	if wide, narrow, ok := networksOf(at); ok {
		c.wide = e.networkID(wide, up)
		c.network = e.networkID(narrow, c.wide)
	}
	if len(rec.User) <= 128 {
		c.user = e.syms.id(DimUser, rec.User, 0)
	}
}

// networkID is the number of a network. Most new clients come from known ones, so
// their text is not written each time.
func (e *Engine) networkID(p netip.Prefix, up uint32) uint32 {
	hash := mix(hashAddr(p.Addr()), uint64(p.Bits()))
	if id := e.idents.networks.find(hash); id != nil {
		return *id
	}
	var buf [64]byte
	id := e.syms.id(DimNetwork, p.AppendTo(buf[:0]), up)
	if id != 0 {
		*e.idents.networks.put(hash) = id
	}
	return id
}

// unmask returns an address of the network that a masked address names, as in
// 192.0.2.x; none if text is something else.
func unmask(text []byte) netip.Addr {
	i := bytes.LastIndexByte(text, '.')
	if i < 0 || len(text) > 15 || len(bytes.Trim(text[i+1:], "xX*")) > 0 {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(string(text[:i]) + ".0")
	if err != nil {
		return netip.Addr{}
	}
	return a
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
