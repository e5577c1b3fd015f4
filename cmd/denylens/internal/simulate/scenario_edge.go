package simulate

import (
	"fmt"
	"net/netip"
	"strings"
)

// ruleID makes an id as a CDN gives its rules.
func (s *stage) ruleID() string { return string(hex(hex(nil, s.rng.Uint64()), s.rng.Uint64())) }

// geoBlock refuses a country, crawlers and partners in it included: at the edge
// if there is one, else by the server's own country table.
func geoBlock(s *stage) {
	c := &countries[s.rng.IntN(9)]
	from := s.moment(.3, .75)
	to := s.until(from, 60, 300)
	m := s.incident("overblock", "geo_block", to, Term{"country", c.code})
	e := &edge{"block", "country", s.ruleID(), "Country access rule"}
	s.rule(from, to, m, func(w *world, r *request) {
		if r.client.code == c.code && r.raw == "" && r.status != 403 {
			refuseAtEdge(r, e)
			if w.Format != "cloudflare" {
				r.bytes = 153
			}
		}
	})
}

// wafRule refuses forms that contain something harmless which a pattern takes
// for an attack. Whose text matches is a matter of what people write.
func wafRule(s *stage) {
	path := oneOf(s.rng, []string{"/cart", "/contact", "/checkout", "/api/v2/orders", "/api/v2/events"})
	share := s.rng.between(.35, 1)
	from := s.moment(.3, .75)
	to := s.until(from, 90, 400)
	e := &edge{"block", oneOf(s.rng, []string{"firewallManaged", "firewallCustom"}), s.ruleID(), oneOf(s.rng, []string{"SQLi - Comparison - Body", "XSS, HTML Injection - Data URI", "Anomaly: form body"})}
	cohort := []Term{{"path", path}, {"method", "POST"}}
	m := s.incident("overblock", "cdn_waf_rule", to, cohort...)
	m.incident.Accept = [][]Term{{{"rule", e.rule}}, {{"path", path}}, {{"path", path}, {"rule", e.rule}}, {{"method", "POST"}, {"path", path}, {"rule", e.rule}}}
	s.rule(from, to, m, func(w *world, r *request) {
		if r.method != "POST" || r.path != path || r.status == 403 || !w.dice.chance(share) {
			return
		}
		refuseAtEdge(r, e)
	})
	s.add(s.begin+1, &writers{path: path, every: s.Duration.Seconds() / float64(s.Requests) * 170})
}

// writers are more people than usual who send the form in question: a site has
// a page that matters.
type writers struct {
	path  string
	every float64
}

func (p *writers) act(w *world) int64 {
	if strings.HasPrefix(p.path, "/api/") {
		s := oneOf(w.dice, w.apps)
		w.send(&request{client: &s.client, kind: service, host: w.site.api, method: "POST", path: p.path, user: s.client.user, status: 201, upstream: true})
	} else {
		c, back := w.people.visitor(w)
		v := w.visitor(c, back)
		v.path, v.method, v.pages = p.path, "GET", 2
		v.referer = "https://www.example.com/"
		w.add(w.now, v)
		w.add(w.after(4+w.dice.spread(25, .6)), &send{client: c, path: p.path, tries: w.dice.whole(1, 3)})
	}
	return w.after(w.dice.wait(p.every) * w.people.rate / max(w.people.slotRate, w.people.rate*.1))
}

// send is one person sending a form, again if refused.
type send struct {
	client client
	path   string
	tries  int
}

func (f *send) act(w *world) int64 {
	r := request{client: &f.client, kind: page, method: "POST", path: f.path, referer: "https://www.example.com" + f.path}
	r.status, r.bytes, r.upstream = 302, 0, true
	if f.tries--; w.send(&r) < 400 || f.tries <= 0 {
		return 0
	}
	return w.after(3 + w.dice.wait(12))
}

