package simulate

import (
	"strconv"
	"strings"

	"github.com/denylens/denylens/cmd/denylens/internal/splitmix"
)

// visitRequests is how many requests a visit makes on average; measured, see
// TestLogsHaveAboutTheSizeAskedFor.
const visitRequests = 22.0

// visit is one person at the site: pages with what belongs to them, thinking
// in between.
type visit struct {
	client  client
	path    string // the page to load next, or the page being looked at
	query   string
	method  string
	referer string // of the next page
	pages   int    // still to come
	fresh   bool   // nothing in the browser's cache
	logged  bool   // has an account and is logged in
	retries int
	queue   []fetch // what belongs to the page, by time
	head    int
	until   int64 // when the next page is asked for
	film    string
	leave   bool
}

type fetch struct {
	at   int64
	path string
}

// visitor takes a visit out of the pool for c.
func (w *world) visitor(c client, back bool) *visit {
	var v *visit
	if n := len(w.free); n > 0 {
		v, w.free = w.free[n-1], w.free[:n-1]
		*v = visit{queue: v.queue[:0]}
	} else {
		v = &visit{}
	}
	v.client, v.fresh, v.method = c, !back, "GET"
	v.logged = splitmix.Mix(c.seed+21)%6 == 0
	v.pages = 1
	if !w.dice.chance(.34) {
		v.pages = 1 + w.dice.geometric(4.6)
	}
	return v
}

var searchEngines = []string{"https://www.google.com/", "https://www.google.com/", "https://www.google.com/", "https://www.bing.com/",
	"https://duckduckgo.com/", "https://www.ecosia.org/"}

var otherSites = []string{"https://www.instagram.com/", "https://www.pinterest.com/", "https://forum.example.net/t/workshop/4711",
	"https://blog.example.org/2026/best-shelves", "https://www.facebook.com/", "https://newsletter.example.com/"}

// embedders are sites that show pictures of this one as their own.
var embedders = []string{"https://bargains.example.net/top", "https://pictures.example.org/wall"}

// arrive chooses where the person lands and where from.
func (v *visit) arrive(w *world) {
	switch u := w.dice.Float64(); {
	case u < .42:
		v.referer = oneOf(w.dice, searchEngines)
	case u < .52:
		v.referer = oneOf(w.dice, otherSites)
	}
	switch u := w.dice.Float64(); {
	case u < .3:
		v.path = "/"
	case u < .66:
		v.path = w.site.products[w.dice.skewed(len(w.site.products), 2.2)]
	case u < .8:
		v.path = oneOf(w.dice, w.site.categories)
	default:
		v.path = w.site.articles[w.dice.skewed(len(w.site.articles), 1.6)]
	}
}

// land makes the person begin at a page, coming from elsewhere.
func (v *visit) land(path, referer string) { v.path, v.referer = path, referer }

// act loads the next thing: a file of the page, or the next page.
func (v *visit) act(w *world) int64 {
	if v.head < len(v.queue) {
		f := v.queue[v.head]
		v.head++
		v.load(w, f.path)
		if v.head < len(v.queue) {
			return v.queue[v.head].at
		}
		return v.done(w)
	}
	if v.leave || v.pages <= 0 {
		v.path = ""
		return v.done(w)
	}
	v.pages--
	return v.open(w)
}

// done waits for the next page, or ends the visit.
func (v *visit) done(w *world) int64 {
	if v.leave || v.pages <= 0 {
		w.free = append(w.free, v)
		return 0
	}
	return max(v.until, w.now+1)
}

// load fetches a file of the page.
func (v *visit) load(w *world, path string) {
	r := request{client: &v.client, kind: asset, method: "GET", path: path, referer: "https://www.example.com" + v.path}
	switch {
	case path == v.film:
		r.status, r.dur = 206, w.dice.spread(1.4, .6)
		w.send(&r)
		return
	case !v.fresh && w.dice.chance(.4):
		r.status = 304
	case path == "/favicon.ico":
		r.referer = "https://www.example.com/"
	}
	w.send(&r)
}

// open asks for a page and reacts to the answer.
func (v *visit) open(w *world) int64 {
	r := request{client: &v.client, kind: page, method: v.method, path: v.path, query: v.query, referer: v.referer}
	if w.dice.chance(.006) { // an address that moved, or never was
		r.path, r.status = oneOf(w.dice, w.site.gone), 404
	} else if w.dice.chance(.004) {
		r.path, r.status = oneOf(w.dice, w.site.moved), 301
	} else if v.method == "GET" && !v.fresh && w.dice.chance(.05) {
		r.status = 304
	}
	personal(w, v, &r)
	status := w.send(&r)
	v.queue, v.head, v.film = v.queue[:0], 0, ""
	switch {
	case status == 403 || status == 401 || status == 429 || status >= 500:
		return v.refused(w)
	case status < 400 && v.method == "GET":
		v.retries = 0
		v.collect(w)
	}
	v.until = w.after(2 + w.dice.spread(19, 1.1))
	v.next(w)
	if v.head < len(v.queue) {
		return v.queue[0].at
	}
	return v.done(w)
}

