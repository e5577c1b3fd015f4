package detect

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sort"
	"strings"
	"time"

	"github.com/denylens/denylens/geo"
)

// This file makes the small site on which causes are tried: people with
// browsers, members who sign in, programs with keys, in several countries and
// networks. It shares nothing with the simulator of the command, so that
// neither can teach the table the habits of the other.

// soul is one client.
type soul struct {
	addr    netip.Addr
	country string
	agent   string
	user    string // "" = none in the log
	program bool   // asks the interface, loads no pictures
	group   bool   // one of those whom a shape is about
	busy    bool   // asks often
	seed    uint64
	ends    int   // second at which its token or session ends, 0 = never
	asked   []int // seconds of its latest requests, of a limiter
	home    []string
	only    bool   // and nothing else; comes while the shape lasts
	host    string // asked half of the time, "" = none
	entry   string // referer of its first page
	mute    bool   // sends no referer
}

// hit is one request and its answer.
type hit struct {
	at                    int
	who                   *soul
	method, path, referer string
	host                  string
	status, size          int
	upstream              int    // what the application answered, 0 = not asked
	rule, source, action  string // what an edge did
	message               string // what the server's error log says
	user                  string
	again                 bool // a refused request, repeated
}

// shape is one way in which a cause shows.
type shape struct {
	cause, name string
	also        []string // other right answers
	people      func(w *siteOf, i int, s *soul)
	decide      func(w *siteOf, h *hit)
	after       func(w *siteOf, h *hit) // what the client does next when refused
	peers       bool                    // there are others of the same sort whom the shape spares
}

const (
	shapeMinutes = 110
	shapeFrom    = 60 * 60
	shapeTo      = 100 * 60
)

// siteOf is the site while a shape happens to it.
type siteOf struct {
	*rand.Rand
	shape *shape
	hits  []hit
	lands map[string][]netip.Addr
	codes []string
	hurt  map[*soul]bool
	count map[string]int
}

// landsOf are a few networks of some countries, as the embedded data have them.
var landsOf = func() map[string][]netip.Addr {
	out := map[string][]netip.Addr{}
	db := geo.Embedded()
	for a := 20; a < 220; a++ {
		for b := 3; b < 256; b += 37 {
			for c := 5; c < 256; c += 101 {
				at := netip.AddrFrom4([4]byte{byte(a), byte(b), byte(c), 0})
				if p := db.Lookup(at); p.Country[0] != 0 && db.Lookup(netip.AddrFrom4([4]byte{byte(a), byte(b), byte(c), 255})).Country == p.Country {
					code := string(p.Country[:])
					if len(out[code]) < 30 {
						out[code] = append(out[code], at)
					}
				}
			}
		}
	}
	for code, list := range out {
		if len(list) < 8 {
			delete(out, code)
		}
	}
	return out
}()

var shapeBrowsers = []string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
	"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
}

var shapePrograms = []string{"partner-sdk/2.3", "okhttp/4.12.0", "acme-sync/1.8 (+https://acme.example)", "python-requests/2.32.3"}

func (w *siteOf) soul(i int) *soul {
	s := &soul{seed: w.Uint64()}
	s.country = w.codes[min(w.IntN(len(w.codes)), w.IntN(len(w.codes)))]
	s.settle(w, w.IntN(len(w.lands[s.country])))
	s.agent = shapeBrowsers[min(w.IntN(len(shapeBrowsers)), w.IntN(len(shapeBrowsers)))]
	if w.IntN(5) == 0 {
		s.program, s.agent = true, shapePrograms[w.IntN(len(shapePrograms))]
		if w.IntN(2) == 0 {
			s.user = fmt.Sprintf("key-%04d", w.IntN(10000))
		}
	}
	s.entry = []string{"-", "https://www.google.com/", "https://news.example.net/a", "https://www.example.com/"}[w.IntN(4)]
	s.busy = w.IntN(8) == 0
	return s
}

