package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/denylens/denylens/cmd/denylens/internal/redact"
	"github.com/denylens/denylens/detect"
)

const canary = "T0CANARY/B0CANARY/xoxcanary"

// example is an incident with hostile text wherever text of a log can get.
func example(id string, severity detect.Severity) *detect.Incident {
	hostile := "<!channel> <@U1> <http://x|ok> `rm` *b* _i_ ~s~ \x1b[31m & \u202e http://evil.example/"
	return &detect.Incident{
		ID: id, Kind: detect.Overblock, State: "open", Severity: severity, Title: "Visitors from Brazil are refused " + hostile,
		Start: time.Date(2026, 11, 24, 3, 10, 0, 0, time.UTC), DetectedAt: time.Date(2026, 11, 24, 3, 12, 0, 0, time.UTC),
		Cohort:   []detect.Term{{Dim: "country", Value: "BR"}, {Dim: "path", Value: hostile}},
		Cause:    detect.Cause{ID: "geo_block", Probability: 0.93},
		Causes:   []detect.Guess{{ID: "geo_block", Probability: 0.93, For: []string{hostile}, Against: []string{}}},
		Impact:   detect.Impact{Requests: 4000, Denied: 3900, Clients: 840, DeniedClients: 812, LikelyLegitClients: 790, ShareBefore: 0.004, ShareDuring: 0.967},
		Evidence: []detect.Text{{Text: hostile}}, Samples: []detect.Sample{{Source: "a.log", Line: hostile + "```"}},
		NextSteps: []detect.Step{{Text: hostile, Command: "grep -rn '```' /etc/nginx && echo " + hostile}},
	}
}

// slackServer answers as Slack does: it takes only messages within its limits.
type slackServer struct {
	*httptest.Server
	answer func(w http.ResponseWriter, n int) bool // true = answered; n counts from 1
	got    atomic.Int64
	bodies chan []byte
}

func newSlackServer(t *testing.T, answer func(http.ResponseWriter, int) bool) *slackServer {
	s := &slackServer{answer: answer, bodies: make(chan []byte, 100)}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *slackServer) serve(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	body.ReadFrom(r.Body)
	n := int(s.got.Add(1))
	select {
	case s.bodies <- body.Bytes():
	default:
	}
	if s.answer != nil && s.answer(w, n) {
		return
	}
	if err := slackTakes(body.Bytes()); err != nil {
		http.Error(w, "invalid_blocks", http.StatusBadRequest)
		return
	}
	fmt.Fprint(w, "ok")
}

func (s *slackServer) sink(t testing.TB) *Slack {
	t.Helper()
	host := strings.TrimPrefix(s.URL, "http://")
	sink, err := NewSlack(redact.NewSecret(s.URL+"/services/"+canary), []string{host}, "web1")
	if err != nil {
		t.Fatal(err)
	}
	return sink
}

// slackTakes checks a payload against Slack's limits and for live markup.
func slackTakes(payload []byte) error {
	type text struct {
		Type, Text string
		Emoji      bool
		Verbatim   bool
	}
	var m struct {
		Text   string
		Blocks []struct {
			Type     string
			Text     *text
			Fields   []text
			Elements []text
		}
		UnfurlLinks bool `json:"unfurl_links"`
	}
	if err := json.Unmarshal(payload, &m); err != nil {
		return err
	}
	if m.Text == "" || len(m.Blocks) > 50 || m.UnfurlLinks {
		return errors.New("shape")
	}
	inert := func(s string, limit int) error {
		n := len(utf16.Encode([]rune(s)))
		if n == 0 || n > limit {
			return fmt.Errorf("%d units, limit %d", n, limit)
		}
		if strings.ContainsAny(s, "<>\x1b\u202e") || strings.Contains(strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(s), "&") {
			return fmt.Errorf("live: %q", s)
		}
		return nil
	}
	check := func(t text, limit int) error {
		if t.Type == "mrkdwn" {
			inner, ok := strings.CutPrefix(t.Text, "```\n")
			inner, ok2 := strings.CutSuffix(inner, "\n```")
			if !ok || !ok2 || strings.Contains(inner, "`") || !t.Verbatim {
				return fmt.Errorf("markup outside a code block: %q", t.Text)
			}
		} else if t.Type != "plain_text" || t.Emoji {
			return fmt.Errorf("type %q", t.Type)
		}
		return inert(t.Text, limit)
	}
	if strings.Contains(m.Text, "://") {
		return errors.New("link in text")
	}
	if err := inert(m.Text, 40000); err != nil {
		return err
	}
	for _, b := range m.Blocks {
		limit := map[string]int{"header": 150, "section": 3000, "context": 3000}[b.Type]
		texts := append(b.Fields, b.Elements...)
		for _, t := range texts {
			if err := check(t, min(limit, 2000)); err != nil {
				return err
			}
		}
		if b.Text != nil {
			if err := check(*b.Text, limit); err != nil {
				return err
			}
		}
		if b.Text == nil && len(texts) == 0 || len(b.Fields) > 10 {
			return errors.New("empty or overfull block")
		}
	}
	return nil
}

