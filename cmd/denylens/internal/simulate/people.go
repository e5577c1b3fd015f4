package simulate

import (
	"math"
	"net/netip"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/splitmix"
)

// place is where a client sits.
type place struct {
	addr netip.Addr
	text string
	code string // of the country
	asn  uint32
}

func placeOf(n *network, addr netip.Addr) place {
	return place{addr: addr, text: addr.String(), code: n.country.code, asn: n.asn}
}

const slot = 300 // seconds for which the rhythm of the day is taken as constant

// people sends visitors, more by day than by night, each country by its own clock.
type people struct {
	rate       float64 // visits a second, mean over the day
	known      int     // people who come back
	browsers   []browser
	share      []float64 // cumulative, of browsers
	slotEnd    int64
	slotRate   float64
	byCountry  []float64 // cumulative, in this slot
	offices    []client  // several people behind one address
	boost      func(at int64) float64
	landing    string // where a boosted visitor lands
	landingRef string
}

// rhythm is how active people are at an hour of their own day, 1 on average.
func rhythm(hour float64, weekend bool) float64 {
	v := 1 - .72*math.Cos((hour-3.2)/24*2*math.Pi) + .18*math.Sin((hour-11)/12*2*math.Pi)
	if weekend {
		v *= .78
	}
	return max(.06, v)
}

func newPeople(w *world, requests float64) *people {
	p := &people{known: int(max(40, requests/32))}
	p.browsers, p.share = newBrowsers()
	p.rate = requests / visitRequests / w.Duration.Seconds() / w.meanRhythm()
	d := derive(w.Seed, "offices")
	for range max(3, p.known/150) {
		c := &countries[d.skewed(len(countries), 2)]
		n, addr := w.atlas.address(c, d.Uint64())
		p.offices = append(p.offices, client{place: placeOf(n, addr)})
	}
	p.byCountry = make([]float64, len(countries))
	return p
}

// meanRhythm is the mean of the rhythm over the log, so that its length holds
// the number of requests that was asked for.
func (w *world) meanRhythm() float64 {
	var sum, n float64
	for at := w.begin; at < w.end; at += seconds(slot) {
		t := time.Unix(0, at).UTC()
		for _, c := range countries {
			sum += c.share * localRhythm(t, c.zone)
		}
		n++
	}
	return sum / n / totalShare()
}

func totalShare() (sum float64) {
	for _, c := range countries {
		sum += c.share
	}
	return sum
}

func localRhythm(t time.Time, zone float64) float64 {
	l := t.Add(time.Duration(zone * float64(time.Hour)))
	day := l.Weekday()
	return rhythm(float64(l.Hour())+float64(l.Minute())/60, day == time.Saturday || day == time.Sunday)
}

func (p *people) newSlot(w *world) {
	t := time.Unix(0, w.now).UTC()
	p.slotEnd = w.now + seconds(slot)
	var sum float64
	for i, c := range countries {
		sum += c.share * localRhythm(t, c.zone)
		p.byCountry[i] = sum
	}
	p.slotRate = p.rate * sum / totalShare() * w.dice.spread(1, .07)
}

// act lets one visitor in and waits for the next.
func (p *people) act(w *world) int64 {
	rate := p.slotRate
	if p.boost != nil {
		if more := p.boost(w.now); more > 1 {
			rate *= more
			if w.dice.Float64() < 1-1/more {
				v := w.visitor(p.visitor(w))
				v.land(p.landing, p.landingRef)
				w.add(w.now, v)
				return p.next(w, rate)
			}
		}
	}
	v := w.visitor(p.visitor(w))
	v.arrive(w)
	w.add(w.now, v)
	return p.next(w, rate)
}

// next waits for another visitor. No wait reaches past the slot, so that a busy
// morning after a quiet night begins in time: it is drawn anew at the new rate.
func (p *people) next(w *world, rate float64) int64 {
	wait := w.dice.wait(1 / rate)
	if left := float64(p.slotEnd-w.now) / 1e9; wait > left {
		w.add(p.slotEnd, resume{p})
		return 0
	}
	return w.after(wait)
}

// resume enters the next slot without a visitor of its own.
type resume struct{ p *people }

func (r resume) act(w *world) int64 {
	r.p.newSlot(w)
	wait := w.dice.wait(1 / r.p.slotRate)
	if wait > slot {
		return w.now + seconds(slot)
	}
	w.add(w.after(wait), r.p)
	return 0
}

// visitor is one of those who come back, heavy users more often, or a new one.
// Who somebody is follows from the number, so nobody has to be remembered.
func (p *people) visitor(w *world) (client, bool) {
	i := weighted(w.dice.Float64(), p.byCountry)
	c := &countries[i]
	n := max(2, int(float64(p.known)*c.share/totalShare()))
	back := w.dice.chance(.55)
	id := w.dice.skewed(n, 1.8)
	if !back {
		id = n + w.dice.IntN(6*n)
	}
	return p.person(w, c, id), back && id < n/2
}

// person returns the id-th person of a country: address, browser and account.
func (p *people) person(w *world, c *country, id int) client {
	h := splitmix.Mix(w.Seed ^ splitmix.Text(c.code) ^ uint64(id)*0x9e3779b97f4a7c15)
	b := &p.browsers[weighted(splitmix.Unit(splitmix.Mix(h+11)), p.share)]
	out := client{agent: b.text, family: b, seed: h, proto: "HTTP/2.0"}
	if splitmix.Mix(h+12)%9 == 0 {
		out.proto = "HTTP/1.1"
	}
	if o := &p.offices[splitmix.Mix(h+13)%uint64(len(p.offices))]; splitmix.Mix(h+14)%25 == 0 && o.code == c.code {
		out.place = o.place
		return out
	}
	n, addr := w.atlas.address(c, h)
	out.place = placeOf(n, addr)
	return out
}
