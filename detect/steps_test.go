package detect

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/denylens/denylens/ingest"
)

// Every value of a log may try to run a command of its own when a next step is
// pasted; a shell that parses the step must see one command line.
func TestCommandsHoldHostileTextTogether(t *testing.T) {
	hostile := []string{"$(touch /tmp/pwned)", "`id`", "'; id; '", "\"; id; \"", "\\", "%0a", "\u202e", "\x1b[2J", "a b", "|id", "&id"}
	for _, h := range hostile {
		for _, cause := range []string{"permissions", "ip_block", "auth_token", "server_config", "geo_block", "cdn_waf_rule", "api_version", "rate_limit", "ua_rule", "referer_rule", "scan", "undetermined"} {
			e, s := New(Config{}), &scene{features: &features{}}
			s.init()
			s.has[DimAgent] = true
			inc := &Incident{Kind: Overblock, Cause: Cause{ID: cause}}
			for _, d := range []Dim{DimPath, DimAgent, DimReferer, DimVersion, DimHost, DimMethod, DimRule} {
				inc.Cohort = append(inc.Cohort, Term{d.String(), h})
			}
			for a, d := range axisDim {
				s.values[a].add(int64(e.syms.id(d, []byte("/"+h), 0)), 1)
			}
			for _, step := range e.steps(inc, s) {
				checkCommand(t, cause, h, step.Command)
			}
		}
	}
}

func checkCommand(t *testing.T, cause, hostile, command string) {
	t.Helper()
	if strings.ContainsFunc(command, unseen) {
		t.Errorf("%s: %q holds what cannot be seen", cause, command)
	}
	if !strings.HasPrefix(command, "curl") && !strings.HasPrefix(command, "grep") {
		if strings.ContainsAny(command, "`$'\\") {
			t.Errorf("%s: %q is not to be pasted into a configuration", cause, command)
		}
		return
	}
	// curl and grep become functions that do nothing; whatever else runs shows.
	out, err := exec.Command("sh", "-c", "curl() { :; }; grep() { :; }; awk() { :; }; sort() { :; }; uniq() { :; }; head() { :; }; tail() { :; }; nft() { :; }; find() { :; }; PATH=/nowhere\n"+command).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%s, %q: %s\n%v %s", cause, hostile, command, err, out)
	}
}

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
	got := render(&r)
	if len(got) > 1000 || !strings.Contains(got, " 403 ") || !strings.HasPrefix(got, "- - - [") {
		t.Errorf("%d bytes: %.80s", len(got), fmt.Sprintf("%q", got))
	}
}
