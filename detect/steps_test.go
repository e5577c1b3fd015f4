package detect

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/denylens/denylens/ingest"
)

// Every value of a log may try to run a command of its own when a next step is
// pasted; a shell that parses the step must see one command line.
func TestCommandsHoldHostileTextTogether(t *testing.T) {
	hostile := []string{"$(touch /tmp/pwned)", "`id`", "'; id; '", "\"; id; \"", "\\", "%0a", "\u202e", "\x1b[2J", "a b", "|id", "&id"}
	for i, h := range hostile {
		for _, cause := range []string{"permissions", "ip_block", "auth_token", "server_config", "geo_block", "cdn_waf_rule", "api_version", "rate_limit", "ua_rule", "referer_rule", "scan", "key_sharing", "undetermined"} {
			e, s := New(Config{}), &scene{features: &features{}}
			s.init()
			s.denied, s.why[ingest.WhyClientCert] = 1, 1
			s.has[DimAgent] = true
			inc := &Incident{Kind: Overblock, Cause: Cause{ID: cause}, Causes: []Guess{{ID: "server_config"}, {ID: "permissions"}}}
			if i%2 == 0 { // with a line to go by
				inc.Samples = []Sample{sampleOf("access.log", &ingest.Record{Status: 403, Method: []byte("POST" + h), URI: []byte("/a" + h), Referer: []byte(h), Agent: []byte(h), Host: []byte(h)})}
			}
			s.doors.add(int64(e.syms.id(DimPath, []byte("/token"+h), 0)), 1)
			for _, d := range []Dim{DimPath, DimAgent, DimReferer, DimVersion, DimHost, DimMethod, DimRule} {
				inc.Cohort = append(inc.Cohort, Term{d.String(), h})
			}
			for a, d := range axisDim {
				s.values[a].add(int64(e.syms.id(d, []byte("/"+h), 0)), 1)
			}
			for _, server := range serverFlags {
				if server != 0 && i > 1 {
					continue // their steps hold little of the log
				}
				clear(s.flagged)
				s.flagged[fSlash], s.flagged[server] = 1, 1
				for _, step := range e.steps(inc, s) {
					checkCommand(t, cause, h, step.Command)
				}
			}
		}
	}
}

// Who runs IIS, or asks AWS, has no use for the files of nginx.
func TestStepsNameTheServerThatWroteTheLog(t *testing.T) {
	for server, word := range map[flags]string{fIIS: "appcmd", fCloudFront: "aws ", fALB: "aws "} {
		for cause := range stepsOf {
			e, s := New(Config{}), &scene{features: &features{}}
			s.init()
			s.flagged[server], s.denied = 1, 1
			inc := &Incident{Kind: Overblock, Cause: Cause{ID: cause}, Cohort: []Term{{"network", "192.0.2.0/24"}, {"path", "/shop"}}, Start: time.Unix(1e9, 0)}
			var all []string
			for _, step := range e.steps(inc, s) {
				all = append(all, step.Text+": "+step.Command)
			}
			got := strings.Join(all, "\n")
			for _, strange := range []string{"nginx", "/etc/", "Cloudflare", "0001-01-01", "awk '{print $3}'"} {
				if strings.Contains(got, strange) {
					t.Errorf("%s, %s: %s in\n%s", word, cause, strange, got)
				}
			}
			if !strings.Contains(got, word) && !slices.Contains(elsewhereSteps, cause) {
				t.Errorf("%s, %s: nothing of %s in\n%s", word, cause, word, got)
			}
		}
	}
}

// elsewhereSteps are causes of which no server's configuration tells.
var elsewhereSteps = []string{"auth_token", "key_sharing", "scan", "attack_blocked", "fake_crawler", "credential_stuffing", "brute_force", "enumeration", "flood", "scraping", "bypass_probe"}

