package simulate

import "strings"

// bruteForce tries passwords for one account from one address.
func bruteForce(s *stage) {
	from := s.moment(.25, .8)
	c := s.hosted()
	c.agent = oneOf(s.rng, []string{"python-requests/2.31.0", "Mozilla/5.0 (Hydra)", s.people.browsers[0].text})
	m := s.incident("misuse", "brute_force", from+1, Term{"ip", c.text})
	m.incident.Accept = [][]Term{{{"ip", c.text}, {"path", "/account/login"}}}
	m.incident.AcceptCause = []string{"credential_stuffing"}
	status := oneOf(s.rng, []int{401, 403, 403})
	s.add(from, &hammer{client: c, mark: m, left: s.rng.whole(200, 2500), gap: s.rng.spread(.6, .8), method: "POST", paths: []string{"/account/login"}, status: status, upstream: true})
}

// bypassProbe meets a refusal and tries the ways around it.
func bypassProbe(s *stage) {
	from := s.moment(.25, .8)
	c := s.hosted()
	c.agent = oneOf(s.rng, []string{"curl/8.5.0", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"})
	m := s.incident("misuse", "bypass_probe", from+1, Term{"ip", c.text})
	m.incident.AcceptCause = []string{"scan"}
	ways := strings.Fields("/admin /admin/ /admin/. //admin// /./admin/./ /admin%20 /admin%09 /admin.json /admin..;/ /;/admin /%2e/admin /ADMIN /Admin /admin/~ /admin? /admin/* /admin/%23 /%61dmin /admin%2f /api/../admin /static/..%2fadmin /admin/login /admin/users /admin/export /server-status")
	s.add(from, &hammer{client: c, mark: m, left: s.rng.whole(60, 220), gap: s.rng.spread(1.2, .6), methods: []string{"GET", "GET", "GET", "POST", "HEAD", "PUT", "OPTIONS", "TRACE"}, paths: ways, status: 403})
}

// scraping reads the whole catalogue page after page, faster than people read,
// and is refused some of it.
func scraping(s *stage) {
	from := s.moment(.25, .75)
	c := s.hosted()
	c.agent = s.people.browsers[weighted(s.rng.Float64(), s.people.share)].text
	m := s.incident("misuse", "scraping", from+1, Term{"ip", c.text})
	m.incident.AcceptCause = []string{"enumeration", "flood"}
	s.add(from, &harvester{client: c, mark: m, left: s.rng.whole(800, 3000), refused: s.rng.between(.05, .4)})
}

// flood is one machine that sends as much as it can, and is refused.
func flood(s *stage) {
	from := s.moment(.25, .8)
	c := s.hosted()
	m := s.incident("misuse", "flood", from+1, Term{"ip", c.text})
	m.incident.AcceptCause = []string{"scan", "attack_blocked"}
	status := oneOf(s.rng, []int{403, 403, 429})
	s.add(from, &hammer{client: c, mark: m, left: s.rng.whole(2000, 9000), gap: .06, method: "GET", paths: []string{"/", "/search"}, status: status})
}

// keySharing is one user's key in use at many places at once.
func keySharing(s *stage) {
	from := s.moment(.25, .6)
	app := &applications[5]
	m := s.incident("misuse", "key_sharing", from+1, Term{"user", "erp-nordwind"})
	for range s.rng.whole(25, 60) {
		c := s.hosted()
		c.agent, c.app, c.user = app.agent, app, "erp-nordwind"
		s.add(from+seconds(s.rng.Float64()*1800), &sharer{server{client: c, calls: 4, every: s.rng.spread(300, .5)}, m})
	}
}

type sharer struct {
	server
	mark *mark
}

func (h *sharer) act(w *world) int64 {
	h.mark.touch(h.client.addr, w.now, false)
	return h.server.act(w)
}

// hammer sends the same few requests again and again.
type hammer struct {
	client   client
	mark     *mark
	left     int
	gap      float64
	method   string
	methods  []string
	paths    []string
	status   int
	upstream bool
}

func (h *hammer) act(w *world) int64 {
	r := request{client: &h.client, kind: probe, method: h.method, path: oneOf(w.dice, h.paths), status: h.status, upstream: h.upstream}
	if h.methods != nil {
		r.method = oneOf(w.dice, h.methods)
	}
	status := w.send(&r)
	if h.mark != nil {
		h.mark.touch(h.client.addr, w.now, status == 403)
	}
	if h.left--; h.left <= 0 {
		return 0
	}
	return w.after(.01 + w.dice.wait(h.gap))
}

// twoAtOnce has a country refused while a directory is refused to everybody:
// two incidents, neither of which explains the other.
func twoAtOnce(s *stage) {
	htaccess(s)
	geoBlock(s)
}

// renamedPaths moves a section without leaving a trace of the old addresses: a
// wave of 404, and nobody is refused.
func renamedPaths(s *stage) {
	s.rule(s.moment(.3, .7), 0, nil, func(w *world, r *request) {
		if under(r.path, "/docs") && r.status < 400 {
			r.status, r.bytes = 404, 153
		}
	})
}

// missingPicture is a browser in which a page replaces a missing picture by
// another missing picture, for ever: a thousand 404 a minute and one person.
func missingPicture(s *stage) {
	from := s.moment(.3, .7)
	c, _ := s.people.visitor(s.world)
	s.add(from, &hammer{client: c, left: s.rng.whole(8000, 20_000), gap: .08, method: "GET", paths: []string{"/assets/img/placeholder.png"}, status: 404})
}

// crawlerProfiles is a true crawler that follows links to the profiles of all
// members, which only members may see: refusals in a burst, and right.
func crawlerProfiles(s *stage) {
	for range s.rng.whole(2, 4) {
		from := s.moment(.2, .85)
		for i := range 7 {
			c := fixed("5.255.253.0", "RU", crawlers[3].agent, "HTTP/1.1")
			c.addr = within(parsePrefixes(crawlers[3].ranges...)[i%2], s.rng.Uint64()|1)
			c.text = c.addr.String()
			var paths []string
			for range 12 {
				paths = append(paths, "/members/"+orders[s.rng.IntN(len(orders))][len("/account/orders/"):])
			}
			s.add(from+seconds(s.rng.Float64()*5), &hammer{client: c, left: 12, gap: 2.5, method: "GET", paths: paths, status: 403})
		}
	}
}