// settle gives s an address in the n-th network of its country.
func (s *soul) settle(w *siteOf, n int) {
	a := w.lands[s.country][n%len(w.lands[s.country])].As4()
	a[3] = byte(1 + w.IntN(250))
	s.addr = netip.AddrFrom4(a)
}

var shapePages = []string{"/", "/docs/start", "/docs/", "/docs/api/auth", "/shop/list", "/shop/item/%d", "/forum/thread/%d", "/account/orders", "/search", "/downloads/tool.zip", "/reports/2026/q1.pdf", "/blog/post-a"}

// visit lets s ask what it usually asks, from second at on.
func (w *siteOf) visit(s *soul, at int) {
	n := 2 + w.IntN(4)
	if s.busy {
		n *= 4
	}
	ref := s.entry
	for range n {
		if at >= shapeMinutes*60 {
			return
		}
		if s.program {
			h := hit{at: at, who: s, method: "GET", path: fmt.Sprintf([]string{"/api/v2/items/%d", "/api/v2/orders/%d", "/api/v1/items/%d", "/api/v2/items?page=%d"}[w.IntN(4)], w.IntN(5000)), referer: "-", host: "www.example.com", status: 200, user: s.user}
			if w.IntN(4) == 0 {
				h.method, h.path, h.status = "POST", "/api/v2/orders", 201
			}
			w.own(s, &h)
			w.send(h)
			at += 1 + w.IntN(9)
			continue
		}
		page := shapePages[w.IntN(len(shapePages))]
		if strings.Contains(page, "%") {
			page = fmt.Sprintf(page, w.IntN(900))
		}
		if page == "/search" {
			page += "?q=" + []string{"shoes", "union+select+committee", "red+chair", "drop+table+lamp"}[w.IntN(4)]
		}
		h := hit{at: at, who: s, method: "GET", path: page, referer: ref, host: "www.example.com", status: 200, user: s.user}
		if strings.HasPrefix(page, "/forum") && w.IntN(2) == 0 {
			h.method, h.path, h.status = "POST", "/forum/post", 302
		}
		w.own(s, &h)
		ref = "https://" + h.host + h.path
		if w.send(h) && h.method == "GET" && !strings.HasPrefix(page, "/downloads") {
			for i, a := range []string{"/css/site.css", "/js/app.js", "/img/logo.png"} {
				if w.IntN(3) > 0 {
					w.send(hit{at: at + i/2, who: s, method: "GET", path: a, referer: ref, host: h.host, status: 200, user: s.user})
				}
			}
		}
		at += 4 + w.IntN(30)
	}
}

// own lets s ask for what the members of a shape's group ask for.
func (w *siteOf) own(s *soul, h *hit) {
	if s.host != "" && w.IntN(2) == 0 {
		h.host = s.host
	}
	if len(s.home) > 0 && (s.only || w.IntN(2) == 0) {
		m, p, _ := strings.Cut(s.home[w.IntN(len(s.home))], " ")
		if strings.Contains(p, "%") {
			p = fmt.Sprintf(p, w.IntN(900))
		}
		h.method, h.path, h.status = m, p, 200
	}
}

// send answers h and tells whether it was served.
func (w *siteOf) send(h hit) bool {
	h.size = 900 + len(h.path)*31 + w.IntN(4000)
	h.upstream = h.status
	if h.who.mute {
		h.referer = "-"
	}
	if h.at >= shapeFrom && h.at < shapeTo {
		w.shape.decide(w, &h)
	}
	if h.status < 400 && w.IntN(150) == 0 {
		h.status, h.size, h.upstream = 404, 146, 404
	}
	w.hits = append(w.hits, h)
	if h.status == 403 || h.status == 429 {
		w.hurt[h.who] = true
		switch {
		case h.again:
		case w.shape.after != nil:
			w.shape.after(w, &h)
		case w.IntN(3) == 0:
			w.repeat(h, 2+w.IntN(5))
		}
		return false
	}
	return h.status < 400
}