func checkCommand(t *testing.T, cause, hostile, command string) {
	t.Helper()
	if strings.ContainsFunc(command, unseen) {
		t.Errorf("%s: %q holds what cannot be seen", cause, command)
	}
	word, _, _ := strings.Cut(command, " ")
	if !slices.Contains(programs, word) {
		if command != nginxFields && command != apacheFields && strings.ContainsAny(command, "`$'\\") {
			t.Errorf("%s: %q is not to be pasted into a configuration", cause, command)
		}
		return
	}
	if out, err := exec.Command("bash", "-n", "-c", command).CombinedOutput(); err != nil {
		t.Errorf("%s, %q: %s\n%v %s", cause, hostile, command, err, out)
	}
	// The programs become functions that do nothing; whatever else runs shows.
	stubs := ""
	for _, p := range programs {
		stubs += strings.ReplaceAll(p, "-", "_") + "() { :; }\n"
	}
	out, err := exec.Command("sh", "-c", stubs+"PATH=/nowhere\n"+strings.ReplaceAll(command, "fail2ban-client", "fail2ban_client")).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%s, %q: %s\n%v %s", cause, hostile, command, err, out)
	}
}

// programs are those that next steps run.
var programs = []string{"curl", "grep", "awk", "sort", "uniq", "head", "tail", "nft", "find", "namei", "csf", "fail2ban-client", "openssl", "denylens", "appcmd", "icacls", "aws"}

func TestAnExceptionIsNeverForEverything(t *testing.T) {
	for _, cohort := range [][]Term{nil, {{"user", "bob"}}, {{"rule", "100015"}}, {{"os", "Linux"}}} {
		tt := target{inc: &Incident{Cohort: cohort}, path: "/"}
		if x := tt.expression(); x != "" {
			t.Errorf("%v: %s", cohort, x)
		}
	}
	tt := target{inc: &Incident{Cohort: []Term{{"country", "BR"}, {"path", "/shop/{n}"}}}}
	if got, want := tt.expression(), `(ip.src.country eq "BR" and starts_with(http.request.uri.path, "/shop/"))`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestSamplesAreCutAndKeepTheirOrder(t *testing.T) {
	r := ingest.Record{Time: 1772400000e9, Status: 403, Request: []byte("GET /" + strings.Repeat("x", 5000) + " HTTP/1.1"), Agent: []byte("a\x1b]0;x\a")}
	got := string(render(nil, &r))
	if len(got) > 1000 || !strings.Contains(got, " 403 ") || !strings.HasPrefix(got, "- - - [") {
		t.Errorf("%d bytes: %.80s", len(got), fmt.Sprintf("%q", got))
	}
}

// A pasted command asks what a refused client asked: the method, the host, the
// target, the user agent and the referring page.
func TestTheReproducingCommandAsksTheSame(t *testing.T) {
	rec := ingest.Record{Status: 403, Method: []byte("PUT"), URI: []byte("/a/b?c=d e"), Host: []byte("shop.example"), Referer: []byte("https://pay.example/x"), Agent: []byte("it's \"odd\"")}
	rec.Request = []byte("PUT /a/b?c=d e HTTP/1.1")
	e := New(Config{})
	s := &scene{features: &features{}}
	s.init()
	inc := &Incident{Cohort: []Term{{"referer", "pay.example"}}, Samples: []Sample{sampleOf("", &rec)}}
	tt := e.target(inc, s)
	out, err := exec.Command("sh", "-c", `curl() { for x; do printf '%s\n' "$x"; done; }; `+tt.curl()).CombinedOutput()
	want := "-sS\n-o\n/dev/null\n-w\n%{http_code}\\n\n-X\nPUT\n-A\nit's \"odd\"\n-e\nhttps://pay.example/x\nhttps://shop.example/a/b?c=d e\n"
	if err != nil || string(out) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, out, want)
	}
}

// sampleOf is a record as an event shows it.
func sampleOf(source string, rec *ingest.Record) Sample {
	var s samples
	return s.at(s.add(0, rec), func(int) string { return source })
}
