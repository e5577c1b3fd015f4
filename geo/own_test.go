package geo

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

func TestReservedRangesAreNamed(t *testing.T) {
	for addr, want := range map[string]string{
		"10.0.0.0": "private", "10.255.255.255": "private", "172.16.0.1": "private", "172.32.0.1": "", "192.168.3.4": "private",
		"100.64.0.1": "cgnat", "100.128.0.1": "", "127.9.9.9": "loopback", "169.254.169.254": "link-local",
		"192.0.2.1": "documentation", "198.51.100.1": "documentation", "203.0.113.1": "documentation", "224.0.0.1": "multicast",
		"0.1.2.3": "bogon", "240.0.0.1": "bogon", "255.255.255.255": "bogon", "198.18.5.5": "bogon", "8.8.8.8": "", "1.1.1.1": "",
		"::1": "loopback", "::": "bogon", "fc00::1": "private", "fdff::1": "private", "fe80::1": "link-local", "2001:db8::1": "documentation",
		"ff02::1": "multicast", "100::1": "bogon", "2606:4700::1111": "", "::ffff:10.0.0.1": "private", "64:ff9b::808:808": "",
	} {
		if got := Reserved(at(addr)); got != want {
			t.Errorf("%s: %q, want %q", addr, got, want)
		}
	}
	if Reserved(netip.Addr{}) != "" {
		t.Error("no address is reserved")
	}
}

func TestEdgesAreNamed(t *testing.T) {
	for addr, want := range map[string]string{
		"104.16.0.1": "cloudflare", "104.27.255.255": "cloudflare", "104.28.0.1": "", "172.71.1.1": "cloudflare", "2606:4700::1": "cloudflare",
		"::ffff:162.158.1.1": "cloudflare", "151.101.1.1": "fastly", "2a04:4e42::1": "fastly", "13.33.1.1": "cloudfront",
		"8.8.8.8": "", "2001:db8::1": "",
	} {
		if got := Edge(at(addr)); got != want {
			t.Errorf("%s: %q, want %q", addr, got, want)
		}
	}
	if len(EdgeRanges("cloudflare")) != 22 || EdgeRanges("nobody") != nil {
		t.Error("the ranges of cloudflare are not all there")
	}
}

func TestCompiledInFilesAreWhole(t *testing.T) {
	list, err := readOwners(dataFiles)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, o := range list {
		if seen[o.name] || o.kind != "crawler" && o.kind != "edge" {
			t.Errorf("%q: kind %q, or twice", o.name, o.kind)
		}
		seen[o.name] = true
		if len(o.own) > 0 {
			if _, err := time.Parse("2006-01", o.asOf); err != nil || !strings.HasPrefix(o.source, "https://") {
				t.Errorf("%s has ranges, but no source or month: %q %q", o.name, o.source, o.asOf)
			}
		}
		if o.closed && len(o.own) == 0 || o.kind == "crawler" && len(o.claims) == 0 {
			t.Errorf("%s makes no sense", o.name)
		}
		for _, p := range append(o.own, o.wide...) {
			if Reserved(p.Addr()) != "" {
				t.Errorf("%s: %s is reserved", o.name, p)
			}
		}
	}
}

