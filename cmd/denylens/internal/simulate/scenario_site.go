package simulate

import (
	"fmt"

	"github.com/denylens/denylens/cmd/denylens/internal/splitmix"
)

// htaccess refuses a directory to everybody, robots and monitors included: a
// deployment brought a file that should not have been there.
func htaccess(s *stage) {
	prefix := oneOf(s.rng, []string{"/docs", "/products", "/category", "/media/catalog", "/assets", "/blog"})
	from := s.moment(.3, .75)
	to := s.until(from, 45, 240)
	m := s.incident("overblock", "server_config", to, Term{"path", prefix})
	s.rule(from-seconds(20), from, nil, func(w *world, r *request) { // the deployment itself
		if r.upstream && w.dice.chance(.5) {
			r.status, r.bytes = 502, 157
		}
	})
	s.rule(from, to, m, func(w *world, r *request) {
		if under(r.path, prefix) && r.status != 403 {
			refuse(r)
			r.bytes = 199
		}
	})
}

// expiredToken makes the key of one application invalid. A person gets a new
// one by logging in again, sooner or later; a program waits for its operator.
func expiredToken(s *stage) {
	app := &applications[s.rng.IntN(4)]
	if busy := s.commonest(); s.rng.chance(.25) && busy != nil {
		app = busy
	}
	from := s.moment(.3, .7)
	m := s.incident("overblock", "auth_token", 0, Term{"ua", app.name})
	m.incident.Accept = [][]Term{{{"ua", app.name}, {"path", "/api/" + app.version}}, {{"ua", app.name}, {"path", "/api"}},
		{{"ua", app.name[:len(app.name)-2]}}, {{"ua", app.name}, {"host", s.site.api}}, {{"ua", app.name}, {"api_version", app.version}}}
	if app.name == "ShopApp/5" { // nobody else calls with these users
		m.incident.Accept = append(m.incident.Accept, []Term{{"ua", "ShopApp/5"}, {"api_version", "v1"}})
	}
	mean := s.rng.between(60, 240) * 60
	s.rule(from, 0, m, func(w *world, r *request) {
		a := r.client.app
		if a == nil || a.name != app.name || !isAPI(r.path) || r.status == 403 {
			return
		}
		// When somebody logs in again follows from who it is.
		healed := from + seconds(mean*-ln(splitmix.Unit(splitmix.Mix(r.client.seed+77))))
		if w.now >= healed {
			return
		}
		r.status, r.bytes, r.dur, r.upstream, r.edge = 403, 61, w.dice.spread(.004, .3), true, nil
		if w.dice.chance(.25) {
			r.status = 401
		}
	})
}

// commonest is the application that most servers use; nil if none has eight.
func (s *stage) commonest() (best *application) {
	count := map[string]int{"": 7}
	name := ""
	for _, v := range s.apps {
		a := v.client.app
		if count[a.agent]++; count[a.agent] > count[name] {
			name, best = a.agent, a
		}
	}
	return best
}

// apiVersion switches the old version of the interface off. Some of its users
// change to the new one in the hours after.
func apiVersion(s *stage) {
	from := s.moment(.3, .7)
	to := s.until(from, 120, 500)
	m := s.incident("overblock", "api_version", to, Term{"api_version", "v1"})
	m.incident.Accept = [][]Term{{{"path", "/api/v1"}}, {{"path", "/api/v1"}, {"api_version", "v1"}}}
	moves := s.rng.between(.1, .5)
	s.rule(from, to, m, func(w *world, r *request) {
		if !under(r.path, "/api/v1") || r.status == 403 {
			return
		}
		if splitmix.Unit(splitmix.Mix(r.client.seed+5)) < moves && w.now > from+seconds(3600*6*splitmix.Unit(splitmix.Mix(r.client.seed+6))) {
			r.path = "/api/v2" + r.path[len("/api/v1"):]
			return
		}
		r.status, r.bytes, r.dur, r.upstream = 403, 112, w.dice.spread(.002, .3), true
	})
}

// hotlink refuses pictures to whoever comes from another site, a partner's
// shop windows among them.
func hotlink(s *stage) {
	host := oneOf(s.rng, []string{"market.partner-lumen.example", "www.orva-living.example", "catalog.depot-west.example"})
	from := s.moment(.3, .7)
	to := s.until(from, 90, 400)
	m := s.incident("overblock", "referer_rule", to, Term{"referer", host})
	m.incident.Accept = [][]Term{{{"referer", host}, {"path", "/media/catalog"}}, {{"referer", host}, {"path", "/media"}}}
	e := &edge{"block", "hotlink", "", "Hotlink protection"}
	s.rule(from, to, m, func(w *world, r *request) {
		if r.kind == asset && r.referer == "https://"+host+"/" && r.status != 403 {
			refuseAtEdge(r, e)
		}
	})
	s.add(s.begin+1, &window{referer: "https://" + host + "/", every: s.Duration.Seconds() / float64(s.Requests) * 60})
}

