package detect

import (
	"strings"
	"testing"
)

func routeOf(path string) *route {
	r := &route{}
	makeRoute([]byte(path), r)
	return r
}

func TestRoutesForgetNumbersAndIdentifiers(t *testing.T) {
	for path, want := range map[string]string{
		"//":                  "/",
		"/a":                  "/a",
		"/a/":                 "/a",
		"//a//b":              "/a/b",
		"/a/b/c/d/e":          "/a/b/c",
		"/items/17":           "/items/{n}",
		"/items/17/edit":      "/items/{n}/edit",
		"/api/v1/orders/8471": "/api/v1/orders",
		"/u/0b0f7e1c-5a4e-4c58-9c7f-0a4a1e6b2d11/x": "/u/{n}/x",
		"/": "/",
		"":  "",
	} {
		if got := string(routeOf(path).text); got != want {
			t.Errorf("route of %q = %q, want %q", path, got, want)
		}
	}
}

func TestTemplatesDifferWhereTheWholePathDiffers(t *testing.T) {
	same := [][2]string{{"/a/1", "/a/2"}, {"/a/1/", "/a//2"}, {"/x/y/z/1/q", "/x/y/z/99/q"}}
	for _, p := range same {
		if routeOf(p[0]).tmpl != routeOf(p[1]).tmpl {
			t.Errorf("%q and %q are one template", p[0], p[1])
		}
	}
	differ := [][2]string{{"/a/b", "/a/c"}, {"/a/b", "/b/a"}, {"/x/y/z/q", "/x/y/z/r"}, {"/a/1", "/a/b"}, {"/ab/c", "/a/bc"}, {"/a", "/A"}}
	for _, p := range differ {
		if routeOf(p[0]).tmpl == routeOf(p[1]).tmpl {
			t.Errorf("%q and %q are two templates", p[0], p[1])
		}
	}
}

func TestTheVersionOfAnAPIIsFoundAtAnyLevel(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v1/orders": "v1", "/v2": "v2", "/api/V2.1/x": "V2.1", "/api/x/v33": "v33", "/api/v1/v2": "v1",
		"/api/vx": "", "/vault": "", "/v": "", "/api/v123456": "", "/a/b/c/v1": "",
	} {
		r := routeOf(path)
		if got := string(r.text[r.verPos:][:r.verLen]); r.verLen > 0 && got != want || r.verLen == 0 && want != "" {
			t.Errorf("version in %q = %q (%d bytes), want %q", path, got, r.verLen, want)
		}
	}
}

func TestARouteMayBeUsedAgain(t *testing.T) {
	r := &route{}
	makeRoute([]byte("/api/v1/orders/7"), r)
	makeRoute([]byte("/b"), r)
	if string(r.text) != "/b" || r.verLen != 0 || r.depth != 1 || r.tmpl != routeOf("/b").tmpl {
		t.Errorf("something of the former path is left: %q, version %d, depth %d", r.text, r.verLen, r.depth)
	}
}

func TestRoutesOfHugePathsStaySmall(t *testing.T) {
	for _, path := range []string{
		strings.Repeat("a", 70000), "/" + strings.Repeat("b", 70000) + "/c", strings.Repeat("/ab", 30000), strings.Repeat("/", 70000),
		"/" + strings.Repeat("x", 200) + "/" + strings.Repeat("y", 200) + "/" + strings.Repeat("z", 200), "/\x00\xff\n'`$(id)/\x1b[2J",
	} {
		r := routeOf(path)
		if len(r.text) > 300 || int(r.depth) > maxDepth {
			t.Errorf("path of %d bytes: text of %d bytes, depth %d", len(path), len(r.text), r.depth)
		}
		for d := range int(r.depth) {
			if int(r.ends[d]) > len(r.text) || d > 0 && r.ends[d] <= r.ends[d-1] {
				t.Errorf("path of %d bytes: ends %v of a text of %d bytes", len(path), r.ends, len(r.text))
			}
		}
	}
}

func TestIdentifiersAreToldFromWords(t *testing.T) {
	for _, s := range []string{"0", "17", "20260101", "0b0f7e1c-5a4e-4c58-9c7f-0a4a1e6b2d11", "deadbeef1234", "507f1f77bcf86cd799439011", "Zm9vYmFyMTIzNDU2Nzg5MGFiY2Rl"} {
		if !isIdentifier([]byte(s)) {
			t.Errorf("%q names one of many", s)
		}
	}
	for _, s := range []string{"", "a", "v1", "orders", "deadbeef", "index.html", "jquery-3.7.1.min.js", "2fa", "internationalisation-guide", "cafe-babe", "wp-content"} {
		if isIdentifier([]byte(s)) {
			t.Errorf("%q is a name", s)
		}
	}
}

func TestPathsTellAssetsDirectoriesProbesAndLogins(t *testing.T) {
	for path, want := range map[string]flags{
		"/img/a.PNG": fAsset, "/app.js": fAsset, "/docs/": fSlash, "/robots.txt": fRobots, "/.env": fProbe, "/x/.GIT/config": fProbe,
		"/wp-config.php.bak": fProbe, "/login": fLogin, "/oauth/token": fLogin, "/orders": 0, "/pngs": 0, "/a.b/c": 0,
	} {
		if got := routeOf(path).flags & (fAsset | fSlash | fRobots | fProbe | fLogin); got != want {
			t.Errorf("flags of %q = %b, want %b", path, got, want)
		}
	}
}
