package detect

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
)

func TestRefererHostsAreHostsOnly(t *testing.T) {
	for ref, want := range map[string]string{
		"https://shop.example/a?b=c":          "shop.example",
		"http://shop.example:8080/":           "shop.example",
		"https://shop.example":                "shop.example",
		"https://shop.example?q":              "shop.example",
		"https://shop.example#f":              "shop.example",
		"android-app://x/":                    "",
		"app://com.example.x/y":               "com.example.x",
		"-":                                   "",
		"":                                    "",
		"https://":                            "",
		"https:///path":                       "",
		"/relative/path/of/a/page":            "",
		"javascript:alert('https://evil')":    "",
		"https://" + strings.Repeat("a", 254): "",
		"https://" + strings.Repeat("a", 253): strings.Repeat("a", 253),
	} {
		if got := string(refererHost([]byte(ref))); got != want {
			t.Errorf("host of %q = %q, want %q", ref, got, want)
		}
	}
}

func TestASiteIsItselfWithAndWithoutWWW(t *testing.T) {
	for _, c := range []struct {
		ref, host string
		want      bool
	}{
		{"shop.example", "shop.example", true}, {"www.shop.example", "shop.example", true}, {"shop.example", "www.shop.example:443", true},
		{"SHOP.example", "shop.example", true}, {"evilshop.example", "shop.example", false}, {"shop.example", "", false}, {"", "", false},
	} {
		if got := sameSite([]byte(c.ref), []byte(c.host)); got != c.want {
			t.Errorf("sameSite(%q, %q) = %v", c.ref, c.host, got)
		}
	}
}

func TestAnIPv6ClientIsItsSixtyFour(t *testing.T) {
	h := func(s string) uint64 { return hashAddr(netip.MustParseAddr(s)) }
	if h("2001:db8:1:2::1") != h("2001:db8:1:2:ffff:ffff:ffff:ffff") {
		t.Error("two addresses of one /64 are one client")
	}
	seen := map[uint64]string{}
	for _, s := range []string{"2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:2:2::1", "192.0.2.1", "192.0.2.2", "192.0.3.1", "::", "0.0.0.0", "::1"} {
		x := h(s)
		if o, ok := seen[x]; ok && !(s == "::1" && o == "::") {
			t.Errorf("%s and %s have one hash", s, o)
		}
		seen[x] = s
	}
}

func TestDistinctCountsAreWithinFivePercent(t *testing.T) {
	for _, n := range []int{0, 1, 10, 500, 5000, 12000, 200000} {
		var a, b, both hll
		for i := range n {
			x := hashBytes(fmt.Appendf(nil, "client %d", i), 1)
			for range 1 + i%3 {
				both.add(x)
			}
			if i%2 == 0 {
				a.add(x)
			} else {
				b.add(x)
			}
		}
		got := both.estimate()
		if math.Abs(float64(got)-float64(n)) > 0.05*float64(n)+0.5 {
			t.Errorf("estimate of %d = %d", n, got)
		}
		a.Merge(&b)
		if a.estimate() != got {
			t.Errorf("of %d: the union of halves is %d, the whole %d", n, a.estimate(), got)
		}
	}
}

func TestASmallSketchSaysNewAtMostOnce(t *testing.T) {
	var b bits128
	fresh := 0
	for i := range 1000 {
		h := hashBytes(fmt.Appendf(nil, "%d", i), 1)
		if b.add(h) {
			fresh++
		}
		if b.add(h) {
			t.Fatalf("%d is new a second time", i)
		}
	}
	if fresh < 100 || fresh > 128 {
		t.Errorf("%d of 1000 were new, want about 128", fresh)
	}
}

func TestTimelinesLoseNothingAndStayShort(t *testing.T) {
	for _, c := range []struct{ from, step, n int64 }{
		{1_700_000_000, 1, 5000}, {1_700_000_000, 61, 20000}, {1_700_000_000, 86400, 3000}, {1_700_000_000, -61, 4000}, {0, 7, 3}, {-5000, 13, 2000},
	} {
		var tl timeline
		for i := range c.n {
			tl.add(c.from+i*c.step, i%2)
		}
		points := tl.points()
		var all, denied int64
		for i, p := range points {
			all, denied = all+p.Requests, denied+p.Denied
			if i > 0 && !p.Start.After(points[i-1].Start) {
				t.Fatalf("%+v: points out of order", c)
			}
		}
		if all != c.n || denied != c.n/2 || len(points) > maxBins {
			t.Errorf("%+v: %d requests, %d denied in %d points", c, all, denied, len(points))
		}
		lo, hi := min(c.from, c.from+c.step*(c.n-1)), max(c.from, c.from+c.step*(c.n-1))
		if points[0].Start.Unix() > lo || points[len(points)-1].Start.Unix() > hi {
			t.Errorf("%+v: from %v, last point at %v", c, points[0].Start, points[len(points)-1].Start)
		}
	}
}

