package simulate

import (
	"fmt"
	"math"
	"strings"

	"github.com/denylens/denylens/cmd/denylens/internal/splitmix"
)

func ln(x float64) float64 { return math.Log(max(x, 1e-12)) }

// scanner is one machine that runs a vulnerability scanner: a dictionary of
// paths, some payloads, 404 mostly, 403 where the server knows the kind.
func scanner(s *stage) {
	from := s.moment(.25, .8)
	c := s.hosted()
	c.agent = oneOf(s.rng, []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/91.0.4472.114 Safari/537.36",
		"Mozilla/5.00 (Nikto/2.5.0) (Evasions:None) (Test:Port Check)", "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1; Trident/4.0)",
		"feroxbuster/2.10.4", "Wget/1.21", ""})
	m := s.incident("misuse", "scan", from+1, Term{"ip", c.text})
	s.add(from, &prowler{client: c, mark: m, left: s.rng.whole(250, 3000), gap: s.rng.spread(.35, .7), refusals: s.rng.between(.08, .7)})
}

// hosted is a rented machine.
func (s *stage) hosted() client {
	n, addr := s.atlas.address(&countries[s.rng.skewed(len(countries), 1.2)], s.rng.Uint64()|7)
	return client{place: placeOf(n, addr), proto: "HTTP/1.1", seed: s.rng.Uint64()}
}

type prowler struct {
	client   client
	mark     *mark
	left     int
	gap      float64
	refusals float64 // share of what it asks for that the server refuses by rule
	n        int
}

var stems = strings.Fields("backup old admin test dev config db dump wp-content cgi-bin tmp logs upload panel console setup install private secret data export api shell portal staging archive")
var endings = strings.Fields(".zip .sql .bak .tar.gz .php .asp .jsp .inc .old .log .cfg .ini .xml ~ / .swp .env .git/config .json .yml")
var payloads = strings.Fields("id=1%27%20OR%201=1-- file=../../../../etc/passwd q=%3Cscript%3Ealert(1)%3C/script%3E page=php://filter/resource=index cmd=id url=http://169.254.169.254/latest/")

func (p *prowler) act(w *world) int64 {
	r := request{client: &p.client, kind: probe, method: "GET", status: 404}
	p.n++
	switch u := w.dice.Float64(); {
	case p.n <= 2:
		r.path, r.status, r.kind = "/", 200, page
	case u < .1:
		r.path, r.query, r.status = "/search", oneOf(w.dice, payloads), 200
		if w.dice.chance(p.refusals) {
			refuse(&r)
		}
	case u < .25:
		r.path, r.status = oneOf(w.dice, probes), 0
	default:
		r.path = fmt.Sprintf("/%s%s", oneOf(w.dice, stems), oneOf(w.dice, endings))
		if w.dice.chance(.4) {
			r.path = "/" + oneOf(w.dice, stems) + r.path
		}
		if splitmix.Unit(splitmix.Text(r.path)) < p.refusals {
			refuse(&r)
		}
	}
	if w.dice.chance(.05) {
		r.method = oneOf(w.dice, []string{"HEAD", "OPTIONS", "POST"})
	}
	p.mark.touch(p.client.addr, w.now, w.send(&r) == 403)
	if p.left--; p.left <= 0 {
		return 0
	}
	return w.after(.02 + w.dice.wait(p.gap))
}

