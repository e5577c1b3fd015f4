package detect

import (
	"strings"
	"testing"
)

const (
	chromeUA  = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
	edgeUA    = chromeUA + " Edg/125.0.2535.92"
	safariUA  = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15"
	iphoneUA  = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
	firefoxUA = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
	androidUA = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"
	googleUA  = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
)

func TestUserAgentsBecomeFamilyVersionAndSystem(t *testing.T) {
	for _, c := range []struct {
		text, family, major, os string
		flags                   flags
	}{
		{chromeUA, "Chrome", "126", "Windows", fBrowser},
		{edgeUA, "Edge", "125", "Windows", fBrowser},
		{safariUA, "Safari", "17", "macOS", fBrowser},
		{iphoneUA, "Safari", "17", "iOS", fBrowser},
		{firefoxUA, "Firefox", "127", "Linux", fBrowser},
		{androidUA, "Chrome", "126", "Android", fBrowser},
		{"curl/8.5.0", "curl", "8", "", fTool},
		{"python-requests/2.31.0", "python-requests", "2", "", fTool},
		{"Go-http-client/1.1", "Go-http-client", "1", "", fTool},
		{googleUA, "Googlebot", "2", "", fBot},
		{"facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "facebookexternalhit", "1", "", fBot},
		{"sqlmap/1.7#stable (https://sqlmap.org)", "sqlmap", "", "", fScanner | fTool},
		{"Mozilla/5.0 zgrab/0.x", "zgrab", "", "", fScanner | fTool},
		{"ShopApp/7.2 (Android 14)", "ShopApp", "7", "Android", 0},
		{"Mozilla/5.0", "Mozilla", "", "", 0},
		{"", "", "", "", fNoAgent | fTool},
	} {
		var a agent
		makeAgent([]byte(c.text), &a)
		if string(a.family) != c.family || string(a.major) != c.major || a.os != c.os || a.flags != c.flags {
			t.Errorf("%q: %q %q %q %b, want %q %q %q %b", c.text, a.family, a.major, a.os, a.flags, c.family, c.major, c.os, c.flags)
		}
	}
}

func TestAnAgentMayBeUsedAgain(t *testing.T) {
	var a agent
	makeAgent([]byte(edgeUA), &a)
	makeAgent(nil, &a)
	if len(a.family)+len(a.major)+len(a.os) != 0 || a.flags != fNoAgent|fTool {
		t.Errorf("something of the former agent is left: %q %q %q %b", a.family, a.major, a.os, a.flags)
	}
}

func TestHostileAgentsStaySmall(t *testing.T) {
	for _, text := range []string{strings.Repeat("x", 1<<16), strings.Repeat("bot", 5000), "/", "bot", "Chrome/", "Mozilla/5.0 Chrome/", "\x00\xff\xfe", strings.Repeat("9", 4000), "Mozilla/5.0 Chrome/" + strings.Repeat("1", 600), "İİİİİİİİİbot"} {
		var a agent
		makeAgent([]byte(text), &a)
		if len(a.family) > 40 || len(a.major) > 8 {
			t.Errorf("agent of %d bytes: family of %d, major of %d", len(text), len(a.family), len(a.major))
		}
	}
}

// Lower-casing may change the length of a text; positions found in the one
// must not be used in the other beyond its end.
func TestBotTokensBehindLettersThatChangeLengthAreSafe(t *testing.T) {
	for _, s := range []string{"Ⱥ", "İ", "K", "\xff"} {
		for n := range 40 {
			var a agent
			makeAgent([]byte(strings.Repeat(s, n)+"bot"), &a)
			makeAgent([]byte(strings.Repeat(s, n)+" Somebot/2.0 x"), &a)
		}
	}
}