func TestCrawlersAreKnownByTheirRanges(t *testing.T) {
	const (
		google  = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
		bing    = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116"
		preview = "Mozilla/5.0 (Macintosh) facebookexternalhit/1.1 Facebot Twitterbot/1.0"
	)
	c := KnownCrawlers()
	for _, x := range []struct {
		agent, addr, name string
		want              Verdict
	}{
		{google, "66.249.66.1", "googlebot", True},
		{google, "::ffff:66.249.66.1", "googlebot", True},
		{google, "2001:4860:4801:10::1", "googlebot", True},
		{google, "34.100.182.97", "googlebot", Unverified}, // its cloud: may be rented
		{google, "45.155.205.1", "googlebot", Fake},
		{google, "10.0.0.1", "googlebot", Unverified}, // a proxy that hides the client
		{google, "172.70.1.1", "googlebot", Unverified},
		{strings.ToUpper(google), "45.155.205.1", "googlebot", Fake},
		{"Googlebot-Image/1.0", "66.249.66.1", "googlebot", True},
		{bing, "157.55.39.7", "bingbot", True},
		{bing, "20.1.1.1", "bingbot", Unverified},
		{bing, "45.155.205.1", "bingbot", Fake},
		{"Mozilla/5.0 (Applebot/0.1)", "17.241.75.9", "applebot", True},
		{"Mozilla/5.0 (Applebot/0.1)", "17.1.1.1", "applebot", Unverified},
		{"facebookexternalhit/1.1", "31.13.127.5", "facebookexternalhit", True},
		{preview, "82.1.1.1", "twitterbot", Unverified},
		{"Mozilla/5.0 (compatible; GPTBot/1.2)", "20.171.206.5", "gptbot", True},
		{"Mozilla/5.0 (compatible; GPTBot/1.2)", "45.155.205.1", "gptbot", Unverified},
		{"ClaudeBot/1.0", "45.155.205.1", "claudebot", Unverified},
		{"Mozilla/5.0 (Windows NT 10.0) Chrome/126", "45.155.205.1", "", NoCrawler},
		{"notgooglebot", "45.155.205.1", "", NoCrawler},
		{"", "45.155.205.1", "", NoCrawler},
		{"Google", "45.155.205.1", "", NoCrawler},
	} {
		if name, v := c.Verify([]byte(x.agent), at(x.addr)); name != x.name || v != x.want {
			t.Errorf("%.40q from %s: %q %v, want %q %v", x.agent, x.addr, name, v, x.name, x.want)
		}
	}
	if name, v := (*Crawlers)(nil).Verify([]byte(google), at("1.2.3.4")); name != "" || v != NoCrawler {
		t.Error("nil knows somebody")
	}
	if _, v := c.Verify([]byte(google), netip.Addr{}); v != Unverified {
		t.Error("a claim without an address is judged")
	}
	agent, addr := []byte(google), at("45.155.205.1")
	if n := testing.AllocsPerRun(100, func() { c.Verify(agent, addr) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// zoneFile is a resolver whose zones are known.
type zoneFile struct {
	names map[string][]string
	addrs map[string][]netip.Addr
	asked int
	hang  bool
}

func (z *zoneFile) LookupAddr(ctx context.Context, a string) ([]string, error) {
	z.asked++
	if z.hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if n, ok := z.names[a]; ok {
		return n, nil
	}
	return nil, errors.New("no answer")
}

func (z *zoneFile) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	return z.addrs[host], nil
}

func TestFault_156_NamesAreConfirmedForwards(t *testing.T) {
	const agent = "Baiduspider/2.0"
	z := &zoneFile{
		names: map[string][]string{
			"180.76.15.1":  {"baiduspider-180-76-15-1.crawl.baidu.com."},
			"45.155.205.1": {"crawl.baidu.com.evil.example."},
			"45.155.205.2": {"Crawl.Baidu.com."}, // says so, but the name does not know it
		},
		addrs: map[string][]netip.Addr{"baiduspider-180-76-15-1.crawl.baidu.com": {at("180.76.15.1")}, "crawl.baidu.com": {at("180.76.15.9")}},
	}
	c := KnownCrawlers().WithResolver(z)
	ctx := context.Background()
	for addr, want := range map[string]Verdict{"180.76.15.1": True, "45.155.205.1": Fake, "45.155.205.2": Fake, "45.155.205.3": Unverified} {
		for range 2 {
			if _, v := c.Confirm(ctx, []byte(agent), at(addr)); v != want {
				t.Errorf("%s: %v, want %v", addr, v, want)
			}
		}
	}
	if z.asked != 5 { // three answers are remembered, a silence is not
		t.Errorf("asked %d times", z.asked)
	}
	z.hang = true
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, v := c.Confirm(short, []byte(agent), at("45.155.205.9")); v != Unverified {
		t.Errorf("a silent resolver: %v", v)
	}
	if _, v := KnownCrawlers().Confirm(ctx, []byte(agent), at("180.76.15.1")); v != Unverified {
		t.Error("somebody was asked without being told to")
	}
}

func TestNarrowRangesWinOverWideOnes(t *testing.T) {
	var r ranges
	for i, p := range []string{"10.0.0.0/8", "10.2.0.0/16", "10.2.3.0/24", "0.0.0.0/0", "255.255.255.255/32", "2001:db8::/32", "2001:db8:1::/48", "::/0"} {
		r.add(netip.MustParsePrefix(p), uint16(i))
	}
	r.index()
	for addr, want := range map[string]uint16{"10.1.1.1": 0, "10.2.1.1": 1, "10.2.3.255": 2, "10.2.4.0": 1, "10.3.0.0": 0, "9.9.9.9": 3, "255.255.255.255": 4, "255.255.255.254": 3, "2001:db8::1": 5, "2001:db8:1::1": 6, "2001:db8:2::1": 5, "ffff::": 7} {
		if got, ok := r.find(at(addr)); !ok || got != want {
			t.Errorf("%s: %d %v, want %d", addr, got, ok, want)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	c := KnownCrawlers()
	agent := []byte("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36")
	addr := at("45.155.205.1")
	for b.Loop() {
		c.Verify(agent, addr)
	}
}
