package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/denylens/denylens/cmd/denylens/internal/redact"
	"github.com/denylens/denylens/detect"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const goldenDir = "../../../../testdata/report"

func at(hour, minute int) time.Time { return time.Date(2026, 11, 24, hour, minute, 0, 0, time.UTC) }

func upTo(t time.Time) *time.Time { return &t }

// night is the report of a night in which a good deal happened.
func night() *Report {
	r := &Report{
		Schema: Schema, Tool: Tool{"denylens", "1.0.0"},
		Input: Input{
			Sources: []Source{
				{Name: "/var/log/nginx/access.log", Format: "combined", Lines: 1_204_331, Parsed: 1_204_318, Bytes: 251 << 20, First: upTo(at(0, 0)), Last: upTo(at(8, 12)),
					Flaws: map[string]int64{"bad_time": 2, "no_format": 11}},
				{Name: "/var/log/nginx/access.log.1.gz", Format: "combined", Lines: 30_239, Parsed: 30_239, Bytes: 6 << 20, Error: "unexpected EOF"},
			},
			Lines: 1_234_570, Parsed: 1_234_557, Rejected: 13, Late: 4, From: upTo(at(0, 0)), To: upTo(at(8, 12)),
		},
		Traffic:   detect.Traffic{Requests: 1_234_557, Denied: 12_345, Clients: 45_210, DeniedClients: 1_812, ByStatus: map[string]int64{"200": 1_200_000, "403": 12_345, "404": 22_212}},
		Incidents: []detect.Incident{brazil(), deploy(), scanner(), hostile()},
		Standing: []detect.Standing{
			{Cohort: []detect.Term{{Dim: "path", Value: "/.env"}}, Share: 1, Denied: 812, DeniedClients: 610, Since: at(0, 0), Last: at(8, 10)},
			{Cohort: []detect.Term{{Dim: "path", Value: "/internal"}, {Dim: "country", Value: "DE"}}, Share: 0.98, Denied: 1210, DeniedClients: 44, Since: at(0, 3), Last: at(8, 1), Note: "every hour on the hour"},
		},
		Warnings: []string{"97 % of the requests come from 10.0.0.5: that looks like a proxy; --trusted-proxy 10.0.0.5 would show the clients behind it"},
		Refused:  map[string]int64{"clients": 0, "paths": 1203},
		Geo:      []string{"IP2Location LITE country data, built in, of 2026-09-15"},
		Rejects:  []string{"no_format: \x16\x03\x01\x02"},
	}
	delete(r.Refused, "clients")
	for i := range 240 {
		denied := int64(3 + i%3)
		if i >= 92 && i < 150 {
			denied = int64(40 + i%17)
		}
		r.Timeline = append(r.Timeline, detect.Minute{Start: at(0, 0).Add(time.Duration(i) * 2 * time.Minute), Requests: 4000, Denied: denied})
	}
	return r
}