func TestSymbolsAreBoundedAndCounted(t *testing.T) {
	s := newSymbols(10)
	ids := map[uint32]bool{}
	for i := range 50 {
		ids[s.id(DimHost, fmt.Appendf(nil, "h%d", i), 0)] = true
	}
	if s.list.n > 10 || s.refused != 41 || len(ids) != 10 || !ids[0] {
		t.Errorf("%d values, %d refused, %d ids", s.list.n, s.refused, len(ids))
	}
	if s.id(DimHost, []byte("h0"), 0) != 1 || s.id(DimHost, nil, 0) != 0 {
		t.Error("known values keep their number when the table is full, and nothing has none")
	}
	if s.id(DimPath, []byte("h0"), 0) != 0 {
		t.Error("a name of one dimension is not that of another")
	}
}

func TestAPathWithManyChildrenStandsForThem(t *testing.T) {
	s := newSymbols(1 << 20)
	var r route
	deep := 0
	for i := range 1000 {
		makeRoute(fmt.Appendf(nil, "/blog/entry-about-%c%c-things", 'a'+i%26, 'a'+i/26), &r)
		if p := s.path(&r); p[0] == 0 {
			t.Fatal("the prefix is lost")
		} else if p[1] != 0 {
			deep++
		}
	}
	if deep != maxChildren || s.list.n != maxChildren+2 {
		t.Errorf("%d children have a name of their own among %d values, want %d", deep, s.list.n, maxChildren)
	}
	if p := s.path(&r); s.text(p[0]) != "/blog" {
		t.Errorf("prefix %q", s.text(p[0]))
	}
}

func TestQuotedTextIsOneWordToAShell(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                 `'plain'`,
		"":                      `''`,
		"it's":                  `'it'\''s'`,
		"$(reboot) `id` $HOME":  "'$(reboot) `id` $HOME'",
		"a\nb\rc\x00d\x1b[31me": `'abcd[31me'`,
		"\u0085\u009b":          `''`,
		"bad \xff utf-8":        `'bad  utf-8'`,
		"grün":                  `'grün'`,
		`\`:                     `'\'`,
	} {
		if got := shellQuote(in); got != want {
			t.Errorf("shellQuote(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestABaselineLearnsARateAndForgetsAnOldOne(t *testing.T) {
	bl := newBaseline(0.01, 0)
	for m := int32(1); m <= 2000; m++ {
		bl.learn(m, 100, 5, 0.01, 1)
	}
	if r := bl.rate(); math.Abs(r-0.05) > 0.005 {
		t.Errorf("rate after 2000 minutes of 5 %%: %v", r)
	}
	if env := bl.envelope(6000); env <= bl.rate() || env > 0.2 {
		t.Errorf("envelope %v around rate %v", env, bl.rate())
	}
	before := bl.rate()
	for m := int32(2001); m <= 2030; m++ {
		bl.learn(m, 100, 90, 0.01, 0)
	}
	if bl.rate() > before {
		t.Errorf("minutes of weight 0 raised the rate from %v to %v", before, bl.rate())
	}
	for m := int32(2031); m <= 6000; m++ {
		bl.learn(m, 100, 0, 0.01, 1)
	}
	if bl.rate() > 0.005 {
		t.Errorf("rate after days without refusals: %v", bl.rate())
	}
	bl.learn(1<<30, 0, 0, 0.02, 1)
	if math.Abs(bl.rate()-0.02) > 1e-6 {
		t.Errorf("after ages a series knows its parent's rate only, has %v", bl.rate())
	}
}

func TestASurgeIsTrustedLittle(t *testing.T) {
	bl := newBaseline(0.01, 0)
	for m := int32(1); m <= 500; m++ {
		bl.learn(m, 100, 1, 0.01, 1)
	}
	if w := bl.trust(100, 1); w != 1 {
		t.Errorf("an ordinary minute has weight %v", w)
	}
	if w := bl.trust(100, 60); w <= 0 || w > 0.05 {
		t.Errorf("a surge has weight %v", w)
	}
	if w := bl.trust(0, 0); w != 1 {
		t.Errorf("an empty minute has weight %v", w)
	}
	if c := bl.concentration(1); c < 1000 {
		t.Errorf("one client has no dispersion: concentration %v", c)
	}
}

func TestBouncyTrafficWidensTheEnvelope(t *testing.T) {
	calm, wild := newBaseline(0.05, 0), newBaseline(0.05, 0)
	for m := int32(1); m <= 3000; m++ {
		calm.learn(m, 200, 10, 0.05, 1)
		d := 2
		if m/15%2 == 0 {
			d = 18
		}
		wild.learn(m, 200, d, 0.05, 1)
	}
	if calm.sigma() >= wild.sigma() || calm.envelope(6000) >= wild.envelope(6000) || calm.phi >= wild.phi {
		t.Errorf("calm: sigma %v, envelope %v, phi %v; wild: %v, %v, %v", calm.sigma(), calm.envelope(6000), calm.phi, wild.sigma(), wild.envelope(6000), wild.phi)
	}
}
