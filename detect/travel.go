package detect

import (
	"math/bits"

	"github.com/denylens/denylens/detect/internal/stat"
	"github.com/denylens/denylens/geo"
)

// A user name or key that is used in two parts of the world within less time
// than a flight takes is in two hands, or one of the addresses is not where the
// user is. A single leap says little: people switch VPNs on. So the leaps of a day
// are held against those of the days before, as the places are in sharing.go; a
// user that has always leapt is what it is.
//
// Sees: after a week at home, four leaps in a day; after a day, a dozen.
// Blind: within a part of the world, the first day, logs without users.
type travel struct {
	minute    int32  // of the latest use
	before    int32  // that of the use before
	now, last uint16 // zones of the one and the other, as bits
	leapt     bool   // in the latest minute
	day       int32
	leaps     int     // of that day ...
	since     int32   // ... from this minute on
	earlier   float64 // leaps of days before
}

const leastLeaps = 3

// visit notes in which zone a user is that was first seen in minute first, and
// tells whether it has leapt more often today than its days before explain.
// Within a minute the order of calls does not matter.
func (t *travel) visit(zone uint8, minute, first int32) bool {
	if zone == 0 {
		return false
	}
	if minute != t.minute {
		t.last, t.before, t.now, t.minute, t.leapt = t.now, t.minute, 0, minute, false
	}
	if t.now |= 1 << zone; t.leapt || !t.leap() {
		return false
	}
	t.leapt = true
	if day := minute / dayMinutes; day != t.day {
		t.earlier, t.leaps, t.day, t.since = t.earlier+float64(t.leaps), 0, day, minute
	}
	t.leaps++
	days := float64(t.day*dayMinutes-first) / dayMinutes
	return t.leaps >= leastLeaps && days >= 1 && stat.NegBinomialTail(t.leaps, t.earlier+.5, 1/(days+1)) <= shareChance
}

// leap tells whether nobody could have come from where the user was.
func (t *travel) leap() bool {
	for here := t.now; here != 0; here &= here - 1 {
		a := uint8(bits.TrailingZeros16(here))
		for there := t.now | t.last; there != 0; there &= there - 1 {
			b := uint8(bits.TrailingZeros16(there))
			gone := t.minute - t.before
			if t.now&(1<<b) != 0 {
				gone = 0
			}
			if int32(geo.TravelHours(a, b))*60 > gone {
				return true
			}
		}
	}
	return false
}

// zone is the part of the world that a client is in.
func (e *Engine) zone(c *client) uint8 {
	text := e.syms.text(c.country)
	if len(text) != 2 {
		return 0
	}
	return geo.Zone([2]byte{text[0], text[1]})
}