func TestOnlyOkFromSlackIsDelivered(t *testing.T) {
	f := func(status int, body string, header string, want Kind, delivered bool) {
		t.Helper()
		s := newSlackServer(t, func(w http.ResponseWriter, _ int) bool {
			if header != "" {
				w.Header().Set("Retry-After", header)
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		})
		n := Of(example("a", detect.High), detect.Opened, time.Now())
		err := s.sink(t).Send(t.Context(), &n)
		if delivered {
			if err != nil {
				t.Errorf("%d %q: %v", status, body, err)
			}
			return
		}
		var fault *Fault
		if !errors.As(err, &fault) || fault.Kind != want {
			t.Errorf("%d %q: %v, want kind %d", status, body, err, want)
		} else if strings.Contains(err.Error(), "CANARY") || strings.Contains(err.Error(), "canary") {
			t.Errorf("the error shows the webhook: %v", err)
		}
	}
	f(200, "ok", "", 0, true)
	f(200, "<html>Log in to the Wi-Fi</html>", "", Again, false)
	f(204, "", "", Again, false)
	f(400, "invalid_blocks", "", Malformed, false)
	f(400, "user_not_found", "", Gone, false)
	f(403, "action_prohibited", "", Gone, false)
	f(404, "no_service", "", Gone, false)
	f(410, "channel_is_archived", "", Gone, false)
	f(418, "teapot", "", Refused, false)
	f(429, "rate_limited", "30", Throttled, false)
	f(500, "rollup_error", "", Again, false)
	f(503, "", "", Again, false)
}

func TestRetryAfterIsObeyedWithinReason(t *testing.T) {
	f := func(h string, want time.Duration) {
		t.Helper()
		if got := retryAfter(h); got != want {
			t.Errorf("retryAfter(%q) = %s, want %s", h, got, want)
		}
	}
	f("30", 30*time.Second)
	f("0", time.Second)
	f("-5", time.Second)
	f("1e9", time.Hour)
	f("1000000000", time.Hour)
	f("abc", 30*time.Second)
	f("", 30*time.Second)
	f("NaN", 30*time.Second)
	f(time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat), time.Second)
	f(time.Now().Add(48*time.Hour).UTC().Format(http.TimeFormat), time.Hour)
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	other := newSlackServer(t, nil)
	for _, code := range []int{301, 302, 307, 308} {
		s := newSlackServer(t, func(w http.ResponseWriter, _ int) bool {
			w.Header().Set("Location", other.URL+"/services/"+canary)
			w.WriteHeader(code)
			return true
		})
		n := Trial(time.Now())
		var fault *Fault
		if err := s.sink(t).Send(t.Context(), &n); !errors.As(err, &fault) || fault.Kind != Gone {
			t.Errorf("%d: %v", code, err)
		}
	}
	if n := other.got.Load(); n != 0 {
		t.Errorf("the other server got %d requests", n)
	}
}

