package ingest

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/denylens/denylens/ingest/internal/clock"
)

// sample is a line of somebody else's test suite, and what they read in it.
type sample struct {
	ID          string         `json:"id"`
	Format      string         `json:"format"`
	LogFormat   string         `json:"log_format"`
	Raw         string         `json:"raw"`
	RawB64      string         `json:"raw_b64"`
	Expected    map[string]any `json:"expected"`
	ExpectError bool           `json:"expect_error"`
}

func (s sample) line() []byte {
	if s.RawB64 != "" {
		b, _ := base64.StdEncoding.DecodeString(s.RawB64)
		return b
	}
	return []byte(s.Raw)
}

// claims says, per corpus and tag, which format reads the lines: a name, a
// format string, "auto", or "layout" for the string that the corpus states.
var claims = map[string]map[string]string{
	"oracle-nginx": {"nginx:combined": "combined", "nginx:main": "layout", "nginx:timed": "layout", "nginx:vhost": "vhost_combined",
		"nginx:kv_default": "json", "nginx:kv_json": "json", "nginx:tabs": "layout", "nginx:jsonnum": "layout",
		"nginx:none":  `escape=none '$remote_addr|$remote_user|$time_iso8601|$request|$status|$body_bytes_sent|$http_referer|$http_user_agent'`,
		"nginx:error": "nginx_error"},
	"oracle-apache": {"apache:common": "layout", "apache:combined": "layout", "apache:vhost_combined": "layout", "apache:combinedio": "layout",
		"apache:timed": "layout", "apache:unquoted": "layout", "apache:json": "layout", "apache:error": "apache_error"},
	"crowdsec-hub": {"nginx-logs": "auto", "apache2-logs": "auto", "nginx-proxy-manager-logs": "auto", "modsecurity": "auto",
		"litespeed-logs": "auto", "bunkerweb-logs": "auto", "traefik-logs": "auto", "caddy-logs": "auto",
		"caddy-coraza": "auto", "aws-alb": "auto", "aws-cloudfront": "auto"},
	"logparser":              {"apache": "layout", "nginx": "layout"},
	"vrl":                    {"nginx": "auto", "apache": "auto", "aws_alb": "auto"},
	"axslogparser":           {"apache": "auto", "ltsv": "auto"},
	"kassner-log-parser":     {"apache": "layout"},
	"logstash-patterns-core": {"apache": "auto"},
	"fluentd":                {"apache": "auto", "nginx": "auto", "apache_error": "apache_error"},
	"lnav":                   {"lnav:access_log": "auto", "lnav:error_log": "auto", "lnav:alb_log": "auto", "cloudflare": "cloudflare", "caddy_json": "auto"},
	"datadog":                {"nginx": "auto", "nginx_error": "nginx_error", "apache": "auto"},
	"apinto":                 {"apinto_line": "apinto_line"},
}

func corpora(t *testing.T) string {
	dir := os.Getenv("DENYLENS_CORPORA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "corpora")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no corpora at %s (set DENYLENS_CORPORA)", dir)
	}
	return dir
}

