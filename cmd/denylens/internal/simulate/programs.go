package simulate

import (
	"fmt"
	"net/netip"

	"github.com/denylens/denylens/cmd/denylens/internal/splitmix"
)

// server is a program on somebody's own machine that uses the interface: fixed
// address, fixed pace, a user name of its own.
type server struct {
	client client
	every  float64 // seconds between two rounds
	calls  int     // in a round, mean
	left   int
	backed float64 // longer waits after refusals
}

// act makes one call of a round.
func (s *server) act(w *world) int64 {
	if s.left == 0 {
		s.left = w.dice.geometric(float64(s.calls))
	}
	status := w.call(&s.client)
	s.left--
	switch {
	case status == 401 || status == 403 || status == 429:
		s.backed = min(8, s.backed*1.5+.5)
		if w.dice.chance(.5) {
			s.left = 0 // gives up this round
		}
	default:
		s.backed = 0
	}
	if s.left > 0 {
		return w.after(.05 + w.dice.wait(.4))
	}
	return w.after(s.every * (1 + s.backed) * w.dice.between(.93, 1.07))
}

// call does one thing of the interface. Tokens run out every hour or so: 401, a
// new one, and again.
func (w *world) call(c *client) int {
	calls := w.site.calls[c.app.version]
	k := &calls[weighted(w.dice.Float64(), callShares)]
	r := request{client: c, kind: service, host: w.site.api, method: k.method, user: c.user, path: oneOf(w.dice, k.paths)}
	switch u := w.dice.Float64(); {
	case u < .004:
		r.status, r.upstream = 401, true
	case u < .012:
		r.status, r.upstream = 404, true
	case u < .016:
		r.status, r.upstream = 400, true
	case u < .0168:
		r.status, r.upstream = 403, true // a right it never had
	case k.method == "POST":
		r.status, r.upstream = 201, true
	case u < .12 && k.method == "GET":
		r.status, r.upstream = 304, true
	}
	status := w.send(&r)
	if status == 401 && w.now%3 != 0 {
		w.send(&request{client: c, kind: service, host: w.site.api, method: "POST", path: "/auth/token"})
	}
	return status
}

// callShares are the cumulative shares of calls.
var callShares = []float64{34, 54, 68, 76, 84, 90, 94, 99, 100}

// phone is a person using an application: a burst of calls, a pause, more.
type phone struct {
	client client
	left   int
	failed int
}

func (p *phone) act(w *world) int64 {
	status := w.call(&p.client)
	p.left--
	if status == 401 || status == 403 {
		p.failed++
		if p.failed > 3 || w.dice.chance(.3) {
			return 0 // puts the phone away
		}
		p.left = max(p.left, 1)
		return w.after(.5 + w.dice.wait(6))
	}
	if p.left <= 0 {
		return 0
	}
	if w.dice.chance(.6) {
		return w.after(w.dice.wait(.35))
	}
	return w.after(1 + w.dice.spread(9, 1))
}

// phones starts such uses, in people's rhythm.
type phones struct {
	rate  float64
	known int
	apps  []int // indices of applications for phones
	share []float64
}

func (p *phones) act(w *world) int64 {
	const peak = 2.5 // no hour is so busy that it has more than this times the mean
	if w.dice.chance(w.people.slotRate / w.people.rate / peak) {
		app := &applications[p.apps[weighted(w.dice.Float64(), p.share)]]
		w.add(w.now, &phone{client: p.user(w, app, w.dice.skewed(p.known, 1.7)), left: w.dice.geometric(11)})
	}
	return w.after(w.dice.wait(1 / (p.rate * peak)))
}

// user is the id-th user of an application.
func (p *phones) user(w *world, app *application, id int) client {
	h := splitmix.Mix(w.Seed ^ splitmix.Text(app.agent) ^ uint64(id)*0x9e3779b97f4a7c15)
	c := &countries[min(len(countries)-1, int(float64(len(countries))*splitmix.Unit(h)*splitmix.Unit(splitmix.Mix(h))))]
	n, addr := w.atlas.address(c, splitmix.Mix(h+5))
	return client{place: placeOf(n, addr), agent: app.agent, app: app, seed: h, proto: "HTTP/2.0", user: fmt.Sprintf("u%d", 10_000+splitmix.Mix(h+6)%80_000)}
}

// operators name the servers' users.
var operators = []string{"erp-nordwind", "sync-bergmann", "stock-alpha", "pim-feed", "depot-west", "market-hub", "label-print", "crm-export",
	"price-robot", "returns-desk", "fleet", "warehouse-2", "kiosk", "invoice-run", "partner-lumen", "partner-orva", "mirror-at", "reports",
	"bot-supply", "terminal-7", "terminal-9", "forecast", "loyalty", "gift-cards"}

// addPrograms enters the users of the interface, half of the requests by phones
// and half by servers, whose pace has a heavy tail.
func (w *world) addPrograms(requests float64) {
	d := derive(w.Seed, "programs")
	p := &phones{known: max(20, int(requests/2/45))}
	var sum float64
	for i, a := range applications {
		if a.phone {
			sum += a.share
			p.apps, p.share = append(p.apps, i), append(p.share, sum)
		}
	}
	p.rate = requests / 2 / 11.5 / w.Duration.Seconds()
	w.add(w.begin+1, p)

	count := max(4, min(4000, int(requests/2/700)))
	perDay := make([]float64, count)
	var total float64
	for i := range perDay {
		perDay[i] = d.spread(1, 1)
		total += perDay[i]
	}
	for i := range count {
		app := &applications[4+d.IntN(len(applications)-4)]
		c := &countries[d.skewed(len(countries), 2.2)]
		n, addr := w.atlas.address(c, d.Uint64()|7)
		name := operators[i%len(operators)]
		if i >= len(operators) {
			name = fmt.Sprintf("%s-%d", name, i/len(operators)+1)
		}
		s := &server{client: client{place: placeOf(n, addr), agent: app.agent, app: app, user: name, proto: "HTTP/1.1", seed: d.Uint64()}, calls: d.whole(1, 9)}
		rate := requests / 2 * perDay[i] / total / w.Duration.Seconds()
		s.every = float64(s.calls) / rate
		w.apps = append(w.apps, s)
		w.add(w.begin+seconds(s.every*d.Float64()), s)
	}
}

// fixed makes a client at a given address.
func fixed(addr, code, agent, proto string) client {
	a := netip.MustParseAddr(addr)
	return client{place: place{addr: a, text: a.String(), code: code, asn: 0}, agent: agent, proto: proto}
}
