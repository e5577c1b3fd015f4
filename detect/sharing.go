package detect

import (
	"math/bits"

	"github.com/denylens/denylens/detect/internal/stat"
)

// A user name or key that is in use in several countries at once is shared, or
// stolen. Its own history is the yardstick: a service that has always come from
// everywhere is what it is. How many networks are to be expected of it follows
// from those of all quarters of an hour before, as a negative binomial
// prediction under Jeffreys' prior: the shorter the history, the more are needed.
//
// Sees: one user, three countries and seven networks within half an hour, after
// hours with one; with a quarter of an hour to go by, some 25 networks.
// Blind: sharing within a country, users never seen before, logs without users.
// Where countries are not known, wide networks stand for them, and more are
// needed.
const (
	shareCountries = 3
	shareNetworks  = 5
	shareWide      = 12   // wide networks, where no countries are known
	shareRise      = 3    // times the busiest quarter of an hour before
	shareChance    = 1e-4 // of as many networks, all being well
	maxUsers       = 1 << 14
)

// userSeen is where a user came from in this quarter of an hour and the one
// before, and what came of earlier ones.
type userSeen struct {
	first     int32 // minute in which the user was seen first
	since     int32 // minute in which a second place appeared
	quarter   int32
	now, last whereabouts
	networks  float64 // sum over the quarters before these
	most      int     // networks, and ...
	mostIn    int     // ... places in one of them
	caught    bool
	travel    travel
	leaps     int // by which it was caught
}

// whereabouts are places, as linear counters.
type whereabouts struct {
	countries, networks, wide uint64
}

func (a whereabouts) with(b whereabouts) whereabouts {
	return whereabouts{a.countries | b.countries, a.networks | b.networks, a.wide | b.wide}
}

// places counts countries, or wide networks if no country is known.
func (a whereabouts) places() (n, need int) {
	if a.countries == 0 {
		return bits.OnesCount64(a.wide), shareWide
	}
	return bits.OnesCount64(a.countries), shareCountries
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
		u = &userSeen{first: minute, quarter: minute / quarterMinutes}
		e.users.seen[c.user] = u
	}
	u.turn(minute / quarterMinutes)
	before, _ := u.now.with(u.last).places()
	u.now.note(c)
	if n, _ := u.now.with(u.last).places(); before == 1 && n > 1 {
		u.since = minute
	}
	leapt := u.travel.visit(e.zone(c), minute, u.first)
	switch {
	case u.caught:
		return
	case u.shared():
	case leapt:
		u.leaps = u.travel.leaps
	default:
		return
	}
	u.caught = true
	e.track.shared = append(e.track.shared, c.user)
}

// turn begins a new quarter of an hour.
func (u *userSeen) turn(quarter int32) {
	for range 2 { // after two without a request both are empty
		if u.quarter >= quarter {
			return
		}
		n, _ := u.last.places()
		u.mostIn = max(u.mostIn, n)
		u.most = max(u.most, bits.OnesCount64(u.last.networks))
		u.networks += float64(bits.OnesCount64(u.last.networks))
		u.last, u.now = u.now, whereabouts{}
		u.quarter++
	}
	u.quarter = quarter
}

func (w *whereabouts) note(c *client) {
	for _, x := range [...]struct {
		set   *uint64
		value uint32
	}{{&w.countries, c.country}, {&w.networks, c.network}, {&w.wide, c.wide}} {
		if x.value != 0 {
			*x.set |= 1 << (mix(uint64(x.value), k2) >> 58)
		}
	}
}

// shared tells whether a user is in more places now than its history explains.
func (u *userSeen) shared() bool {
	w := u.now.with(u.last)
	places, need := w.places()
	n := bits.OnesCount64(u.now.networks) + bits.OnesCount64(u.last.networks)
	before := float64((u.quarter-1)*quarterMinutes-u.first) / quarterMinutes
	if before <= 0 || places < need || places <= 2*u.mostIn || bits.OnesCount64(w.networks) < shareNetworks || n < shareRise*u.most {
		return false
	}
	return stat.NegBinomialTail(n, u.networks+.5, 2/(before+2)) <= shareChance
}

// openShared opens the event of a shared user.
func (t *tracker) openShared(e *Engine, p *page, user uint32) {
	if len(t.events) >= maxEvents {
		t.refused++
		return
	}
	u := e.users.seen[user]
	since := u.since
	if u.leaps > 0 {
		since = u.travel.since
	}
	onset := e.ring.reach(since)
	ev := t.add(byShare, e.hashConj(conj{{axUser, user}}), onset, p)
	ev.cohorts, ev.user, ev.leaps = []conj{{{axUser, user}}}, user, u.leaps
	t.replay(e, ev, onset)
	t.tell(e, ev, true)
}
