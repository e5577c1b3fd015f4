package ingest

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpus returns a file of the shared test material, or skips the test.
func corpus(t testing.TB, name string) []byte {
	t.Helper()
	dir := os.Getenv("DENYLENS_CORPORA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "corpora")
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Skipf("the shared corpora are not here: %v", err)
	}
	return b
}

// TestClientsAreWhoNginxSaysTheyAre compares with what nginx's own tests of
// its realip module expect. nginx looks at one hop without real_ip_recursive;
// the walk here is recursive, so only those cases apply.
func TestClientsAreWhoNginxSaysTheyAre(t *testing.T) {
	var cases []struct {
		Trusted, Values []string
		Peer, Want      string
		Header          string
		Recursive       bool
	}
	if err := json.Unmarshal(corpus(t, "nginx-realip.json"), &cases); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, c := range cases {
		var pre []netip.Prefix
		for _, s := range c.Trusted {
			pre = append(pre, netip.MustParsePrefix(s))
		}
		values := strings.Join(c.Values, ", ")
		single := len(strings.FieldsFunc(values, func(r rune) bool { return r == ',' || r == ' ' })) == 1
		if !c.Recursive && !single {
			continue
		}
		checked++
		r := Record{Remote: netip.MustParseAddr(c.Peer), Forwarded: []byte(values)}
		if got := newProxies(pre).client(&r); got != netip.MustParseAddr(c.Want) {
			t.Errorf("%v from %s: %v, want %s", c.Values, c.Peer, got, c.Want)
		}
	}
	if checked < 3 {
		t.Fatalf("only %d cases", checked)
	}
}

func TestTheWalkEndsAtTheFirstAddressThatIsNotTrusted(t *testing.T) {
	p := newProxies([]netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("10.2.0.0/16"), netip.MustParsePrefix("192.0.2.7/32"),
		netip.MustParsePrefix("::ffff:198.51.100.0/120"), netip.MustParsePrefix("2001:db8:1::/48"),
	})
	long := strings.Repeat("10.0.0.9, ", 500) + "10.0.0.8"
	for _, c := range []struct{ peer, list, want string }{
		{"203.0.113.1", "198.51.100.1", "203.0.113.1"}, // the peer is not trusted
		{"10.0.0.1", "", "10.0.0.1"},
		{"10.0.0.1", "203.0.113.9", "203.0.113.9"},
		{"10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"}, // never the left-most
		{"10.0.0.1", "1.2.3.4,203.0.113.9,10.0.0.2", "203.0.113.9"},
		{"10.0.0.1", "1.2.3.4 203.0.113.9 10.0.0.2 ,", "203.0.113.9"},
		{"10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"}, // all are trusted
		{"192.0.2.7", "203.0.113.9:4711", "203.0.113.9"},
		{"192.0.2.8", "203.0.113.9", "192.0.2.8"},
		{"::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"},
		{"198.51.100.77", "::ffff:203.0.113.9", "203.0.113.9"},
		{"2001:db8:1::5", "2001:db8:2::1", "2001:db8:2::1"},
		{"2001:db8:1::5", "[2001:db8:2::1]:443", "2001:db8:2::1"},
		{"10.0.0.1", "fe80::1%eth0", "fe80::1"},
		{"10.0.0.1", `for=192.0.2.60;proto=http;by=203.0.113.43`, "192.0.2.60"},
		{"10.0.0.1", `For="[2001:db8:cafe::17]:4711"`, "2001:db8:cafe::17"},
		{"10.0.0.1", `for=1.1.1.1, for="203.0.113.9:80";proto=https, for=10.0.0.2`, "203.0.113.9"},
		{"10.0.0.1", `proto=https;for=203.0.113.9`, "203.0.113.9"},
		{"10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"},
		{"10.0.0.1", "203.0.113.9, _hidden, 10.0.0.2", "10.0.0.2"},
		{"10.0.0.1", "203.0.113.9, for=_x", "10.0.0.1"},
		{"10.0.0.1", "203.0.113.9, for=", "10.0.0.1"},
		{"10.0.0.1", "203.0.113.9, \"", "10.0.0.1"},
		{"10.0.0.1", "203.0.113.9, []", "10.0.0.1"},
		{"10.0.0.1", "999.1.1.1", "10.0.0.1"},
		{"10.0.0.1", long, "10.0.0.9"},
	} {
		r := Record{Remote: netip.MustParseAddr(c.peer), Forwarded: []byte(c.list)}
		if got := p.client(&r); got != netip.MustParseAddr(c.want) {
			t.Errorf("peer %s, list %.40q: %v, want %s", c.peer, c.list, got, c.want)
		}
	}
	r := Record{Forwarded: []byte("1.2.3.4")}
	if got := p.client(&r); got.IsValid() {
		t.Errorf("a line without a peer has the client %v", got)
	}
}

func TestTheWalkDoesNotAllocate(t *testing.T) {
	p := newProxies([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")})
	r := Record{Remote: netip.MustParseAddr("10.0.0.1"), Forwarded: []byte(`for="[2001:db9::1]:1", garbage-1.2.3.4.5, 10.0.0.7, 10.0.0.2`)}
	if n := testing.AllocsPerRun(100, func() { p.client(&r) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func FuzzClient(f *testing.F) {
	f.Add(`for="[::1]:1", 1.2.3.4, unknown`)
	p := newProxies([]netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")})
	f.Fuzz(func(t *testing.T, list string) {
		r := Record{Remote: netip.MustParseAddr("10.0.0.1"), Forwarded: []byte(list)}
		if got := p.client(&r); !got.IsValid() || got.Zone() != "" || got.Is4In6() {
			t.Fatalf("%q gives %v", list, got)
		}
	})
}