func brazil() detect.Incident {
	in := detect.Incident{
		ID: "5d1f0c9a2b7e4411", Kind: detect.Overblock, State: "open", Severity: detect.Critical,
		Title: "Visitors from Brazil are refused on the whole site", Start: at(3, 10), DetectedAt: at(3, 12),
		Cohort: []detect.Term{{Dim: "country", Value: "BR"}},
		Cause:  detect.Cause{ID: "geo_block", Probability: 0.934},
		Causes: []detect.Guess{
			{ID: "geo_block", Probability: 0.934, For: []string{"country BR explains 99 % of the new refusals, no network or user agent does", "213 networks in 17 autonomous systems began to be refused within the same minute", "all answers have the same size, 146 bytes"}, Against: []string{"12 clients in BR are still served"}},
			{ID: "ip_block", Probability: 0.041, For: []string{}, Against: []string{"the networks have nothing else in common"}},
			{ID: "cdn_waf_rule", Probability: 0.02, For: []string{}, Against: []string{}},
		},
		Impact:   detect.Impact{Requests: 9800, Denied: 9421, Clients: 840, DeniedClients: 812, LikelyLegitClients: 790, ShareBefore: 0.004, ShareDuring: 0.967},
		Evidence: []detect.Text{{Text: "790 of them had been served before, 312 of them signed in"}, {Text: "visitors from other countries: 0.3 % refused, as before"}},
		Samples:  []detect.Sample{{Source: "/var/log/nginx/access.log", Offset: 88123410, Line: `177.54.148.9 - maria [24/Nov/2026:03:10:02 +0000] "GET /shop/cart?session_id=8f2e11&item=12 HTTP/2.0" 403 146 "https://shop.example/" "Mozilla/5.0 (X11; Linux x86_64; rv:138.0) Gecko/20100101 Firefox/138.0"`}},
		NextSteps: []detect.Step{
			{Text: "Look for a country rule in the server's configuration", Command: `grep -rnE 'geoip2?|deny|\$country' /etc/nginx/nginx.conf /etc/nginx/conf.d /etc/nginx/sites-enabled --include='*.conf' | head -40`},
			{Text: "Undo it for Brazil, test and reload", Command: "# in the geo or map block:\nBR 0;\n\nnginx -t && nginx -s reload"},
		},
		Score: detect.Score{Log10E: 212.3, ExpectedFalsePerDay: 1e-9},
	}
	for i := range 60 {
		in.Spark = append(in.Spark, map[bool]float64{true: 12 + float64(i%5), false: 0.05}[i >= 20])
	}
	return in
}

func deploy() detect.Incident {
	return detect.Incident{
		ID: "77aa", Kind: detect.Overblock, State: "resolved", Severity: detect.High,
		Title: "Everybody is refused below /docs", Start: at(5, 2), End: upTo(at(5, 49)), DetectedAt: at(5, 3),
		Cohort: []detect.Term{{Dim: "path", Value: "/docs"}}, Or: [][]detect.Term{{{Dim: "path", Value: "/help"}, {Dim: "host", Value: "www.example.com"}}},
		Cause:     detect.Cause{ID: "server_config", Probability: 0.81},
		Causes:    []detect.Guess{{ID: "server_config", Probability: 0.81, For: []string{"error log: directory index of \"/srv/docs/\" is forbidden"}}, {ID: "permissions", Probability: 0.16}},
		Impact:    detect.Impact{Requests: 2210, Denied: 2210, Clients: 391, DeniedClients: 391, LikelyLegitClients: 377, ShareBefore: 0.0004, ShareDuring: 1},
		NextSteps: []detect.Step{{Text: "Ask as a visitor would", Command: "curl -sI https://www.example.com/docs/"}},
	}
}

func scanner() detect.Incident {
	return detect.Incident{
		ID: "c0ffee", Kind: detect.Misuse, State: "resolved", Severity: detect.Medium,
		Title: "One client tries 4,100 paths that do not exist", Start: at(1, 15), End: upTo(at(1, 44)), DetectedAt: at(1, 15),
		Cohort: []detect.Term{{Dim: "ip", Value: "198.51.100.23"}},
		Cause:  detect.Cause{ID: "scan", Probability: 0.99}, Causes: []detect.Guess{{ID: "scan", Probability: 0.99, For: []string{"/.env, /.git/config, /wp-login.php and 97 more are on every scanner's list"}}},
		Impact: detect.Impact{Requests: 4188, Denied: 312, Clients: 1, DeniedClients: 1},
	}
}

