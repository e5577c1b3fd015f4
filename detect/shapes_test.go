package detect

import (
	"fmt"
	"strings"
)

func under(h *hit, prefix string) bool { return strings.HasPrefix(h.path, prefix) }

func isFile(p string) bool {
	return strings.HasSuffix(p, ".png") || strings.HasSuffix(p, ".css") || strings.HasSuffix(p, ".js")
}

// signIn lets a refused client ask for a new token or session, and go on.
func signIn(path string) func(w *siteOf, h *hit) {
	return func(w *siteOf, h *hit) {
		at := 2 + w.IntN(40)
		w.hits = append(w.hits, hit{at: h.at + at, who: h.who, method: "POST", path: path, referer: "-", host: h.host, status: 200, size: 612, upstream: 200, user: h.user})
		h.who.ends = h.at + at + 3000
		w.repeat(*h, at+1)
	}
}

// member makes a person who is signed in, with the name in the log or without.
func member(named bool, home ...string) func(w *siteOf, i int, s *soul) {
	return func(w *siteOf, i int, s *soul) {
		s.program, s.home, s.agent = false, home, shapeBrowsers[w.IntN(len(shapeBrowsers))]
		if s.user = ""; named {
			s.user = fmt.Sprintf("member-%03d", i)
		}
		s.ends = shapeFrom + w.IntN(2000)
	}
}

// program makes a program with one kind of agent.
func program(agent string, named bool, home ...string) func(w *siteOf, i int, s *soul) {
	return func(w *siteOf, i int, s *soul) {
		s.program, s.home, s.agent = true, home, agent
		if agent == "" {
			s.agent = shapePrograms[w.IntN(len(shapePrograms))]
		}
		if s.user = ""; named {
			s.user = fmt.Sprintf("app-%03d", i)
		}
		s.ends = shapeFrom + w.IntN(2000)
	}
}

// from puts people into n networks of a country from which few others come.
func from(n int) func(w *siteOf, i int, s *soul) {
	return func(w *siteOf, i int, s *soul) {
		s.country = w.codes[len(w.codes)-1]
		s.settle(w, i%n)
	}
}

// fromCommon does the same for a country from which many come.
func fromCommon(n int) func(w *siteOf, i int, s *soul) {
	return func(w *siteOf, i int, s *soul) {
		s.country = w.codes[2]
		s.settle(w, i%n)
	}
}

func both(fs ...func(w *siteOf, i int, s *soul)) func(w *siteOf, i int, s *soul) {
	return func(w *siteOf, i int, s *soul) {
		for _, f := range fs {
			f(w, i, s)
		}
	}
}

func reads(home ...string) func(w *siteOf, i int, s *soul) {
	return func(w *siteOf, i int, s *soul) {
		s.program, s.user, s.home, s.agent = false, "", home, shapeBrowsers[w.IntN(len(shapeBrowsers))]
	}
}

// sameNet tells whether a client sits in the first network of one of the two.
func (w *siteOf) sameNet(s *soul, n int) bool {
	code := w.codes[n]
	a, b := w.lands[code][0].As4(), s.addr.As4()
	return s.country == code && a[0] == b[0] && a[1] == b[1] && a[2] == b[2]
}

// often keeps the seconds of a client's requests within span and counts them.
func (h *hit) often(span int) int {
	s := h.who
	for len(s.asked) > 0 && s.asked[0] <= h.at-span {
		s.asked = s.asked[1:]
	}
	s.asked = append(s.asked, h.at)
	return len(s.asked)
}

const whole = 5423 // bytes of an edge's page