// repeat asks the same once more.
func (w *siteOf) repeat(h hit, later int) bool {
	h.at, h.again, h.status = h.at+later, true, 200
	h.rule, h.source, h.action, h.message = "", "", "", ""
	return w.send(h)
}

// refuse answers as nginx does.
func (h *hit) refuse(size int) { h.status, h.size = 403, size }

// edge answers before the application is asked.
func (h *hit) edge(source, rule string, size int) {
	h.refuse(size)
	h.upstream, h.source, h.rule, h.action = 0, source, rule, "block"
}

// app answers as an application does: a short JSON.
func (h *hit) app() {
	h.refuse(47 + len(h.path)%5)
	h.upstream = 403
}

// play makes the log of a shape in which about size clients are refused.
func (sh *shape) play(seed uint64, size int) *siteOf {
	w := &siteOf{Rand: rand.New(rand.NewPCG(seed, 1789)), shape: sh, lands: landsOf, hurt: map[*soul]bool{}, count: map[string]int{}}
	for code := range w.lands {
		w.codes = append(w.codes, code)
	}
	sort.Strings(w.codes)
	w.Shuffle(len(w.codes), func(i, j int) { w.codes[i], w.codes[j] = w.codes[j], w.codes[i] })
	w.codes = w.codes[:min(20, len(w.codes))]
	for i := range 300 {
		s := w.soul(i)
		for at := w.IntN(2400); at < shapeMinutes*60; at += 900 + w.IntN(3600) {
			w.visit(s, at)
		}
	}
	all := size
	if sh.peers {
		all += 4 + size/2
	}
	for i := range all {
		s := w.soul(i)
		s.group, s.busy = i < size, false
		if sh.people != nil {
			sh.people(w, i, s)
		}
		for at := w.IntN(1500); at < shapeMinutes*60; at += 600 + w.IntN(1200) {
			if s.only && at < shapeFrom {
				continue
			}
			w.visit(s, at)
		}
	}
	sort.SliceStable(w.hits, func(i, j int) bool { return w.hits[i].at < w.hits[j].at })
	return w
}

func (h *hit) time() time.Time { return hitTime(h.at) }

func hitTime(at int) time.Time {
	return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Add(time.Duration(at) * time.Second)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (h *hit) combined() string {
	return fmt.Sprintf("%s - %s [%s] \"%s %s HTTP/1.1\" %d %d %q %q\n", h.who.addr, dash(h.user), h.time().Format("02/Jan/2006:15:04:05 -0700"), h.method, h.path, h.status, h.size, dash(h.referer), dash(h.who.agent))
}

func (h *hit) cloudflare() string {
	x := fmt.Sprintf(`{"ClientIP":%q,"ClientCountry":%q,"ClientRequestMethod":%q,"ClientRequestHost":%q,"ClientRequestURI":%q,"ClientRequestProtocol":"HTTP/2","ClientRequestUserAgent":%q,"EdgeStartTimestamp":%q,"EdgeResponseStatus":%d,"EdgeResponseBytes":%d,"OriginResponseStatus":%d,"RayID":"%016x","ClientRequestSource":"eyeball"`,
		h.who.addr, strings.ToLower(h.who.country), h.method, h.host, h.path, strings.Trim(h.who.agent, "-"), h.time().Format(time.RFC3339), h.status, h.size, h.upstream, h.who.seed+uint64(h.at))
	if h.referer != "-" && h.referer != "" {
		x += fmt.Sprintf(`,"ClientRequestReferer":%q`, h.referer)
	}
	if h.action != "" {
		x += fmt.Sprintf(`,"SecurityAction":%q,"SecurityActions":[%q],"SecuritySources":[%q],"SecurityRuleID":%q`, h.action, h.action, h.source, h.rule)
	}
	return x + "}\n"
}