// hostile has text of an attacker wherever a log's text can get.
func hostile() detect.Incident {
	evil := "\x1b[2J\x1b]8;;http://evil.example\x07\u202egnp.exe\u200b\r\n" + strings.Repeat("Z\u0301\u0301\u0301\u0301\u0301\u0301", 3)
	return detect.Incident{
		ID: "e", Kind: detect.Spike, State: "resolved", Severity: detect.Low, Title: "Refusals rose: " + evil, Start: at(2, 0), End: upTo(at(2, 9)), DetectedAt: at(2, 1),
		Cohort: []detect.Term{{Dim: "ua", Value: evil}}, Cause: detect.Cause{ID: "undetermined"}, Causes: []detect.Guess{{ID: "ua_rule", For: []string{evil}, Against: []string{evil}}},
		Evidence: []detect.Text{{Text: evil}}, Samples: []detect.Sample{{Source: evil, Line: evil}}, NextSteps: []detect.Step{{Text: evil, Command: "curl " + evil}},
		Score: detect.Score{Log10E: math.Inf(1), ExpectedFalsePerDay: math.NaN()}, Spark: []float64{math.NaN(), 1},
	}
}

func clean(r *Report) *Report {
	Clean(r, redact.NewPrivacy("full", redact.Secret{}))
	return r
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join(goldenDir, name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -update rewrites it):\n%s", name, got)
	}
}

func render(t *testing.T, f Renderer, r *Report, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTextReportLooksAsItShould(t *testing.T) {
	for _, width := range []int{60, 80, 100, 140} {
		out := render(t, Text, clean(night()), Options{Width: width, FalseAlarms: 0.1})
		golden(t, fmt.Sprintf("night-%d.txt", width), out)
		inCommand := false
		for l := range strings.SplitSeq(string(out), "\n") {
			inCommand = strings.HasPrefix(l, "    ") && !strings.HasPrefix(l, strings.Repeat(" ", margin))
			if w := lipgloss.Width(l); w > width && !inCommand {
				t.Errorf("at %d: line of %d: %q", width, w, l)
			}
		}
	}
	golden(t, "night-80-v.txt", render(t, Text, clean(night()), Options{Width: 80, Verbose: true, FalseAlarms: 0.1}))
	golden(t, "night-80-color.txt", render(t, Text, clean(night()), Options{Width: 80, Color: true, FalseAlarms: 0.1}))
}

func TestNothingFoundComesWithTheHealthOfTheInput(t *testing.T) {
	f := func(change func(*Report), want string) {
		t.Helper()
		r := night()
		r.Incidents = nil
		change(r)
		out := strings.Join(strings.Fields(string(render(t, Text, clean(r), Options{Width: 80}))), " ")
		if !strings.Contains(out, want) {
			t.Errorf("want %q in\n%s", want, out)
		}
	}
	f(func(*Report) {}, "Nothing unusual found: the 12,345 refusals are no more than usual here, but 13 lines (<0.1%) could not be read.")
	f(func(r *Report) { r.Input.Sources[0].Flaws = nil }, "no more than usual here, and every line could be read.")
	f(func(r *Report) { r.Traffic.Denied = 0 }, "Nothing unusual found: no request was refused, but 13 lines")
	f(func(r *Report) { r.Traffic.Requests = 0 }, "Nothing to judge: no request was read")
}

func TestCommandsAreWholeAndOnTheirOwnLine(t *testing.T) {
	out := string(render(t, Text, clean(night()), Options{Width: 60}))
	for l := range strings.SplitSeq(brazil().NextSteps[0].Command+"\n"+brazil().NextSteps[1].Command, "\n") {
		if l != "" && !strings.Contains(out, "\n    "+l+"\n") {
			t.Errorf("command %q is not on a line of its own", l)
		}
	}
}

func TestJSONReportKeepsItsContract(t *testing.T) {
	out := render(t, JSON, clean(night()), Options{})
	golden(t, "night.json", out)
	validate(t, out)
	validate(t, render(t, JSON, clean(&Report{Schema: Schema, Tool: Tool{"denylens", "1"}}), Options{}))
	if again := render(t, JSON, clean(night()), Options{}); !bytes.Equal(out, again) {
		t.Error("two runs differ")
	}
	if bytes.Contains(out, []byte("null")) {
		t.Error("something is null")
	}
}

func validate(t testing.TB, report []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(SchemaFile))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("report.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(report))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("report does not fit the schema: %v", err)
	}
}