// window is a partner's page that shows pictures of this site to its visitors.
type window struct {
	referer string
	every   float64
}

func (p *window) act(w *world) int64 {
	c, _ := w.people.visitor(w)
	w.add(w.now, &looker{client: c, referer: p.referer, left: w.dice.whole(2, 7)})
	return w.after(w.dice.wait(p.every) * w.people.rate / max(w.people.slotRate, w.people.rate*.1))
}

type looker struct {
	client  client
	referer string
	left    int
}

func (l *looker) act(w *world) int64 {
	w.send(&request{client: &l.client, kind: asset, method: "GET", path: oneOf(w.dice, w.site.pictures[w.dice.skewed(300, 1.5)]), referer: l.referer})
	if l.left--; l.left <= 0 {
		return 0
	}
	return w.after(w.dice.wait(.1))
}

// permissions takes a section from a group of the staff. All of them use the
// back office; the group keeps the rest of it.
func permissions(s *stage) {
	section := oneOf(s.rng, []string{"/office/invoices", "/office/returns", "/office/customers", "/office/prices"})
	from := s.moment(.35, .6)
	to := s.until(from, 90, 400)
	m := s.incident("overblock", "permissions", to, Term{"path", section})
	count := s.rng.whole(40, 110)
	for i := range count {
		n, addr := s.atlas.address(&countries[s.rng.skewed(8, 2)], s.rng.Uint64()|7)
		b := s.people.browsers[weighted(s.rng.Float64(), s.people.share)]
		c := client{place: placeOf(n, addr), agent: b.text, family: &b, proto: "HTTP/2.0", user: fmt.Sprintf("staff.%02d", i), seed: s.rng.Uint64()}
		s.add(s.begin+seconds(s.rng.Float64()*900), &clerk{client: c, every: s.rng.spread(260, .5)})
	}
	group := s.rng.between(.4, .8)
	s.rule(from, to, m, func(w *world, r *request) {
		if under(r.path, section) && r.user != "" && r.status != 403 && splitmix.Unit(splitmix.Mix(r.client.seed+3)) < group {
			r.status, r.bytes, r.dur, r.upstream = 403, 874, w.dice.spread(.018, .4), true
		}
	})
}

// clerk works in the back office during the day.
type clerk struct {
	client client
	every  float64
	lost   string // what was refused last: not asked for as often as before
}

var sections = []string{"/office/invoices", "/office/returns", "/office/customers", "/office/prices", "/office/stock", "/office"}

func (k *clerk) act(w *world) int64 {
	path := sections[(int(k.client.seed%3)+w.dice.skewed(len(sections), 1.4))%len(sections)]
	if k.lost != "" && under(k.lost, path) && w.dice.chance(.6) {
		path = "/office"
	}
	if path != "/office" && w.dice.chance(.7) {
		path = fmt.Sprintf("%s/%d", path, w.dice.whole(1000, 1999))
	}
	status := w.send(&request{client: &k.client, kind: page, method: "GET", path: path, user: k.client.user, referer: "https://www.example.com/office"})
	if status == 403 {
		if k.lost = path; w.dice.chance(.4) { // once more
			return w.after(2 + w.dice.wait(5))
		}
	}
	return w.after(w.dice.wait(k.every) * w.people.rate / max(w.people.slotRate, w.people.rate*.08))
}

// staleSession leaves a page open that asks for news every second. When its
// session ends at night it is refused every second, until somebody comes back.
func staleSession(s *stage) {
	from := s.moment(.3, .7)
	to := from + seconds(60*s.rng.between(20, 130))
	c, _ := s.people.visitor(s.world)
	m := s.incident("overblock", "auth_token", to, Term{"ip", c.text})
	m.incident.Accept = [][]Term{{{"path", "/account/messages/poll"}}, {{"ip", c.text}, {"path", "/account/messages/poll"}}}
	m.incident.AcceptCause = []string{"permissions", "undetermined"}
	s.add(from-seconds(5400), &poller{client: c, until: to + seconds(900)})
	s.rule(from, to, m, func(w *world, r *request) {
		if r.client.addr == c.addr && r.path == "/account/messages/poll" {
			r.status, r.bytes, r.dur, r.upstream = 403, 48, .006, true
		}
	})
}

type poller struct {
	client client
	until  int64
}

func (p *poller) act(w *world) int64 {
	w.send(&request{client: &p.client, kind: service, method: "POST", path: "/account/messages/poll", referer: "https://www.example.com/account/messages", status: 200, upstream: true})
	if w.now > p.until {
		return 0
	}
	return w.after(w.dice.between(.95, 1.2))
}
