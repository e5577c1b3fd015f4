package simulate

import (
	"fmt"
	"strings"

	"github.com/denylens/denylens/cmd/denylens/internal/splitmix"
)

// site is what there is to ask for, and what the server answers on an ordinary
// day. URIs are made once, so that a request costs no text.
type site struct {
	host, api, static string
	categories        []string
	products          []string   // /products/123
	pictures          [][]string // of each product
	articles          []string   // /docs/..., /blog/...
	docs              []string
	assets            []string // what every page loads
	media             []string // large files, read in ranges
	hotlinked         []string // pictures that other sites embed
	gone              []string // addresses that moved or never were
	moved             []string
	calls             map[string][]call // of each version of the interface
	devices           []string
}

// call is one thing an application does.
type call struct {
	method string
	paths  []string
	share  float64
}

func newSite(d dice) *site {
	s := &site{host: "www.example.com", api: "api.example.com", static: "static.example.com"}
	for _, c := range []string{"garden", "kitchen", "tools", "lighting", "outdoor", "storage", "office", "kids", "textiles", "sale"} {
		s.categories = append(s.categories, "/category/"+c)
	}
	base := d.whole(1000, 9000)
	for i := range 1500 {
		id := base + i*3
		s.products = append(s.products, fmt.Sprintf("/products/%d", id))
		var pics []string
		for k := range 4 {
			pics = append(pics, fmt.Sprintf("/media/catalog/%d/%d_%dx.webp", id/100, id, 200+200*k))
		}
		s.pictures = append(s.pictures, pics)
	}
	for _, section := range []string{"assembly", "care", "warranty", "shipping", "returns", "spare-parts", "safety"} {
		for i := range 12 {
			s.docs = append(s.docs, fmt.Sprintf("/docs/%s/%s-%d", section, oneOf(d, []string{"guide", "manual", "sheet"}), i+1))
		}
	}
	s.articles = append(s.articles, s.docs...)
	for i := range 60 {
		s.articles = append(s.articles, fmt.Sprintf("/blog/2025/%02d/post-%d", 1+i%12, 100+i))
	}
	for i := range 9 {
		s.assets = append(s.assets, fmt.Sprintf("/assets/%s.%x.js", []string{"app", "vendor", "cart", "search", "consent"}[i%5], splitmix.Mix(uint64(i+base))>>40))
	}
	for _, a := range []string{"site.css", "print.css", "logo.svg", "sprite.svg", "inter.woff2", "inter-bold.woff2"} {
		s.assets = append(s.assets, "/assets/"+a)
	}
	s.assets = append(s.assets, "/favicon.ico")
	for i := range 40 {
		s.media = append(s.media, fmt.Sprintf("/media/film/how-to-%d.mp4", i+1))
		s.hotlinked = append(s.hotlinked, fmt.Sprintf("/media/press/photo-%d.jpg", i+1))
		s.gone = append(s.gone, fmt.Sprintf("/shop/item.php?id=%d", 17*i+3))
		s.moved = append(s.moved, fmt.Sprintf("/p/%d", 31*i+base))
		s.devices = append(s.devices, fmt.Sprintf("/devices/%d/state", 400+i))
	}
	s.calls = map[string][]call{"v1": calls("/api/v1", d), "v2": calls("/api/v2", d)}
	return s
}

func calls(prefix string, d dice) []call {
	var orders, items, stock []string
	for range 600 {
		orders = append(orders, fmt.Sprintf("%s/orders/%d", prefix, d.whole(100_000, 900_000)))
		items = append(items, fmt.Sprintf("%s/items/%d", prefix, d.whole(1000, 9000)))
		stock = append(stock, fmt.Sprintf("%s/stock/%d", prefix, d.whole(1000, 9000)))
	}
	return []call{
		{"GET", items, 34}, {"GET", stock, 20}, {"GET", orders, 14}, {"GET", []string{prefix + "/orders"}, 8},
		{"GET", []string{prefix + "/me"}, 8}, {"GET", []string{prefix + "/search"}, 6}, {"POST", []string{prefix + "/orders"}, 4},
		{"POST", []string{prefix + "/events"}, 5}, {"PATCH", orders, 1},
	}
}

// probes is what is asked for everywhere by those who look for a door.
var probes = strings.Fields(`/wp-login.php /wp-login.php /xmlrpc.php /.env /.env /.git/config /.git/HEAD /phpmyadmin/index.php /admin/
 /administrator/ /wp-admin/setup-config.php /vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php /boaform/admin/formLogin /HNAP1
 /cgi-bin/luci/;stok=/locale /actuator/health /owa/auth/logon.aspx /solr/admin/info/system /manager/html /.aws/credentials
 /config.json /server-status /.DS_Store /login.action /telescope/requests /api/.env /backend/.env /.vscode/sftp.json /sitemap.xml
 /wp-content/plugins/wp-file-manager/readme.txt /robots.txt /favicon.ico / / / /`)

// answer is what the server says on an ordinary day.
func (s *site) answer(w *world, r *request) {
	if r.raw != "" { // no request: its maker knows the answer
		return
	}
	h := splitmix.Text(r.path)
	r.bytes = size(r, h)
	r.dur = w.dice.spread(.0009, .7)
	if r.status == 304 && s.refused(r) {
		r.status = 403 // nobody has a copy of it
	}
	if r.status != 0 {
		if r.status == 403 || r.status == 404 {
			r.bytes = 153
		}
		return
	}
	r.status = 200
	switch {
	case r.kind == asset:
		return
	case s.refused(r):
		r.status, r.bytes = 403, 153
	case strings.HasPrefix(r.path, "/.") || r.kind == probe && h%11 != 0 && len(r.path) > 1 && r.path != "/robots.txt" && r.path != "/favicon.ico" && r.path != "/sitemap.xml":
		r.status, r.bytes = 404, 153
	case r.kind == page || r.kind == service:
		r.upstream = true
		r.dur = w.dice.spread(.065, .8)
		if u := w.dice.Float64(); u < .0005 {
			r.status, r.bytes = 500, 1762
		} else if u < .0007 {
			r.status, r.bytes, r.dur = 502, 157, 3.2
		} else if u < .004 && r.kind == page {
			r.status, r.bytes = 499, 0
		}
	}
}

// refused tells whether a request is refused on every day, for everybody or
// nearly so: the standing denials that each site has.
func (s *site) refused(r *request) bool {
	switch {
	case strings.HasPrefix(r.path, "/.git"), strings.HasPrefix(r.path, "/.env"), strings.HasPrefix(r.path, "/.aws"), strings.HasPrefix(r.path, "/.vscode"):
		return true // dot files are denied by rule
	case strings.HasPrefix(r.path, "/admin"), r.path == "/server-status":
		return true // from outside
	case r.path == "/downloads/archive/":
		return true // a directory without an index
	}
	return false
}

// size gives each path its own size, and each answer its own if it is made anew.
func size(r *request, h uint64) int {
	switch r.kind {
	case asset:
		return 700 + int(h%23)*int(h>>32%1900)
	case service:
		return 90 + int(h%2600)
	default:
		return 9000 + int(h%31000)
	}
}
