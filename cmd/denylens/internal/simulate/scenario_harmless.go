package simulate

import "strings"

// noisyClient is one program that asks for an address refused to it, in bursts
// of hundreds: a forgotten job, of no harm to anybody.
func noisyClient(s *stage) {
	c := s.hosted()
	c.agent, c.user = "python-requests/2.31.0", "old-export"
	c.seed = s.rng.Uint64()
	s.add(s.begin+seconds(s.rng.Float64()*1800), &stubborn{client: c})
}

type stubborn struct {
	client client
	left   int
}

func (b *stubborn) act(w *world) int64 {
	if b.left == 0 {
		b.left = w.dice.whole(40, 400)
	}
	w.send(&request{client: &b.client, kind: service, host: w.site.api, method: "GET", path: "/export/full.csv", user: b.client.user, status: 403})
	if b.left--; b.left > 0 {
		return w.after(.2 + w.dice.wait(.4))
	}
	return w.after(w.dice.between(2400, 4200))
}

// officeNAT puts hundreds of people behind one address from nine to five. They
// are refused as often as anybody.
func officeNAT(s *stage) {
	c := &countries[0]
	n, addr := s.atlas.address(c, s.rng.Uint64()|7)
	for range s.rng.whole(120, 300) {
		b := s.people.browsers[weighted(s.rng.Float64(), s.people.share)]
		s.add(s.begin+seconds(8*3600*s.rng.between(.9, 1.2)), &desk{client: client{place: placeOf(n, addr), agent: b.text, family: &b, proto: "HTTP/2.0", seed: s.rng.Uint64()}, every: s.rng.spread(5400, .5)})
	}
}

// flashCrowd sends ten times as many visitors for an hour: the shop was on
// television. The share of refusals stays what it is.
func flashCrowd(s *stage) {
	from := s.moment(.35, .8)
	s.people.landing = s.site.products[s.rng.IntN(40)]
	s.people.landingRef = "https://www.google.com/"
	s.people.boost = func(at int64) float64 {
		m := float64(at-from) / 60e9
		switch {
		case m < 0 || m > 90:
			return 1
		case m < 4:
			return 1 + 9*m/4
		case m < 40:
			return 10
		}
		return 1 + 9*(90-m)/50
	}
}

// newCrawler walks through everything, old addresses and refused ones too, as
// any crawler does that follows links.
func newCrawler(s *stage) {
	from := s.moment(.2, .6)
	c := fixed("52.167.144.177", "US", "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36", "HTTP/1.1")
	s.add(from, &walker{client: c, left: s.rng.whole(1500, 5000)})
}

type walker struct {
	client client
	left   int
}

func (k *walker) act(w *world) int64 {
	r := request{client: &k.client, kind: page, method: "GET"}
	switch u := w.dice.Float64(); {
	case u < .35:
		r.path, r.status = oneOf(w.dice, w.site.gone), 404
	case u < .39:
		r.path = oneOf(w.dice, []string{"/admin/login", "/downloads/archive/"})
	case u < .8:
		r.path = oneOf(w.dice, w.site.products)
	default:
		r.path = oneOf(w.dice, w.site.articles)
	}
	w.send(&r)
	if k.left--; k.left <= 0 {
		return 0
	}
	return w.after(w.dice.wait(2.5))
}

// standing is a site at which a third of the visitors has always been refused
// the consent script, and everybody one directory.
func standing(s *stage) {
	s.rule(s.begin, 0, nil, func(w *world, r *request) {
		switch {
		case r.kind == asset && strings.HasPrefix(r.path, "/assets/consent") && r.client.seed%3 == 0 && r.status < 400:
			refuse(r)
		case r.path == "/category/sale" && r.status < 400:
			refuse(r)
		}
	})
}

// logGap loses some time of the log.
func logGap(s *stage) {
	from := s.moment(.3, .7)
	s.mute = append(s.mute, [2]int64{from, from + seconds(60*s.rng.between(20, 150))})
}

// slowDrift refuses more and more forms over the day, to twice the usual share
// of all pages, by no rule that changes.
func slowDrift(s *stage) {
	begin, span := s.begin, float64(s.Duration)
	s.rule(begin, 0, nil, func(w *world, r *request) {
		p := .006 * (1 + float64(w.now-begin)/span)
		if r.kind == page && r.status == 200 && w.dice.chance(p) {
			r.status, r.bytes, r.dur, r.upstream = 403, 2868, .02, true
		}
	})
}
