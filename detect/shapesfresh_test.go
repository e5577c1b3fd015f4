package detect

import "strings"

// freshShapes were written when the table was done, and it was not changed for
// them.
var freshShapes = []shape{
	{cause: "permissions", name: "guests of a team lose its files", peers: true, people: member(true, "GET /files/team/%d", "GET /shop/list", "POST /files/comment"), decide: func(w *siteOf, h *hit) {
		if h.who.group && under(h, "/files") {
			h.app()
		}
	}},
	{cause: "permissions", name: "keys may read, no longer delete", peers: true, people: program("", true, "DELETE /api/v2/items/%d", "GET /api/v2/items/%d"), decide: func(w *siteOf, h *hit) {
		if h.who.group && h.method == "DELETE" {
			h.app()
		}
	}},
	{cause: "ip_block", name: "a /24 of members and programs", people: func(w *siteOf, i int, s *soul) {
		if i%2 == 0 {
			member(true, "GET /account/orders")(w, i, s)
		} else {
			program("acme-sync/1.8", true, "GET /api/v2/items/%d")(w, i, s)
		}
		fromCommon(1)(w, i, s)
	}, decide: func(w *siteOf, h *hit) {
		if w.sameNet(h.who, 2) {
			h.edge("firewallCustom", "f1", 146)
		}
	}},
	{cause: "geo_block", name: "a country, on the interface", people: both(program("", true, "GET /api/v2/items/%d"), from(7)), decide: func(w *siteOf, h *hit) {
		if h.who.country == w.codes[len(w.codes)-1] && under(h, "/api") {
			h.edge("country", "f2", 1300)
		}
	}},
	{cause: "geo_block", name: "a country from which many come", people: fromCommon(9), decide: func(w *siteOf, h *hit) {
		if h.who.country == w.codes[2] {
			h.edge("firewallCustom", "f3", 153)
		}
	}},
	{cause: "auth_token", name: "named keys end one by one, half are renewed", peers: true, people: program("", true, "GET /api/v2/items/%d"), after: func(w *siteOf, h *hit) {
		if h.who.seed%2 == 0 {
			signIn("/api/v2/auth/token")(w, h)
		}
	}, decide: func(w *siteOf, h *hit) {
		if h.who.group && h.at > h.who.ends && under(h, "/api") && !strings.Contains(h.path, "token") {
			h.app()
		}
	}},
	{cause: "auth_token", name: "401 and 403 of an application's sessions", peers: true, people: member(true, "GET /account/orders", "GET /account/messages"), after: signIn("/session"), decide: func(w *siteOf, h *hit) {
		if h.who.group && h.at > h.who.ends && under(h, "/account") {
			if h.app(); w.IntN(2) == 0 {
				h.status, h.upstream = 401, 401
			}
		}
	}},
	{cause: "server_config", name: "the blog", people: reads("GET /blog/post-a", "GET /blog/post-b", "GET /blog/"), decide: func(w *siteOf, h *hit) {
		if under(h, "/blog") {
			h.refuse(199)
			h.upstream = 403
		}
	}},
	{cause: "server_config", name: "all pictures, styles and scripts", people: reads(), decide: func(w *siteOf, h *hit) {
		if isFile(h.path) {
			h.refuse(199)
			h.upstream = 403
		}
	}},
	{cause: "cdn_waf_rule", name: "profiles with odd names", people: reads("POST /account/profile", "GET /account/orders"), decide: func(w *siteOf, h *hit) {
		if h.path == "/account/profile" && w.IntN(10) < 8 {
			h.edge("firewallManaged", "f4", 2901)
		}
	}},
	{cause: "cdn_waf_rule", name: "reports asked for with a formula", peers: true, people: program("", true, "GET /api/v2/report?expr=a<b", "GET /api/v2/report?id=7"), decide: func(w *siteOf, h *hit) {
		if strings.Contains(h.path, "a<b") {
			h.edge("waf", "f5", 1702)
		}
	}},
	{cause: "api_version", name: "v1 of people's application", people: func(w *siteOf, i int, s *soul) {
		reads("GET /api/v1/feed", "GET /api/v2/feed")(w, i, s)
		s.agent = "AcmeShop/5.2 (iPhone; iOS 18.6)"
	}, decide: func(w *siteOf, h *hit) {
		if under(h, "/api/v1") {
			h.app()
		}
	}},
	{cause: "rate_limit", name: "searches above five a minute", people: func(w *siteOf, i int, s *soul) { reads("GET /search?q=red+chair")(w, i, s); s.busy = true }, decide: func(w *siteOf, h *hit) {
		if under(h, "/search") && h.often(60) > 4 {
			h.edge("rateLimit", "f6", 153)
		}
	}},
	{cause: "ua_rule", name: "an old Safari", people: func(w *siteOf, i int, s *soul) { s.program, s.user, s.agent = false, "", shapeBrowsers[5] }, decide: func(w *siteOf, h *hit) {
		if h.who.agent == shapeBrowsers[5] {
			h.edge("uaBlock", "f7", 1201)
		}
	}},
	{cause: "referer_rule", name: "visitors from a search engine", peers: true, people: func(w *siteOf, i int, s *soul) {
		reads("GET /shop/item/%d")(w, i, s)
		if s.group {
			s.entry = "https://find.example.net/q"
		}
	}, decide: func(w *siteOf, h *hit) {
		if strings.Contains(h.referer, "find.example.net") {
			h.edge("firewallCustom", "f8", 153)
		}
	}},
}