// tuneShapes are those the table of causes was looked at with; reportShapes
// were only ever measured.
var tuneShapes = []shape{
	{cause: "permissions", name: "named members lose a section", peers: true, people: member(true, "GET /reports/team/%d", "GET /account/orders"), decide: func(w *siteOf, h *hit) {
		if h.who.group && under(h, "/reports") {
			h.app()
		}
	}},
	{cause: "permissions", name: "programs with keys may not write any more", peers: true, people: program("", true, "POST /api/v2/orders", "GET /api/v2/orders/%d"), decide: func(w *siteOf, h *hit) {
		if h.who.group && h.method == "POST" {
			h.app()
		}
	}},
	{cause: "ip_block", name: "a /24 of people", people: fromCommon(1), decide: func(w *siteOf, h *hit) {
		if w.sameNet(h.who, 2) {
			h.edge("ipRange", "77aa", 153)
		}
	}},
	{cause: "ip_block", name: "a /24 of programs", people: both(from(1), program("acme-sync/1.8", false)), decide: func(w *siteOf, h *hit) {
		if w.sameNet(h.who, len(w.codes)-1) {
			h.edge("ip", "77ab", 153)
		}
	}},
	{cause: "geo_block", name: "a country", people: from(8), decide: func(w *siteOf, h *hit) {
		if h.who.country == w.codes[len(w.codes)-1] {
			h.edge("country", "88aa", 153)
		}
	}},
	{cause: "geo_block", name: "a country, by a custom rule, on the shop", people: both(reads("GET /shop/item/%d", "GET /shop/list"), from(6)), decide: func(w *siteOf, h *hit) {
		if h.who.country == w.codes[len(w.codes)-1] && under(h, "/shop") {
			h.edge("firewallCustom", "88ab", 153)
		}
	}},
	{cause: "auth_token", name: "tokens of named programs end, each is renewed", peers: true, people: program("", true, "GET /api/v2/items/%d"), after: signIn("/oauth/token"), decide: func(w *siteOf, h *hit) {
		if h.who.group && h.at > h.who.ends && under(h, "/api") {
			h.app()
		}
	}},
	{cause: "auth_token", name: "keys of one kit changed, some met with 401", peers: true, people: program("partner-sdk/2.3", true, "GET /api/v2/items/%d"), decide: func(w *siteOf, h *hit) {
		if h.who.group && under(h, "/api") {
			if h.app(); w.IntN(3) == 0 {
				h.status, h.upstream = 401, 401
			}
		}
	}},
	{cause: "server_config", name: "a directory", people: reads("GET /docs/start", "GET /docs/api/auth"), decide: func(w *siteOf, h *hit) {
		if under(h, "/docs") {
			h.refuse(199)
			h.upstream = 403
		}
	}},
	{cause: "server_config", name: "uploaded pictures cannot be read", people: reads("GET /uploads/2026/%d.jpg", "GET /blog/post-a"), decide: func(w *siteOf, h *hit) {
		if under(h, "/uploads") {
			h.refuse(199)
			h.upstream = 403
		}
	}},
	{cause: "cdn_waf_rule", name: "posts with certain words", people: reads("POST /forum/post"), decide: func(w *siteOf, h *hit) {
		if h.path == "/forum/post" && h.method == "POST" && (h.who.seed>>3)%10 < 6 {
			h.edge("firewallManaged", "99aa", whole)
		}
	}},
	{cause: "cdn_waf_rule", name: "searches with certain words", people: reads("GET /search?q=union+select+committee"), decide: func(w *siteOf, h *hit) {
		if strings.Contains(h.path, "union+select") || strings.Contains(h.path, "drop+table") {
			h.edge("waf", "99ab", whole)
		}
	}},
	{cause: "api_version", name: "v1 is off", people: program("", false, "GET /api/v1/items/%d", "GET /api/v2/items/%d"), decide: func(w *siteOf, h *hit) {
		if under(h, "/api/v1") {
			h.app()
		}
	}},
	{cause: "rate_limit", name: "twenty a minute, answered in turn", people: func(w *siteOf, i int, s *soul) { s.busy = true }, decide: func(w *siteOf, h *hit) {
		if h.often(60) > 20 {
			h.edge("ratelimit", "aaaa", 153)
		}
	}},
	{cause: "rate_limit", name: "programs above ten a minute", people: func(w *siteOf, i int, s *soul) { program("", false, "GET /api/v2/items/%d")(w, i, s); s.busy = true }, decide: func(w *siteOf, h *hit) {
		if h.who.program && h.often(60) > 7 {
			h.edge("ratelimit", "aaab", 153)
		}
	}},
	{cause: "ua_rule", name: "one version of a browser", people: func(w *siteOf, i int, s *soul) { s.program, s.user, s.agent = false, "", shapeBrowsers[1] }, decide: func(w *siteOf, h *hit) {
		if h.who.agent == shapeBrowsers[1] {
			h.edge("uaBlock", "bbaa", 153)
		}
	}},
	{cause: "ua_rule", name: "one kit", people: program("partner-sdk/2.3", false), decide: func(w *siteOf, h *hit) {
		if h.who.agent == "partner-sdk/2.3" {
			h.edge("firewallCustom", "bbab", 153)
		}
	}},
	{cause: "referer_rule", name: "pictures in a partner's pages", peers: true, people: func(w *siteOf, i int, s *soul) {
		reads("GET /img/banner-%d.png", "GET /img/tile-%d.png")(w, i, s)
		if s.group {
			s.entry = "https://partner.example.org/page"
		}
	}, decide: func(w *siteOf, h *hit) {
		if strings.Contains(h.referer, "partner.example.org") {
			h.edge("hot", "ccaa", 153)
		}
	}},
	{cause: "referer_rule", name: "posts that come without a referer", peers: true, people: func(w *siteOf, i int, s *soul) { reads("POST /forum/post")(w, i, s); s.mute = s.group }, decide: func(w *siteOf, h *hit) {
		if h.method == "POST" && h.path == "/forum/post" && h.referer == "-" {
			h.app()
		}
	}},
	{cause: "attack_blocked", name: "strangers post to a door", also: []string{"misuse"}, people: stranger("POST /wp-login.php"), decide: func(w *siteOf, h *hit) {
		if h.who.group {
			h.edge("waf", "ddaa", 153)
		}
	}},
}