func TestSchemaRefusesWhatIsNoReport(t *testing.T) {
	doc, _ := jsonschema.UnmarshalJSON(bytes.NewReader(SchemaFile))
	c := jsonschema.NewCompiler()
	c.AddResource("report.json", doc)
	schema := c.MustCompile("report.json")
	for _, s := range []string{`{}`, `{"schema":"denylens.report/v2"}`,
		strings.Replace(string(render(t, JSON, clean(night()), Options{})), `"overblock"`, `"other"`, 1),
		strings.Replace(string(render(t, JSON, clean(night()), Options{})), `"incidents": [`, `"incidents": [1,`, 1)} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(s))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(value) == nil {
			t.Errorf("schema takes %.80s", s)
		}
	}
}

func TestSecretsAndClientsAreHidden(t *testing.T) {
	r := night()
	r.Incidents[0].Cohort = []detect.Term{{Dim: "user", Value: "bob@example.com"}, {Dim: "ip", Value: "177.54.148.9"}}
	r.Incidents[0].Title = "bob@example.com is refused, not eve@example.com, at 177.54.148.9"
	full := string(render(t, JSON, clean(r), Options{}))
	if strings.Contains(full, "8f2e11") || strings.Contains(full, "eve@") && !strings.Contains(full, "bob@") {
		t.Errorf("shows a secret")
	}
	for _, mode := range []string{"truncate", "pseudonym"} {
		r := night()
		r.Incidents[0].Cohort = []detect.Term{{Dim: "user", Value: "bob"}, {Dim: "ip", Value: "177.54.148.9"}, {Dim: "network", Value: "177.54.148.0/25"}}
		r.Incidents[0].Title = "bob is refused at 177.54.148.9"
		Clean(r, redact.NewPrivacy(mode, redact.Secret{}))
		out := string(render(t, JSON, r, Options{})) + string(render(t, Text, r, Options{Width: 80, Verbose: true}))
		for _, raw := range []string{"177.54.148.9", "198.51.100.23", "bob", "maria"} {
			if strings.Contains(out, raw) {
				t.Errorf("%s: shows %s", mode, raw)
			}
		}
	}
}

func TestManyIncidentsStayReadable(t *testing.T) {
	r := night()
	for i := range 2_000 {
		in := brazil()
		in.ID = fmt.Sprint(i)
		r.Incidents = append(r.Incidents, in)
	}
	out := render(t, Text, clean(r), Options{Width: 80})
	if len(out) > 100_000 || !bytes.Contains(out, []byte("more: --report json has them all")) {
		t.Errorf("%d bytes", len(out))
	}
}

func FuzzReportsAreSafe(f *testing.F) {
	f.Add("\x1b[31m", "\u202e", 80)
	f.Add("\xff\xfe", strings.Repeat("e\u0301", 9), 0)
	f.Fuzz(func(t *testing.T, a, b string, width int) {
		r := night()
		in := &r.Incidents[0]
		in.Title, in.Cohort[0].Value, in.Samples[0].Line, in.NextSteps[0] = a, b, a+b, detect.Step{Text: a, Command: b}
		in.Evidence[0].Text, in.Causes[0].For[0], in.ID, r.Input.Sources[0].Name = b, a, b, a
		r.Rejects, r.Warnings = []string{a}, []string{b}
		clean(r)
		out := string(render(t, Text, r, Options{Width: width, Verbose: true}))
		if !utf8.ValidString(out) || strings.ContainsAny(out, "\x1b\x07\r\x00\u202e\u200b\u009b") {
			t.Fatalf("unsafe text: %q", out)
		}
		if js := render(t, JSON, r, Options{}); !json.Valid(js) || !utf8.Valid(js) {
			t.Fatalf("unsafe JSON: %q", js)
		}
	})
}