// ipBlock refuses the network of a partner, with several machines and users in
// it: somebody took its traffic for an attack.
func ipBlock(s *stage) {
	c := &countries[s.rng.IntN(12)]
	bits := oneOf(s.rng, []int{16, 24, 24, 24})
	n, addr := s.atlas.address(c, s.rng.Uint64()|7)
	block := netip.PrefixFrom(addr, bits).Masked()
	from := s.moment(.3, .7)
	to := s.until(from, 90, 500)
	s.company(n, block, s.rng.whole(18, 60))
	m := s.incident("overblock", "ip_block", to, Term{"network", block.String()})
	if bits == 16 {
		m.incident.Accept = [][]Term{{{"network", n.prefix.String()}}, {{"network", netip.PrefixFrom(addr, 24).Masked().String()}}}
	}
	e := &edge{"block", "ipRange", s.ruleID(), "IP access rule " + block.String()}
	s.rule(from, to, m, func(w *world, r *request) {
		if block.Contains(r.client.addr) && r.raw == "" && r.status != 403 {
			refuseAtEdge(r, e)
			if w.Format != "cloudflare" {
				r.bytes = 153
			}
		}
	})
}

// company enters the machines of a company: programs at fixed addresses and
// people at their desks.
func (s *stage) company(n *network, block netip.Prefix, machines int) {
	for i := range machines {
		addr := within(block, s.rng.Uint64())
		if block.Bits() < 22 && i%4 != 0 { // most sit close together
			addr = within(n.prefix, s.rng.Uint64())
		}
		p := place{addr: addr, text: addr.String(), code: n.country.code, asn: n.asn}
		if i%3 == 0 {
			app := &applications[4+s.rng.IntN(len(applications)-4)]
			sv := &server{client: client{place: p, agent: app.agent, app: app, proto: "HTTP/1.1", user: fmt.Sprintf("branch-%02d", i)}, calls: s.rng.whole(1, 4), every: s.rng.spread(240, .6)}
			s.add(s.begin+seconds(s.rng.Float64()*sv.every), sv)
			continue
		}
		b := s.people.browsers[weighted(s.rng.Float64(), s.people.share)]
		s.add(s.begin+1, &desk{client: client{place: p, agent: b.text, family: &b, proto: "HTTP/2.0", seed: s.rng.Uint64()}, every: s.rng.spread(3000, .6)})
	}
}

// desk is a person at work who visits again and again.
type desk struct {
	client client
	every  float64
}

func (k *desk) act(w *world) int64 {
	v := w.visitor(k.client, true)
	v.arrive(w)
	w.add(w.after(w.dice.wait(600)), v)
	return w.after(w.dice.wait(k.every) * w.people.rate / max(w.people.slotRate, w.people.rate*.1))
}

// rateLimit answers 403 to whoever asks more than so many times in ten seconds,
// and a little above the pace at which browsers load a page.
func rateLimit(s *stage) {
	from := s.moment(.3, .7)
	to := s.until(from, 90, 400)
	limit := s.rng.whole(9, 14)
	status := 403
	if s.rng.chance(.25) {
		status = 429
	}
	m := s.incident("overblock", "rate_limit", to)
	m.incident.AcceptCause = []string{"cdn_waf_rule"}
	counts := map[netip.Addr]int{}
	window := int64(0)
	e := &edge{"block", "ratelimit", s.ruleID(), "Rate limit: site"}
	s.rule(from, to, m, func(w *world, r *request) {
		if now := w.now / seconds(10); now != window { // a fixed window, as simple limiters have
			window = now
			clear(counts)
		}
		if counts[r.client.addr]++; counts[r.client.addr] > limit && r.raw == "" {
			refuseAtEdge(r, e)
			r.status = status
		}
	})
}

// uaRule refuses one version of a browser: a rule against an old robot that
// wears the same name.
func uaRule(s *stage) {
	b := &s.people.browsers[weighted(s.rng.Float64(), s.people.share)]
	for b.family == "Samsung Internet" {
		b = &s.people.browsers[weighted(s.rng.Float64(), s.people.share)]
	}
	from := s.moment(.3, .7)
	to := s.until(from, 60, 300)
	m := s.incident("overblock", "ua_rule", to, Term{"ua", b.name()})
	m.incident.AcceptCause = []string{"cdn_waf_rule"}
	e := &edge{"block", "uaBlock", s.ruleID(), "User agent rule"}
	s.rule(from, to, m, func(w *world, r *request) {
		if f := r.client.family; f != nil && f.family == b.family && f.major == b.major && r.raw == "" && r.status != 403 {
			refuseAtEdge(r, e)
			if w.Format != "cloudflare" {
				r.bytes = 153
			}
		}
	})
}
