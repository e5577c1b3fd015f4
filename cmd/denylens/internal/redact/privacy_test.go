package redact

import (
	"net/netip"
	"strings"
	"testing"
)

const privateLine = `203.0.113.77 - alice [24/Nov/2026:08:00:00 +0000] "GET /?ip=203.0.113.77 HTTP/1.1" 403 1 "-" "Chrome/120.0.0.0 via 2001:db8:1:2::9"`

func TestTruncationLeavesNoAddress(t *testing.T) {
	p := NewPrivacy("truncate", Secret{})
	want := `203.0.113.0/24 - [user] [24/Nov/2026:08:00:00 +0000] "GET /?ip=203.0.113.0/24 HTTP/1.1" 403 1 "-" "Chrome/120.0.0.0 via 2001:db8:1::/48"`
	if got := p.Line(privateLine, nil); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := p.Text("network 203.0.113.128/25 and 10.0.0.0/8"); got != "network 203.0.113.0/24 and 10.0.0.0/8" {
		t.Errorf("networks: %s", got)
	}
}

func TestPseudonymsAreStableUnderAKey(t *testing.T) {
	a := NewPrivacy("pseudonym", NewSecret("k1"))
	b := NewPrivacy("pseudonym", NewSecret("k1"))
	c := NewPrivacy("pseudonym", NewSecret("k2"))
	line := a.Line(privateLine, nil)
	if strings.Contains(line, "203.0.113") || strings.Contains(line, "2001:db8") || strings.Contains(line, "alice") {
		t.Errorf("shows who: %s", line)
	}
	if line != b.Line(privateLine, nil) || line == c.Line(privateLine, nil) {
		t.Error("the key does not decide the pseudonym")
	}
	x, y := a.Addr(netip.MustParseAddr("203.0.113.77")), a.Addr(netip.MustParseAddr("203.0.113.78"))
	if x == y || x[:13] != y[:13] {
		t.Errorf("neighbours %s and %s", x, y)
	}
	if d := NewPrivacy("pseudonym", Secret{}); d.User("alice") == NewPrivacy("pseudonym", Secret{}).User("alice") {
		t.Error("two keyless runs agree")
	}
}

func TestFullPrivacyChangesNothing(t *testing.T) {
	if got := NewPrivacy("full", Secret{}).Line(privateLine, []string{"alice"}); got != privateLine {
		t.Errorf("got %s", got)
	}
	if got := NewPrivacy("truncate", Secret{}).Users("user bob, bobby", []string{"bob"}); got != "user [user], bobby" {
		t.Errorf("got %s", got)
	}
}