// stranger makes a client that asks for one thing only.
func stranger(home ...string) func(w *siteOf, i int, s *soul) {
	return func(w *siteOf, i int, s *soul) {
		s.program, s.user, s.home, s.entry, s.only = true, "", home, "-", true
		s.agent = []string{"-", "python-requests/2.32.3", shapeBrowsers[2]}[w.IntN(3)]
	}
}

var reportShapes = []shape{
	{cause: "permissions", name: "members of one role lose the billing page", peers: true, people: member(true, "GET /admin/billing/%d", "GET /admin/users", "GET /docs/start"), decide: func(w *siteOf, h *hit) {
		if h.who.group && under(h, "/admin/billing") {
			h.app()
		}
	}},
	{cause: "permissions", name: "half of the keys lose an endpoint", peers: true, people: program("", true, "GET /api/v2/exports/%d", "GET /api/v2/items/%d"), decide: func(w *siteOf, h *hit) {
		if h.who.group && under(h, "/api/v2/exports") && h.who.seed%4 > 0 {
			h.app()
		}
	}},
	{cause: "ip_block", name: "a /24 of a far country", people: from(1), decide: func(w *siteOf, h *hit) {
		if w.sameNet(h.who, len(w.codes)-1) {
			h.edge("firewallCustom", "77ac", 1412)
		}
	}},
	{cause: "ip_block", name: "an office, signed in", people: both(member(true, "GET /account/orders"), fromCommon(1)), decide: func(w *siteOf, h *hit) {
		if w.sameNet(h.who, 2) {
			h.edge("ipRange", "77ad", 153)
		}
	}},
	{cause: "geo_block", name: "a country with two networks", people: from(2), decide: func(w *siteOf, h *hit) {
		if h.who.country == w.codes[len(w.codes)-1] {
			h.edge("country", "88ac", 1200)
		}
	}},
	{cause: "geo_block", name: "two countries", people: func(w *siteOf, i int, s *soul) {
		s.country = w.codes[len(w.codes)-1-i%2]
		s.settle(w, i%7)
	}, decide: func(w *siteOf, h *hit) {
		if h.who.country == w.codes[len(w.codes)-1] || h.who.country == w.codes[len(w.codes)-2] {
			h.edge("firewallCustom", "88ad", 153)
		}
	}},
	{cause: "auth_token", name: "sessions end, nobody is named, people sign in again", peers: true, people: member(false, "GET /account/orders", "GET /account/invoices/%d"), after: signIn("/login"), decide: func(w *siteOf, h *hit) {
		if h.who.group && h.at > h.who.ends && under(h, "/account") {
			h.app()
		}
	}},
	{cause: "auth_token", name: "tokens of nameless programs end", peers: true, people: program("", false, "GET /api/v2/items/%d"), after: signIn("/api/v2/token"), decide: func(w *siteOf, h *hit) {
		if h.who.group && h.at > h.who.ends && under(h, "/api") && !strings.Contains(h.path, "token") {
			h.app()
		}
	}},
	{cause: "auth_token", name: "named members' sessions all end at once", peers: true, people: member(true, "GET /account/orders", "GET /shop/cart"), after: signIn("/login"), decide: func(w *siteOf, h *hit) {
		if h.who.group && (h.who.ends < shapeTo) && !isFile(h.path) {
			h.app()
		}
	}},
	{cause: "server_config", name: "a host", people: func(w *siteOf, i int, s *soul) { reads()(w, i, s); s.host = "static.example.com" }, decide: func(w *siteOf, h *hit) {
		if h.host == "static.example.com" {
			h.refuse(199)
			h.upstream = 403
		}
	}},
	{cause: "server_config", name: "indexes of directories are gone", people: reads("GET /docs/", "GET /docs/start"), decide: func(w *siteOf, h *hit) {
		if h.path == "/docs/" {
			h.refuse(199)
			h.upstream = 403
		}
	}},
	{cause: "server_config", name: "downloads", people: reads("GET /downloads/tool.zip", "GET /downloads/manual.pdf"), decide: func(w *siteOf, h *hit) {
		if under(h, "/downloads") {
			h.refuse(199)
			h.upstream = 403
		}
	}},
	{cause: "cdn_waf_rule", name: "large documents put by programs", people: program("", true, "PUT /api/v2/documents/%d", "GET /api/v2/items/%d"), decide: func(w *siteOf, h *hit) {
		if h.method == "PUT" && w.IntN(3) > 0 {
			h.edge("firewallManaged", "99ac", whole)
		}
	}},
	{cause: "cdn_waf_rule", name: "a filter in the query of a page", people: reads("GET /shop/list?filter=price<10", "GET /shop/list"), decide: func(w *siteOf, h *hit) {
		if strings.Contains(h.path, "filter=") {
			h.edge("firewallManaged", "99ad", whole)
		}
	}},
	{cause: "cdn_waf_rule", name: "a comment form", people: reads("POST /blog/comment", "GET /blog/post-a"), decide: func(w *siteOf, h *hit) {
		if under(h, "/blog/comment") && w.IntN(10) < 7 {
			h.edge("waf", "99ae", 4010)
		}
	}},
	{cause: "api_version", name: "v1 is off now and then, keys named", people: program("", true, "GET /api/v1/items/%d"), decide: func(w *siteOf, h *hit) {
		if under(h, "/api/v1") && h.at/60%30 < 15 {
			h.app()
		}
	}},
	{cause: "api_version", name: "an old application's v3", people: program("okhttp/4.12.0", false, "GET /mobile/v3/feed", "GET /mobile/v3/messages/%d"), decide: func(w *siteOf, h *hit) {
		if under(h, "/mobile/v3") {
			h.app()
		}
	}},
	{cause: "rate_limit", name: "quota of keys, refused until the quarter of an hour is over", people: func(w *siteOf, i int, s *soul) { program("", true, "GET /api/v2/items/%d")(w, i, s); s.busy = true }, decide: func(w *siteOf, h *hit) {
		if h.who.program && under(h, "/api") {
			k := fmt.Sprint(h.who.seed, h.at/900)
			if w.count[k]++; w.count[k] > 8 {
				h.edge("ratelimit", "aaac", 153)
			}
		}
	}},
	{cause: "rate_limit", name: "some with 429", people: func(w *siteOf, i int, s *soul) { s.busy = true }, decide: func(w *siteOf, h *hit) {
		if h.often(30) > 9 {
			if h.edge("ratelimit", "aaad", 153); w.IntN(4) == 0 {
				h.status = 429
			}
		}
	}},
	{cause: "ua_rule", name: "an application's own name", people: func(w *siteOf, i int, s *soul) {
		reads("GET /shop/list", "GET /account/orders")(w, i, s)
		s.agent = "AcmeShop/5.2 (iPhone; iOS 18.6)"
	}, decide: func(w *siteOf, h *hit) {
		if strings.HasPrefix(h.who.agent, "AcmeShop") {
			h.edge("bic", "bbac", 153)
		}
	}},
	{cause: "ua_rule", name: "python, with keys", people: program("python-requests/2.32.3", true), decide: func(w *siteOf, h *hit) {
		if strings.HasPrefix(h.who.agent, "python") {
			h.edge("firewallCustom", "bbad", 153)
		}
	}},
	{cause: "referer_rule", name: "people sent back by a payment service", peers: true, people: func(w *siteOf, i int, s *soul) {
		reads("POST /shop/paid")(w, i, s)
		if s.group {
			s.entry = "https://pay.example.net/done"
		}
	}, decide: func(w *siteOf, h *hit) {
		if strings.Contains(h.referer, "pay.example.net") {
			h.app()
		}
	}},
	{cause: "referer_rule", name: "downloads without a referer", peers: true, people: func(w *siteOf, i int, s *soul) { reads("GET /downloads/tool.zip")(w, i, s); s.mute = s.group }, decide: func(w *siteOf, h *hit) {
		if under(h, "/downloads") && h.referer == "-" {
			h.edge("hot", "ccab", 153)
		}
	}},
	{cause: "attack_blocked", name: "strangers ask the login", also: []string{"misuse"}, people: stranger("POST /login"), decide: func(w *siteOf, h *hit) {
		if h.who.group {
			h.edge("firewallManaged", "ddab", 153)
		}
	}},
	{cause: "attack_blocked", name: "strangers read prices", also: []string{"misuse"}, people: stranger("GET /shop/item/%d"), decide: func(w *siteOf, h *hit) {
		if h.who.group {
			h.edge("firewallCustom", "ddac", 153)
		}
	}},
}