// personal gives the answers that depend on the account.
func personal(w *world, v *visit, r *request) {
	switch {
	case r.status != 0:
	case r.path == "/account/login" && r.method == "POST":
		r.status = 302
		if w.dice.chance(.12) {
			r.status = 200 // the form again: wrong password
		}
	case strings.HasPrefix(r.path, "/account/orders/") && w.dice.chance(.004):
		refuse(r) // somebody else's
		r.upstream = true
	case r.method == "POST" && w.dice.chance(.006):
		r.status, r.bytes, r.upstream, r.dur = 403, 2868, true, .021 // the form waited longer than its session
	case r.method == "POST":
		r.status = 302
	}
}

// refused lets the person try again, try elsewhere, or leave.
func (v *visit) refused(w *world) int64 {
	v.retries++
	u := w.dice.Float64()
	switch {
	case v.retries <= 3 && u < .45: // reload
		v.pages++
		v.until = w.after(1.5 + w.dice.wait(4))
	case v.retries <= 3 && u < .62 && v.path != "/":
		v.pages++
		v.path, v.query, v.method, v.referer = "/", "", "GET", ""
		v.until = w.after(3 + w.dice.wait(8))
	default:
		v.leave = true
	}
	return v.done(w)
}

// collect queues what belongs to the page.
func (v *visit) collect(w *world) {
	at := w.now
	add := func(path string) {
		at += seconds(.004 + w.dice.wait(.045))
		v.queue = append(v.queue, fetch{at, path})
	}
	if v.fresh {
		for _, a := range w.site.assets {
			add(a)
		}
		v.fresh = false
	} else if w.dice.chance(.15) {
		add(w.site.assets[w.dice.IntN(len(w.site.assets))])
	}
	switch {
	case strings.HasPrefix(v.path, "/products/"):
		pics := w.site.pictures[w.productIndex(v.path)]
		for _, p := range pics[:w.dice.whole(1, len(pics))] {
			add(p)
		}
	case strings.HasPrefix(v.path, "/category/"), v.path == "/":
		for range w.dice.whole(3, 7) {
			add(w.site.pictures[w.dice.skewed(len(w.site.pictures), 2)][0])
		}
	case strings.HasPrefix(v.path, "/docs/") && w.dice.chance(.12):
		v.film = oneOf(w.dice, w.site.media)
		for range w.dice.whole(1, 9) {
			at += seconds(w.dice.wait(6))
			v.queue = append(v.queue, fetch{at, v.film})
		}
	}
}

// productIndex finds a product by its path.
func (w *world) productIndex(path string) int {
	id, _ := strconv.Atoi(path[len("/products/"):])
	first, _ := strconv.Atoi(w.site.products[0][len("/products/"):])
	return max(0, min(len(w.site.products)-1, (id-first)/3))
}

// next chooses the page that follows this one.
func (v *visit) next(w *world) {
	s, u := w.site, w.dice.Float64()
	v.referer = "https://www.example.com" + v.path
	if v.method == "POST" {
		v.method = "GET"
	}
	v.query = ""
	switch {
	case strings.HasPrefix(v.path, "/docs/") && u < .7:
		v.path = oneOf(w.dice, s.docs)
	case strings.HasPrefix(v.path, "/docs/") && u < .74:
		v.path = "/downloads/archive/"
	case v.path == "/cart" && u < .35, v.path == "/checkout" && u < .5:
		v.path = "/checkout"
		if u < .3 {
			v.method = "POST"
		}
	case strings.HasPrefix(v.path, "/products/") && u < .12:
		v.path = "/cart"
		if u < .08 {
			v.method = "POST"
		}
	case v.logged && u < .2:
		v.account(w)
	case u < .58:
		v.path = s.products[w.dice.skewed(len(s.products), 1.8)]
	case u < .78:
		v.path = oneOf(w.dice, s.categories)
	case u < .87:
		v.path, v.query = "/search", searches[w.dice.skewed(len(searches), 1.5)]
	case u < .885:
		v.path, v.method = "/contact", "POST"
	case u < .95:
		v.path = oneOf(w.dice, s.articles)
	default:
		v.path = "/"
	}
}

// account goes to the pages behind the login.
func (v *visit) account(w *world) {
	switch w.dice.IntN(4) {
	case 0:
		v.path, v.method = "/account/login", "POST"
	case 1:
		v.path = "/account/orders"
	case 2:
		v.path = orders[w.dice.IntN(len(orders))]
	default:
		v.path = "/account/settings"
	}
}

var orders = func() (list []string) {
	for i := range 400 {
		list = append(list, "/account/orders/"+strconv.Itoa(20260000+i*7))
	}
	return list
}()

var searches = strings.Fields(`q=shelf q=lamp+led q=drill q=garden+chair q=box+60x40 q=rug q=desk+lamp&sort=price q=hook q=hose
 q=screws+4x40 q=mirror q=curtain+grey q=glue q=spare+part+1177 q=bench&page=2 q=t%C3%BCrgriff q=l%C3%A1mpara q=warranty`)
