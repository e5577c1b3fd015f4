package simulate

import (
	"net/netip"
	"strings"
)

// robot is a visit of a crawler: some pages at its own pace.
type robot struct {
	client client
	pace   float64
	left   int
	feeds  bool
	first  bool
}

func (b *robot) act(w *world) int64 {
	r := request{client: &b.client, kind: page, method: "GET"}
	switch {
	case b.feeds:
		r.path, r.kind, r.status = "/feed.xml", asset, 304
		if w.dice.chance(.08) {
			r.status = 0
		}
	case b.first && w.dice.chance(.3):
		r.path, r.kind = "/robots.txt", asset
	default:
		b.choose(w, &r)
	}
	b.first = false
	if b.left--; w.send(&r) >= 500 {
		b.left = min(b.left, 1)
	}
	if b.left <= 0 {
		return 0
	}
	return w.after(b.pace*.3 + w.dice.wait(b.pace*.8))
}

// choose takes a page as a crawler does: from everywhere, old ones too.
func (b *robot) choose(w *world, r *request) {
	s := w.site
	switch u := w.dice.Float64(); {
	case u < .5:
		r.path = oneOf(w.dice, s.products)
	case u < .7:
		r.path = oneOf(w.dice, s.articles)
	case u < .8:
		r.path = oneOf(w.dice, s.categories)
	case u < .87:
		r.path, r.kind = oneOf(w.dice, s.pictures)[0], asset
	case u < .92:
		r.path, r.status = oneOf(w.dice, s.gone), 404
	case u < .95:
		r.path, r.status = oneOf(w.dice, s.moved), 301
	case u < .953:
		r.path = "/admin/login" // linked from somewhere, refused to everybody
	default:
		r.path = "/"
	}
	if r.status == 0 && w.dice.chance(.12) {
		r.status = 304
	}
}

// robots sends crawlers, evenly over the day.
type robots struct {
	rate  float64
	share []float64
	nets  [][]netip.Prefix
}

func (b *robots) act(w *world) int64 {
	i := weighted(w.dice.Float64(), b.share)
	c := &crawlers[i]
	p := oneOf(w.dice, b.nets[i])
	bits := uint64(w.dice.skewed(24, 1.4))
	addr := within(p, bits+1)
	v := &robot{client: client{place: place{addr: addr, text: addr.String(), code: "US", asn: 0}, agent: c.agent, proto: "HTTP/1.1"},
		pace: c.pace, left: 1, feeds: c.feeds, first: true}
	if !c.feeds {
		v.left = w.dice.geometric(9)
	}
	w.add(w.now, v)
	return w.after(w.dice.wait(1 / b.rate))
}

// beat does the same thing again and again: a monitor, a feed reader, a device,
// a self-check. Each site has some, and some are refused for ever.
type beat struct {
	client client
	method string
	path   string
	kind   kind
	status int
	every  float64
	jitter float64
	host   string
}

func (b *beat) act(w *world) int64 {
	r := request{client: &b.client, kind: b.kind, method: b.method, path: b.path, status: b.status, host: b.host}
	if b.status == 304 && w.dice.chance(.06) {
		r.status = 0
	}
	w.send(&r)
	return w.after(b.every * w.dice.between(1-b.jitter, 1+b.jitter))
}

// addRobots enters everything that comes by itself and means no harm.
func (w *world) addRobots(requests float64) {
	d := derive(w.Seed, "robots")
	b := &robots{rate: requests * .62 / 8.2 / w.Duration.Seconds()}
	var sum float64
	for _, c := range crawlers {
		sum += c.share
		b.share, b.nets = append(b.share, sum), append(b.nets, parsePrefixes(c.ranges...))
	}
	w.add(w.begin+1, b)
	budget := requests * .38 / w.Duration.Hours() // requests an hour for those with a fixed pace
	for _, m := range monitors {
		every := max(m.every, 3600/budget*6)
		w.add(w.begin+seconds(d.Float64()*every), &beat{client: fixed(m.addr, "US", m.agent, "HTTP/1.1"), method: "GET", path: m.path, kind: page, every: every, jitter: .01})
		budget -= 3600 / every / 3
	}
	for i := 0; budget > 0; i++ {
		c := &countries[d.skewed(len(countries), 2)]
		n, addr := w.atlas.address(c, d.Uint64()|7)
		every := max(900, d.spread(2400, .5))
		w.add(w.begin+seconds(d.Float64()*every), &beat{client: client{place: placeOf(n, addr), agent: readers[i%len(readers)], proto: "HTTP/1.1"},
			method: "GET", path: "/feed.xml", kind: asset, status: 304, every: every, jitter: .03})
		budget -= 3600 / every
	}
}

// addStanding enters what is refused on every day: a device whose account was
// closed, a robot the host does not want, the site's own check that a private
// file is private, and pictures embedded elsewhere.
func (w *world) addStanding(requests float64) {
	d := derive(w.Seed, "standing")
	scale := max(1, 60_000/max(1, requests/w.Duration.Hours()*24))
	n, addr := w.atlas.address(&countries[0], d.Uint64()|7)
	for _, b := range []*beat{
		{client: client{place: placeOf(n, addr), agent: "MeterBox/1.3", proto: "HTTP/1.1", user: "meter-0441"}, method: "POST", path: "/devices/441/state", kind: service, host: w.site.api, status: 403, every: 900 * scale, jitter: .01},
		{client: fixed("136.243.70.151", "DE", "Mozilla/5.0 (compatible; BLEXBot/1.0; +http://webmeup-crawler.com/)", "HTTP/1.1"), method: "GET", path: "/robots.txt", kind: asset, status: 403, every: 18_000 * scale, jitter: .02},
		{client: fixed("194.163.150.20", "DE", "SiteCheck/2 (self test)", "HTTP/1.1"), method: "GET", path: "/private/backup/test.txt", kind: asset, status: 403, every: 7200 * scale, jitter: .001},
	} {
		w.add(w.begin+seconds(d.Float64()*b.every), b)
	}
	w.add(w.begin+1, &embeds{every: 2400 * scale})
}

// embeds are people who look at other sites, whose pages show pictures of this
// one, which are refused there.
type embeds struct{ every float64 }

func (e *embeds) act(w *world) int64 {
	c, _ := w.people.visitor(w)
	ref := oneOf(w.dice, embedders)
	for range w.dice.whole(1, 2) {
		w.send(&request{client: &c, kind: asset, method: "GET", path: oneOf(w.dice, w.site.hotlinked), referer: ref, status: 403})
	}
	return w.after(w.dice.wait(e.every) * w.people.rate / max(w.people.slotRate, w.people.rate*.05))
}

// isAPI tells whether a path belongs to the interface.
func isAPI(path string) bool { return strings.HasPrefix(path, "/api/") }
