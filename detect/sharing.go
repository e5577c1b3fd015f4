package detect

import "math/bits"

// A user name or key that is in use in several countries at once is shared, or
// stolen. Its own history is the yardstick: a service that has always come from
// everywhere is what it is.
//
// Sees: one user, three countries and five networks within one hour, after
// hours with one country.
// Blind: sharing within a country, users never seen before, logs without users.
const (
	shareCountries = 3
	shareNetworks  = 5
	shareHistory   = 3 // hours in which the user was seen before
	maxUsers       = 1 << 14
)

// userSeen is where a user came from in this hour, and in the busiest before.
type userSeen struct {
	hour      int32
	since     int32 // minute in which a second country appeared
	hours     uint16
	countries [shareCountries]uint32
	networks  uint64 // a linear counter
	most      uint8  // countries in one earlier hour
	caught    bool
}

// users is a bounded table by symbol of the user.
type users struct {
	seen    map[uint32]*userSeen
	refused int64
}

// use notes that a client used its name, and opens an event when it is shared.
func (e *Engine) use(c *client, minute int32) {
	u := e.users.seen[c.user]
	if u == nil {
		if len(e.users.seen) >= maxUsers {
			e.users.refused++
			return
		}
		u = &userSeen{hour: minute / 60}
		e.users.seen[c.user] = u
	}
	if h := minute / 60; h != u.hour {
		u.most = max(u.most, u.count())
		u.hour, u.hours = h, add16(u.hours, 1)
		u.countries, u.networks = [shareCountries]uint32{}, 0
	}
	u.networks |= 1 << (mix(uint64(c.network), k2) >> 58)
	if before := u.count(); u.note(c.country) && before == 1 {
		u.since = minute
	}
	if !u.caught && u.hours >= shareHistory && u.most <= 1 && u.count() >= shareCountries && bits.OnesCount64(u.networks) >= shareNetworks {
		u.caught = true
		e.track.shared = append(e.track.shared, c.user)
	}
}

// note tells whether a country is new and there was room for it.
func (u *userSeen) note(country uint32) bool {
	for i, k := range u.countries {
		if k == country || country == 0 {
			return false
		}
		if k == 0 {
			u.countries[i] = country
			return true
		}
	}
	return false
}

func (u *userSeen) count() (n uint8) {
	for _, k := range u.countries {
		if k != 0 {
			n++
		}
	}
	return n
}

// openShared opens the event of a shared user.
func (t *tracker) openShared(e *Engine, p *page, user uint32) {
	if len(t.events) >= maxEvents {
		t.refused++
		return
	}
	onset := max(e.users.seen[user].since, p.minute-keepPages+1)
	ev := t.add(byShare, uint64(user), onset, p)
	ev.cohorts, ev.user = []conj{{{axUser, user}}}, user
	t.replay(e, ev, onset)
	t.tell(e, ev, true)
}