// stuffing tries stolen names and passwords, a few from each of many addresses.
func stuffing(s *stage) {
	from := s.moment(.3, .7)
	m := s.incident("misuse", "credential_stuffing", from+1, Term{"path", "/account/login"})
	m.incident.Accept = [][]Term{{{"path", "/account/login"}, {"method", "POST"}}}
	m.incident.AcceptCause = []string{"brute_force"}
	agents := []string{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/103.0.0.0 Safari/537.36", "Mozilla/5.0 (Windows NT 10.0; rv:102.0) Gecko/20100101 Firefox/102.0"}
	span := s.rng.between(20, 90) * 60
	for range s.rng.whole(150, 500) {
		c := s.hosted()
		c.agent = oneOf(s.rng, agents)
		s.add(from+seconds(s.rng.Float64()*span), &trier{client: c, mark: m, left: s.rng.whole(3, 9), status: oneOf(s.rng, []int{401, 401, 403})})
	}
}

type trier struct {
	client client
	mark   *mark
	left   int
	status int
}

func (t *trier) act(w *world) int64 {
	r := request{client: &t.client, kind: page, method: "POST", path: "/account/login", status: t.status, upstream: true}
	if w.dice.chance(.006) {
		r.status = 302
	}
	t.mark.touch(t.client.addr, w.now, w.send(&r) == 403)
	if t.left--; t.left <= 0 {
		return 0
	}
	return w.after(1 + w.dice.wait(45))
}

// botnetProbe asks for one refused file from a thousand homes, once each, in
// waves, with one fossil of a user agent.
func botnetProbe(s *stage) {
	path := oneOf(s.rng, []string{"/xmlrpc.php", "/.env", "/admin/config.php"})
	from := s.moment(.2, .5)
	m := s.incident("misuse", "scan", from+1, Term{"path", path}, Term{"ua", "IE/6"})
	m.incident.Accept = [][]Term{{{"path", path}}, {{"ua", "IE/6"}}, {{"ua", "MSIE/6"}}, {{"ua", "IE"}}, {{"ua", "MSIE"}}}
	m.incident.AcceptCause = []string{"bypass_probe", "flood", "brute_force"}
	count := s.rng.whole(600, 1200)
	for wave := 0; count > 0; wave++ {
		start := from + seconds(float64(wave)*s.rng.between(300, 1200))
		for range min(count, s.rng.whole(30, 90)) {
			c := s.hosted()
			c.agent = "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)"
			s.add(start+seconds(s.rng.wait(200)), &once{m, request{client: &c, kind: probe, method: "GET", path: path, status: 403}})
			count--
		}
	}
}

// once is a single request that belongs to an incident.
type once struct {
	mark *mark
	r    request
}

func (o *once) act(w *world) int64 {
	r := o.r
	o.mark.touch(r.client.addr, w.now, w.send(&r) == 403)
	return 0
}

// enumeration counts through other people's orders with an account of its own.
func enumeration(s *stage) {
	from := s.moment(.3, .75)
	c := s.hosted()
	b := &s.people.browsers[weighted(s.rng.Float64(), s.people.share)]
	c.agent, c.family = b.text, b
	m := s.incident("misuse", "enumeration", from+1, Term{"ip", c.text})
	m.incident.Accept = [][]Term{{{"path", "/account/orders"}}, {{"path", "/account/orders/{n}"}}, {{"ip", c.text}, {"path", "/account/orders/{n}"}}, {{"ip", c.text}, {"path", "/account/orders"}}}
	s.add(from, &counter{client: c, mark: m, id: s.rng.whole(20260000, 20262000), left: s.rng.whole(250, 1500), gap: s.rng.spread(.9, .6)})
}

type counter struct {
	client   client
	mark     *mark
	id, left int
	gap      float64
}

func (k *counter) act(w *world) int64 {
	k.id++
	r := request{client: &k.client, kind: page, method: "GET", path: fmt.Sprintf("/account/orders/%d", k.id), status: 403, upstream: true}
	if u := w.dice.Float64(); u < .03 {
		r.status = 200
	} else if u < .3 {
		r.status = 404
	}
	k.mark.touch(k.client.addr, w.now, w.send(&r) == 403)
	if k.left--; k.left <= 0 {
		return 0
	}
	return w.after(w.dice.wait(k.gap))
}

// fakeCrawler reads the whole shop under a name that opens doors.
func fakeCrawler(s *stage) {
	from := s.moment(.3, .75)
	c := s.hosted()
	c.agent = crawlers[0].agent
	m := s.incident("misuse", "fake_crawler", from+1, Term{"ip", c.text})
	m.incident.AcceptCause = []string{"scraping"}
	refused := s.rng.between(0, .5)
	s.add(from, &harvester{client: c, mark: m, left: s.rng.whole(300, 1400), refused: refused})
}

type harvester struct {
	client  client
	mark    *mark
	left    int
	refused float64
}

func (h *harvester) act(w *world) int64 {
	r := request{client: &h.client, kind: page, method: "GET", path: oneOf(w.dice, w.site.products)}
	if w.dice.chance(h.refused) {
		refuse(&r)
	}
	h.mark.touch(h.client.addr, w.now, w.send(&r) == 403)
	if h.left--; h.left <= 0 {
		return 0
	}
	return w.after(.1 + w.dice.wait(.9))
}
