package detect

import "strings"

// Credential stuffing from very many addresses, with a try or two each, shows
// at no address. It shows at the door: strangers who send something to a path
// that signs people in, and have never asked for anything else, come in numbers
// that this door does not know (Javed and Paxson 2013). Whether they failed may
// not show either, for many sites answer 200 to a wrong password.
//
// A door is a template to which sign-ins are sent. Its strangers are counted in
// slots of five minutes and summed over 5 minutes, a quarter, an hour and six
// hours. Each sum is compared with all that came before:
//
//   - by number, with the negative binomial prediction of a Poisson rate under
//     Jeffreys' prior, so that a short history makes it wide;
//   - by share among all who use the door, so that a crowd of the usual kind is
//     none, nor a log in which nobody ever asks for a page;
//   - and they must come in addition to the usual ones: where users are shut out
//     at the door, they look like strangers, and no more come than ever.
//
// Those whose answer shows that they failed are counted and tested once more by
// themselves.
//
// Sees: some 20 addresses above what is usual within six hours, whatever the
// answer.
// Blind: strangers who look at a page first, and a door that only robots use
// and that answers all of them alike.
const (
	slotMinutes  = 5
	doorSlots    = 2 * 72 // the longest sum, and as long before
	doorLeast    = 20     // participants
	doorRise     = 2      // times the busiest sum before
	quarterSlots = 3
	doorPrior    = 10 // clients' worth of belief that one in ten who sign in has seen no page
	maxDoors     = 256
	maxKnocks    = 4096 // clients told apart at a door in one slot
)

// doorSums are the lengths of the sums, in slots.
var doorSums = [...]int{1, 3, 12, 72}

// knocks counts clients at a door.
type knocks struct{ all, strangers, failed float64 } // failed: strangers who failed visibly

func (k *knocks) add(o knocks, sign float64) {
	k.all, k.strangers, k.failed = k.all+sign*o.all, k.strangers+sign*o.strangers, k.failed+sign*o.failed
}

func (k *knocks) raise(o knocks) {
	k.strangers, k.failed = max(k.strangers, o.strangers), max(k.failed, o.failed)
}

// door is one template to which sign-ins are sent.
type door struct {
	leaf  uint32
	tells bool // the status says who failed, as that of a token endpoint must (RFC 6749, 5.2)
	slot  int32
	now   map[uint64]bool // clients of this slot; true: failed visibly
	ring  [doorSlots]knocks
	total knocks                // of all slots settled
	most  [len(doorSums)]knocks // in one sum that ended before the present one began
	last  int32                 // minute of the latest sign-in
	raid  *event                // the present one
	usual float64               // strangers a slot before it
}

// doors is a bounded table by template.
type doors struct {
	seen    map[uint64]*door
	list    []*door // in order of appearance
	refused int64
}

// knock notes the sign-ins of a client.
func (e *Engine) knock(c *client, id uint32, minute int32, s *sum) {
	if s.doorMiss && !e.served.ever(s.door) {
		return // not there at all: see waves
	}
	ds := &e.doors
	d := ds.seen[s.door]
	if d == nil {
		if len(ds.seen) >= maxDoors {
			ds.refused++
			return
		}
		where := e.syms.text(e.deepest(s.doorLeaf).value)
		d = &door{leaf: s.doorLeaf, tells: strings.Contains(where, "token") || strings.Contains(where, "oauth"), slot: minute / slotMinutes, now: map[uint64]bool{}}
		ds.seen[s.door] = d
		ds.list = append(ds.list, d)
	}
	d.settle(e, minute/slotMinutes)
	key := c.hash<<32 | uint64(id)
	if _, known := d.now[key]; !known && len(d.now) >= maxKnocks {
		ds.refused++
		return
	}
	d.now[key], d.last = s.tries > 0 && s.signins == 0, minute
}

// count looks who of this slot's clients is a stranger still.
func (d *door) count(e *Engine) knocks {
	k := knocks{all: float64(len(d.now))}
	for key, failed := range d.now {
		c := e.clients.known(key)
		if c == nil || d.tells && !failed || c.hostile() || e.homes.shared(c, d.last) || uint32(c.doors) < uint32(c.pages)+uint32(c.assets) || c.flags&fBot != 0 {
			continue
		}
		k.strangers++
		if failed {
			k.failed++
		}
	}
	return k
}

// settle closes the slots before slot. What a raid adds is not learned.
func (d *door) settle(e *Engine, slot int32) {
	for i := 0; d.slot < slot; i++ {
		if i > doorSlots { // all that could slide is zero
			d.slot = slot
			return
		}
		k := knocks{}
		if len(d.now) > 0 {
			if k = d.count(e); d.raid != nil && !d.raid.ended {
				k = knocks{all: k.all - k.strangers}
			}
			clear(d.now)
		}
		d.total.add(k, 1)
		d.ring[d.slot%doorSlots] = k
		d.slot++
		for i, n := range doorSums {
			d.most[i].raise(d.sum(d.slot-int32(n), n))
		}
	}
}

// sum adds up n settled slots that end with slot.
func (d *door) sum(slot int32, n int) (k knocks) {
	for i := range int32(n) {
		if s := slot - i; s < d.slot && s >= d.slot-doorSlots {
			k.add(d.ring[s%doorSlots], 1)
		}
	}
	return k
}