func readSamples(t *testing.T, path string) []sample {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []sample
	for sc := newLines(f); sc.Scan(); {
		var s sample
		if err := json.Unmarshal(sc.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

func newLines(f *os.File) *bufio.Scanner {
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 16<<20)
	return sc
}

// justified reads which mismatches are meant, and why: "id field reason", with
// a * at the end of an id for all that begin so.
func justified(t *testing.T) func(id, field string) bool {
	b, err := os.ReadFile(filepath.Join("..", "testdata", "formats", "justified.txt"))
	if err != nil {
		t.Fatal(err)
	}
	type rule struct{ id, field string }
	var rules []rule
	for l := range strings.Lines(string(b)) {
		w := strings.Fields(l)
		if len(w) == 0 || strings.HasPrefix(w[0], "#") {
			continue
		}
		if len(w) < 5 {
			t.Fatalf("justified.txt: no reason in %q", l)
		}
		rules = append(rules, rule{w[0], w[1]})
	}
	return func(id, field string) bool {
		for _, r := range rules {
			prefix, wild := strings.CutSuffix(r.id, "*")
			if (r.id == id || wild && strings.HasPrefix(id, prefix)) && (r.field == field || r.field == "*") {
				return true
			}
		}
		return false
	}
}

// TestOtherPeoplesLinesAreReadAsTheyReadThem runs the parts of other suites
// that concern our formats.
func TestOtherPeoplesLinesAreReadAsTheyReadThem(t *testing.T) {
	dir := corpora(t)
	ok := justified(t)
	names := make([]string, 0, len(claims))
	for name := range claims {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		samples := readSamples(t, filepath.Join(dir, name+".jsonl"))
		tags := make([]string, 0, len(claims[name]))
		for tag := range claims[name] {
			tags = append(tags, tag)
		}
		sort.Strings(tags)
		for _, tag := range tags {
			c := conformance{t: t, ok: ok}
			for _, s := range samples {
				if s.Format == tag {
					c.sample(s, claims[name][tag])
				}
			}
			t.Logf("%-24s %-26s %4d lines %4d read %5d fields compared %3d justified %3d wrong", name, tag, c.lines, c.read, c.fields, c.excused, c.wrong)
		}
	}
}

type conformance struct {
	t                                   *testing.T
	ok                                  func(id, field string) bool
	lines, read, fields, excused, wrong int
}

func (c *conformance) fail(id, field, format string, args ...any) {
	if c.ok(id, field) {
		c.excused++
		return
	}
	c.wrong++
	c.t.Errorf("%s %s: %s", id, field, fmt.Sprintf(format, args...))
}

func (c *conformance) sample(s sample, spec string) {
	c.lines++
	if spec == "layout" {
		spec = s.LogFormat
	}
	newFormat, _, err := Compile(spec)
	if err != nil {
		c.fail(s.ID, "format", "%v", err)
		return
	}
	f := newFormat()
	if spec == "auto" {
		f = Guess([][]byte{s.line()}).New()
	}
	c.read1(s, f)
	if guessable[s.Format] {
		rk := Guess([][]byte{s.line()})
		rk.vhost = strings.Contains(s.Format, "vhost")
		c.read1(s, rk.New())
	}
}

// guessable are the layouts of our own oracles that must be read as well
// without being told the layout.
var guessable = map[string]bool{"nginx:combined": true, "nginx:main": true, "nginx:timed": true, "nginx:vhost": true, "nginx:kv_default": true,
	"nginx:kv_json": true, "nginx:jsonnum": true, "nginx:error": true, "apache:common": true, "apache:combined": true, "apache:vhost_combined": true,
	"apache:combinedio": true, "apache:timed": true, "apache:error": true}

func (c *conformance) read1(s sample, f Format) {
	var r Record
	err := f.Parse(s.line(), &r)
	if s.ExpectError {
		if err == nil {
			c.fail(s.ID, "error", "read, but should be rejected")
		}
		return
	}
	if err != nil && err != FlawOther {
		c.fail(s.ID, "line", "%v", err)
		return
	}
	c.read++
	for key, want := range s.Expected {
		got, known := fieldOf(&r, key, want)
		if !known || r.Kind == Explain && (key == "status" || key == "user_agent" || key == "referer") {
			continue
		}
		c.fields++
		if !same(want, got, key) {
			c.fail(s.ID, key, "want %q, got %q", fmt.Sprint(want), got)
		}
	}
}

// fieldOf returns a field as text, by its normalised name; false for names
// that no Record has.
func fieldOf(r *Record, key string, want any) (string, bool) {
	wanted, _ := want.(string)
	switch key {
	case "remote_addr":
		if r.Remote.IsValid() && string(r.RemoteText) != wanted {
			return r.Remote.String(), true
		}
		return string(r.RemoteText), true
	case "user":
		return string(r.User), true
	case "request":
		return string(r.Request), true
	case "method":
		return string(r.Method), true
	case "uri":
		if r.Method == nil && r.URI == nil {
			return string(r.Request), true // a malformed request line is a target to some
		}
		return string(r.URI), true
	case "protocol":
		return string(r.Proto), true
	case "http_version":
		return strings.TrimPrefix(string(r.Proto), "HTTP/"), true
	case "referer":
		return string(r.Referer), true
	case "user_agent":
		return string(r.Agent), true
	case "vhost", "host":
		return string(r.Host), true
	case "xff":
		return string(r.Forwarded), true
	case "request_id":
		return string(r.RequestID), true
	case "message":
		return string(r.Message), true
	}
	return numberOf(r, key, wanted)
}

func numberOf(r *Record, key, wanted string) (string, bool) {
	var c clock.Clock
	switch key {
	case "status":
		if r.Has&HasStatus == 0 {
			return "", true
		}
		return strconv.Itoa(int(r.Status)), true
	case "bytes":
		if r.Has&HasBytes == 0 {
			return "", true
		}
		return strconv.FormatInt(r.Bytes, 10), true
	case "request_time":
		if r.Has&HasDuration == 0 {
			return "", true
		}
		return strconv.FormatFloat(r.Duration.Seconds(), 'f', -1, 64), true
	case "upstream_status":
		if r.Has&HasUpstream == 0 || r.Upstream == 0 {
			return "", true
		}
		return strconv.Itoa(int(r.Upstream)), true
	case "time_epoch_ms":
		return strconv.FormatInt(r.Time/1e6, 10), true
	case "time", "timestamp":
		st, ok := c.Any([]byte(wanted))
		if ok && st.Nanos == r.Time || ok && !st.Fine && st.Nanos == r.Time-r.Time%1e9 {
			return wanted, true
		}
		return time.Unix(0, r.Time).UTC().Format(time.RFC3339Nano), true
	}
	return "", false
}

// same compares a value of theirs with ours. Suites disagree about "-" (null
// or text) and about escapes (kept or decoded): either is right.
func same(want any, got, key string) bool {
	var w string
	switch v := want.(type) {
	case nil:
	case string:
		w = v
	case float64:
		w = strconv.FormatFloat(v, 'f', -1, 64)
	case map[string]any:
		for _, b64 := range v {
			b, _ := base64.StdEncoding.DecodeString(fmt.Sprint(b64))
			w = string(b)
		}
	default:
		return false
	}
	if w == "-" {
		w = ""
	}
	if key == "status" || key == "upstream_status" || key == "bytes" {
		if i := strings.LastIndexByte(w, ' '); i >= 0 {
			w = w[i+1:]
		}
		if w == "-" {
			w = ""
		}
		if n, err := strconv.Atoi(w); err == nil {
			w = strconv.Itoa(n)
		}
	}
	return w == got || got == "-" && w == "" || string(unescape(bytes.Clone([]byte(w)))) == got
}
