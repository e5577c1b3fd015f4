package ingest

import (
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const innerLine = `203.0.113.7 - - [14/Mar/2026:09:26:53 +0000] "GET /x HTTP/1.1" 403 9 "-" "say \x22hi\x22"`

// wrappedLines are innerLine in what may be around a line.
var wrappedLines = func() []string {
	quoted, _ := json.Marshal(innerLine)
	docker, _ := json.Marshal(innerLine + "\n")
	tagged, _ := json.Marshal("web.0 nginx: " + innerLine)
	return []string{
		innerLine,
		"<190>Mar 14 09:26:53 web1 nginx: " + innerLine,
		"<190>Mar 14 09:26:53 nginx: " + innerLine,
		"Mar  4 09:26:53 web1 httpd[123]: " + innerLine,
		"<190>1 2026-03-14T09:26:53.1Z web1 nginx 17 - - " + innerLine,
		`<190>1 2026-03-14T09:26:53.1Z web1 nginx - - [a b="]\"c"][d] ` + innerLine,
		"2026-03-14T09:26:53.123456+00:00 web1 nginx: " + innerLine,
		"2026-03-14T09:26:53.123456789Z stdout F " + innerLine,
		`{"log":` + string(docker) + `,"stream":"stdout","time":"2026-03-14T09:26:53.1Z"}`,
		`{"@timestamp":"x","message":` + string(quoted) + `,"kubernetes":{"pod":"x"}}`,
		`{"message":` + string(tagged) + `}`,
		"2026-03-14T09:26:53.123456789Z stdout F " + `{"msg":` + string(quoted) + `}`,
	}
}()

func TestWrappersArePeeledOff(t *testing.T) {
	var want Record
	werr := NewAuto().Parse([]byte(innerLine), &want)
	combined, _, err := Compile("combined")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range wrappedLines {
		for _, f := range []Format{NewAuto(), combined(), Guess([][]byte{[]byte(l)}).New()} {
			var r Record
			err := f.Parse([]byte(l), &r)
			if got := describe(&r, err); got != describe(&want, werr) {
				t.Errorf("%s: %s\n got %s", f.Name(), l, got)
			}
		}
		if rk := Guess([][]byte{[]byte(l)}); rk.Best() != "combined" {
			t.Errorf("taken for %q: %s", rk.Best(), l)
		}
	}
	twice := `{"log":"{\"log\":\"{\\\"log\\\":\\\"x\\\"}\"}"}`
	var r Record
	if err := NewAuto().Parse([]byte(twice), &r); err == nil {
		t.Error("three wrappers around nothing are read")
	}
}

func TestBrokenLinesAreNamedByTheirFlaw(t *testing.T) {
	for line, want := range map[string]Flaw{
		"":      FlawFormat,
		"hoge":  FlawFormat,
		"#Date": FlawDirective,
		`203.0.113.7 - - [14/Mar/2026:09:26 +0000] "GET / HTTP/1.1" 403 9`:                                                                                     FlawTime,
		`203.0.113.7 - - [14/Mar/2026:09:26:53 +0000] "GET / HTTP/1.1`:                                                                                         FlawQuote,
		`203.0.113.7 - - [14/Mar/2026:09:26:53 +0000] "GET / HTTP/1.1" 4x3 9`:                                                                                  FlawStatus,
		`203.0.113.7 - - [14/Mar/2026:09:26:53 +0000] "GET / HTTP/1.1" 403`:                                                                                    FlawColumns,
		`203.0.113.7 - - [14/Mar/2026:09:26:53 +0000] "GET / HTTP/1.1" 403 9x "-" "-"`:                                                                         FlawNumber,
		`203.0.113.7 - - [14/Mar/2026:09:26:53 +0000] "GET / HTTP/1.1" 403 9 "-" "x`:                                                                           FlawQuote,
		`203.0.113.7 - - [14/Mar/2026:09:26:53 +0000] "GET / HTTP/1.1" 403 9 "-" "203.0.113.8 - - [14/Mar/2026:09:26:53 +0000] "GET / HTTP/1.1" 200 9 "-" "x"`: FlawQuote,
		`{"status":403`:   FlawJSON,
		`{"status":403}x`: FlawJSON,
		`{"status":"403","remote_addr":"1.1.1.1"}`:               FlawMissing,
		`{"status":403,"time":"x","remote_addr":"1.1.1.1"}`:      FlawTime,
		`{"status":1e999,"ts":1773480413,"ip":"1.1.1.1"}`:        FlawStatus,
		`{"remote_addr":"1.1.1.1","remote_addr":"2.2.2.2"}`:      FlawDuplicate,
		`{"status":200,"status":403,"ts":1773480413}`:            FlawDuplicate,
		`{"st\u0061tus":200,"status":403,"ts":1773480413}`:       FlawDuplicate,
		`{"a":` + strings.Repeat("[", 10_000) + `}`:              FlawDepth,
		`2026/03/14 09:26:61 [error] 1#1: *5 access forbidden`:   FlawTime,
		`2026/03/14 09:26:53 [notice] 1#1: start worker process`: FlawOther,
		`[Sat Mar 14 09:26:53 2026] [notice] caught SIGTERM`:     FlawOther,
		`[Sat Mar 14 09:26:53 2026] [shout] x`:                   FlawColumns,
	} {
		var r Record
		in := []byte(line)
		if got := Ranking.New(Guess([][]byte{in})).Parse(in, &r); got != want && !(strings.HasPrefix(line, "{") && got != nil) {
			t.Errorf("%.80s: got %v, want %v", line, got, want)
		}
		if strings.HasPrefix(line, "{") {
			if got := newJSONAccess().Parse(in, &r); got != want {
				t.Errorf("json: %.80s: got %v, want %v", line, got, want)
			}
		}
		if string(in) != line {
			t.Errorf("a rejected line was changed: %.80s", line)
		}
	}
}

// TestAForgedMessageIsNotRead: with escape=none a client can add keys. That
// makes the line a duplicate, and must not make the added text a line.
func TestAForgedMessageIsNotRead(t *testing.T) {
	forged := `{"time":"2026-03-14T09:26:53Z","remote_addr":"203.0.113.7","status":403,"ua":"x","status":200,"message":"1.1.1.1 - - [14/Mar/2026:09:26:53 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\""}`
	for _, f := range []Format{NewAuto(), Guess([][]byte{[]byte(forged)}).New()} {
		var r Record
		if err := f.Parse([]byte(forged), &r); err != FlawDuplicate {
			t.Errorf("got %v, %s", err, describe(&r, nil))
		}
	}
}

// TestTornLinesInventNoClient: two workers wrote into each other's line. What
// is then still read must not name a client that was never there.
func TestTornLinesInventNoClient(t *testing.T) {
	ledger := map[string]bool{"203.0.113.7": true, "198.51.100.23": true}
	a := `203.0.113.7 - alice [14/Mar/2026:09:26:53 +0000] "GET /a?x=\x22 HTTP/1.1" 200 5123 "https://shop.example/" "Mozilla/5.0 (\x22)" "-"`
	b := `198.51.100.23 - - [14/Mar/2026:09:26:53 +0000] "GET /b HTTP/1.1" 403 153 "-" "curl/8" "-"`
	formats := map[string]Format{"auto": NewAuto(), "combined": newCLF("combined")(), "vhost": newCLF("vhost_combined")()}
	// A cut within an address leaves another address: no reader can know that.
	inside := func(i int) bool { return i > 0 && i < len("198.51.100.23 ") }
	for i := range len(a) {
		for j := 0; j < len(b); j += 7 {
			if inside(i) || inside(j) {
				continue
			}
			for _, torn := range []string{a[:i] + b, a[:i] + b[:j] + a[i:], b[:j] + a[i:], b[:j] + a} {
				for name, f := range formats {
					var r Record
					if f.Parse([]byte(torn), &r) == nil && r.Client.IsValid() && !ledger[r.Client.String()] {
						t.Fatalf("%s: client %v out of %q", name, r.Client, torn)
					}
				}
			}
		}
	}
}

// TestATargetThatEndsInABackslashIsTraefiks: its quotes are escaped, its
// backslashes are not.
func TestATargetThatEndsInABackslashIsTraefiks(t *testing.T) {
	var r Record
	line := `203.0.113.7 - - [14/Mar/2026:09:26:53 +0000] "GET /x\" 403 9 "-" "x" 1 "web@docker" "http://10.0.0.1:80" 3ms`
	if err := NewAuto().Parse([]byte(line), &r); err != nil || string(r.URI) != `/x\` || r.Status != 403 {
		t.Errorf("%s", describe(&r, err))
	}
}

func TestAShippersOwnTimeIsNotTheLogs(t *testing.T) {
	var r Record
	line := `{"@timestamp":"2026-03-14T10:00:00Z","timestamp":"2026-03-14T09:26:53Z","ip":"203.0.113.7","status":403,"uri":"/"}`
	if err := newJSONAccess().Parse([]byte(line), &r); err != nil || r.Time != 1773480413e9 {
		t.Errorf("%v %s", err, describe(&r, err))
	}
}

func TestWorkersAndDestinationTestsAreNoVisitors(t *testing.T) {
	base := `"ClientIP":"203.0.113.7","EdgeResponseStatus":200,"EdgeStartTimestamp":1773480413`
	for line, want := range map[string]error{
		`{` + base + `}`: nil,
		`{` + base + `,"ClientRequestSource":"eyeball","WorkerSubrequest":false}`:              nil,
		`{` + base + `,"ClientRequestSource":"edgeWorkerFetch"}`:                               FlawOther,
		`{` + base + `,"WorkerSubrequest":true}`:                                               FlawOther,
		`{"content":"tests"}`:                                                                  FlawOther,
		`{"ClientIP":"203.0.113.7","EdgeResponseStatus":1020,"EdgeStartTimestamp":1773480413}`: nil,
		`{"ClientIP":"203.0.113.7","EdgeResponseStatus":"x","EdgeStartTimestamp":1773480413}`:  FlawStatus,
		`{` + base + `,"ClientIP":"203.0.113.8"}`:                                              FlawDuplicate,
	} {
		var r Record
		if err := newCloudflare().Parse([]byte(line), &r); err != want {
			t.Errorf("%s: got %v, want %v", line, err, want)
		}
	}
}

func TestTheEdgesDecisionSaysWhy(t *testing.T) {
	for fields, want := range map[string]Why{
		`"SecurityAction":"block","SecuritySources":["asn"],"SecurityActions":["block"]`:                 WhyEdgeASN,
		`"SecurityAction":"block","SecuritySources":["ipRange"],"SecurityActions":["block"]`:             WhyEdgeIP,
		`"SecurityAction":"block","SecuritySources":["uaBlock"],"SecurityActions":["block"]`:             WhyEdgeAgent,
		`"SecurityAction":"block","SecuritySources":["hot"],"SecurityActions":["block"]`:                 WhyEdgeHotlink,
		`"SecurityAction":"block","SecuritySources":["rateLimit"],"SecurityActions":["block"]`:           WhyRateLimit,
		`"SecurityAction":"block","SecuritySources":["firewallManaged"],"SecurityActions":["block"]`:     WhyEdgeRule,
		`"SecurityActions":["skip","jschallenge"],"SecuritySources":["firewallCustom","firewallCustom"]`: WhyEdgeCustom,
		`"WAFAction":"drop","FirewallMatchesSources":["waf"],"FirewallMatchesActions":["drop"]`:          WhyEdgeRule,
		`"SecurityAction":"block","OriginResponseStatus":403`:                                            WhyUpstreamRefused,
		`"EdgePathingSrc":"user","EdgePathingOp":"ban","EdgePathingStatus":"ctry"`:                       WhyEdgeCountry,
		`"EdgePathingSrc":"bic","EdgePathingOp":"ban","EdgePathingStatus":"unknown"`:                     WhyEdgeAgent,
		`"EdgePathingSrc":"err","EdgePathingOp":"err_host","EdgePathingStatus":"reserved_ip"`:            WhyServerConfig,
		`"SecurityAction":"skip","SecuritySources":["firewallCustom"],"SecurityActions":["skip"]`:        WhyUnknown,
	} {
		var r Record
		line := `{"ClientIP":"203.0.113.7","EdgeResponseStatus":403,"EdgeStartTimestamp":1773480413,` + fields + `}`
		if err := newCloudflare().Parse([]byte(line), &r); err != nil || r.Why != want {
			t.Errorf("%s: got %v %v, want %v", fields, r.Why, err, want)
		}
	}
}

func TestAddressesAreReadAsNetipReadsThem(t *testing.T) {
	for _, s := range []string{"1.2.3.4", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::", "2001:db8::1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::",
		"::2:3:4:5:6:7:8", "::ffff:1.2.3.4", "64:ff9b::1.2.3.4", "fe80::1%eth0", "ABCD::ef01", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "",
		"-", ":", ":::", "1::2::3", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "1:2:3:4:5:6:7", "::1.2.3", "::1.2.3.4:5", "unix:", "a.b.c.d", "1:", ":1", "1:2:3:4:5:6:7:8::"} {
		got, ok := readAddr([]byte(s))
		want, err := netip.ParseAddr(s)
		want = want.WithZone("").Unmap()
		if ok != (err == nil) || ok && got != want {
			t.Errorf("%q: got %v %v, want %v %v", s, got, ok, want, err)
		}
	}
	for s, want := range map[string]string{"1.2.3.4:80": "1.2.3.4", "[2001:db8::1]:443": "2001:db8::1", "[::1]": "::1"} {
		if got, ok := readAddr([]byte(s)); !ok || got.String() != want {
			t.Errorf("%q: got %v %v", s, got, ok)
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"1.2.3.4", "2001:db8::1", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "fe80::1%x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := readAddr([]byte(s))
		want, err := netip.ParseAddr(s)
		if err == nil && len(s) <= 64 && (!ok || got != want.WithZone("").Unmap()) {
			t.Fatalf("%q: got %v %v, want %v", s, got, ok, want)
		}
		if ok {
			if again, ok := readAddr([]byte(got.String())); !ok || again != got {
				t.Fatalf("%q: %v is read as %v", s, got, again)
			}
		}
	})
}

// TestNginxOwnEscapesAreDecoded runs nginx' tests of its escaping.
func TestNginxOwnEscapesAreDecoded(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(corpora(t), "nginx-escape.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Mode     string  `json:"mode"`
		Value    *string `json:"value"`
		ValueHex string  `json:"value_hex"`
		Logged   string  `json:"logged"`
	}
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		want := ""
		if c.Value != nil {
			want = *c.Value
		} else if c.ValueHex != "" {
			raw, _ := hex.DecodeString(c.ValueHex)
			want = string(raw)
		}
		got := c.Logged
		switch c.Mode {
		case "default":
			got = string(orNil(unescape([]byte(got))))
		case "json":
			got = string(unescapeJSON([]byte(got)))
		}
		if got != want {
			t.Errorf("%s: %q: got %q, want %q", c.Mode, c.Logged, got, want)
		}
	}
}

// TestHostileLinesTakeLinearTime: no line may cost more than its length.
func TestHostileLinesTakeLinearTime(t *testing.T) {
	f := NewAuto()
	timed, _, err := Compile(`$remote_addr $http_referer|$http_user_agent|$status`)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{`] "`, `[`, `] (`, `\\"`, `"`, `{"a":[`, `{"a":"`, `, client: `, `, host: "`, `|`, `1.`, `[client `, ` [id "`, `[x] `, `:`, `("`} {
		for _, prefix := range []string{"", "[", `{"log":"`, "2026/03/14 09:26:53 [error] 1#1: *5 x \"", "[Sat Mar 14 09:26:53 2026] [error] ", `1.1.1.1 - - [14/Mar/2026:09:26:53 +0000] "`,
			`{"ClientIP":"1.1.1.1","SecurityActions":[`, "[Sat Mar 14 09:26:53 2026] [error] ModSecurity: Warning. "} {
			line := []byte(prefix + strings.Repeat(s, (1<<20)/len(s)))
			var r Record
			start := time.Now()
			f.Parse(line, &r)
			timed().Parse(line, &r)
			if d := time.Since(start); d > 2*time.Second {
				t.Errorf("%q and 1 MiB of %q took %v", prefix, s, d)
			}
		}
	}
}