func TestHangingAndEndlessAnswersEnd(t *testing.T) {
	f := func(name string, answer func(w http.ResponseWriter, _ int) bool) {
		t.Helper()
		s := newSlackServer(t, answer)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		n := Trial(time.Now())
		begin := time.Now()
		var fault *Fault
		if err := s.sink(t).Send(ctx, &n); !errors.As(err, &fault) || fault.Kind != Again {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
	}
	over := make(chan struct{})
	defer close(over)
	f("hangs", func(http.ResponseWriter, int) bool { <-over; return true })
	f("drips", func(w http.ResponseWriter, _ int) bool {
		for {
			if _, err := fmt.Fprint(w, "o"); err != nil {
				return true
			}
			w.(http.Flusher).Flush()
			select {
			case <-over:
				return true
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	f("huge", func(w http.ResponseWriter, _ int) bool {
		chunk := bytes.Repeat([]byte("x"), 1<<20)
		for range 1 << 10 {
			if _, err := w.Write(chunk); err != nil {
				return true
			}
		}
		return true
	})
	f("cuts", func(w http.ResponseWriter, _ int) bool {
		c, _, _ := w.(http.Hijacker).Hijack()
		c.Close()
		return true
	})
}

func TestNoFailureShowsTheWebhook(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	l.Close() // refused from now on
	plain := httptest.NewServer(nil)
	defer plain.Close()
	badTLS := httptest.NewTLSServer(nil)
	defer badTLS.Close()
	for _, url := range []string{"http://" + host, "https://" + strings.TrimPrefix(plain.URL, "http://"), badTLS.URL, "https://no-such-host.invalid"} {
		sink, err := NewSlack(redact.NewSecret(url+"/services/"+canary), []string{strings.SplitN(url, "://", 2)[1]}, "web1")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		n := Trial(time.Now())
		err = sink.Send(ctx, &n)
		cancel()
		var fault *Fault
		if !errors.As(err, &fault) || fault.Kind != Again {
			t.Errorf("%s: %v", url, err)
		}
		if s := fmt.Sprintf("%v %+v %#v %v", err, err, sink, sink); strings.Contains(strings.ToLower(s), "canary") {
			t.Errorf("shows the webhook: %s", s)
		}
	}
}

func TestWebhooksElsewhereAreRefused(t *testing.T) {
	f := func(url string, allow string, ok bool) {
		t.Helper()
		var list []string
		if allow != "" {
			list = []string{allow}
		}
		err := CheckWebhook(url, list)
		if (err == nil) != ok {
			t.Errorf("CheckWebhook(%q, %q) = %v", url, allow, err)
		}
		if err != nil && strings.Contains(err.Error(), "CANARY") {
			t.Errorf("the error shows the webhook: %v", err)
		}
	}
	f("https://hooks.slack.com/services/"+canary, "", true)
	f("https://hooks.slack-gov.com/services/"+canary, "", true)
	f("http://hooks.slack.com/services/"+canary, "", false)
	f("https://hooks.slack.com.evil.example/"+canary, "", false)
	f("https://hooks.slack.com@evil.example/"+canary, "", false)
	f("https://user:pw@hooks.slack.com/"+canary, "", false)
	f("file:///etc/passwd", "", false)
	f("https://169.254.169.254/"+canary, "", false)
	f("https://localhost/"+canary, "", false)
	f("\x00"+canary, "", false)
	f("http://127.0.0.1:8080/"+canary, "127.0.0.1:8080", true)
	f("http://127.0.0.1/"+canary, "127.0.0.1", false)
	f("https://proxy.example/"+canary, "proxy.example", true)
	if err := publicOnly("tcp", "10.0.0.1:443", nil); err == nil {
		t.Error("dials a private address")
	}
	if err := publicOnly("tcp", "[::ffff:127.0.0.1]:443", nil); err == nil {
		t.Error("dials a mapped loopback address")
	}
	if err := publicOnly("tcp", "203.0.113.1:443", nil); err != nil {
		t.Error(err)
	}
}

func TestSlackTakesTheLargestMessage(t *testing.T) {
	flood := strings.Repeat("&", 700) + strings.Repeat("🙂<>", 4000)
	in := example("a", detect.Critical)
	in.Title, in.NextSteps = flood, nil
	for range 60 {
		in.Evidence = append(in.Evidence, detect.Text{Text: flood})
		in.NextSteps = append(in.NextSteps, detect.Step{Text: flood, Command: flood})
		in.Cohort = append(in.Cohort, detect.Term{Dim: "path", Value: flood})
		in.Causes[0].For = append(in.Causes[0].For, flood)
		in.Samples = append(in.Samples, detect.Sample{Line: flood})
	}
	var many []entry
	for i := range 200 {
		big := *in
		big.ID = fmt.Sprint(i)
		many = append(many, entry{notice: Of(&big, detect.Opened, time.Now())})
	}
	for _, n := range []Notice{Of(in, detect.Opened, time.Now()), Of(in, detect.Resolved, time.Now()), digest(many, time.Now(), 7), Trial(time.Now()), {ID: "x", Change: detect.Opened, Incident: in, Plain: true}} {
		p, err := Payload(&n, flood)
		if err != nil {
			t.Fatal(err)
		}
		if err := slackTakes(p); err != nil {
			t.Errorf("%s: %v", n.Change, err)
		}
	}
}

func FuzzPayloadIsInert(f *testing.F) {
	f.Add("<!channel>", "`", "\x1b]8;;")
	f.Add("<@U1|x>", "&lt;", strings.Repeat("&", 4000))
	f.Fuzz(func(t *testing.T, title, value, command string) {
		in := example("a", detect.High)
		in.Title, in.Cohort[0].Value, in.Samples[0].Line = title, value, value
		in.NextSteps = []detect.Step{{Text: title, Command: command}}
		n := Of(in, detect.Opened, time.Unix(0, 0))
		p, err := Payload(&n, value)
		if err != nil {
			t.Fatal(err)
		}
		if err := slackTakes(p); err != nil {
			t.Fatal(err)
		}
	})
}
