//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
	"github.com/denylens/denylens/geo"
)

// slack is a server that takes what is sent to an incoming webhook, and answers
// as Slack does.
type slack struct {
	*httptest.Server
	mu       sync.Mutex
	messages []string
	busy     int // answers 429 to so many requests first
}

func newSlack(t *testing.T, busy int) *slack {
	s := &slack{busy: busy}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		var msg struct {
			Text   string            `json:"text"`
			Blocks []json.RawMessage `json:"blocks"`
		}
		switch {
		case r.Method != "POST" || json.Unmarshal(body, &msg) != nil || msg.Text == "" && len(msg.Blocks) == 0:
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, "invalid_payload")
		case s.busy > 0:
			s.busy--
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			s.messages = append(s.messages, string(body))
			io.WriteString(w, "ok")
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// wait waits until a message contains all the words.
func (s *slack) wait(d time.Duration, words ...string) (string, bool) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		for _, m := range s.all() {
			ok := true
			for _, w := range words {
				ok = ok && strings.Contains(m, w)
			}
			if ok {
				return m, true
			}
		}
	}
	return "", false
}

func (s *slack) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.messages...)
}

// watcher is a running `denylens watch`.
type watcher struct {
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
}

func watch(t *testing.T, s *slack, stdin io.Reader, args ...string) *watcher {
	t.Helper()
	w := &watcher{}
	w.cmd = exec.Command(denylens(t), append([]string{"watch", "--report", "json"}, args...)...)
	w.cmd.Env = clean(t, "DENYLENS_SLACK_WEBHOOK_URL="+s.URL+"/services/T0/B0/secret", "DENYLENS_SLACK_ALLOW_HOST="+strings.TrimPrefix(s.URL, "http://"))
	w.cmd.Dir, w.cmd.Stdin, w.cmd.Stdout, w.cmd.Stderr = t.TempDir(), stdin, &w.stdout, &w.stderr
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if w.cmd.ProcessState == nil {
			w.cmd.Process.Kill()
			w.cmd.Wait()
		}
	})
	return w
}

// interrupt ends the watch and returns the number of requests it reports.
func (w *watcher) interrupt(t *testing.T) (requests int64) {
	t.Helper()
	w.cmd.Process.Signal(syscall.SIGINT)
	return w.end(t, 130)
}

// end waits until the watch ends, with the exit code want, and returns the
// number of requests it reports.
func (w *watcher) end(t *testing.T, want int) int64 {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- w.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("watch did not end\n%s", w.stderr.String())
	}
	if c := w.cmd.ProcessState.ExitCode(); c != want {
		t.Errorf("exit %d, want %d\n%s", c, want, w.stderr.String())
	}
	if strings.Contains(w.stderr.String()+w.stdout.String(), "B0/secret") {
		t.Error("the webhook's address was printed")
	}
	var r struct {
		Traffic struct{ Requests int64 }
	}
	if err := json.Unmarshal(w.stdout.Bytes(), &r); err != nil {
		t.Fatalf("no report at the end: %v\n%s\n%s", err, w.stdout.String(), w.stderr.String())
	}
	return r.Traffic.Requests
}

// recent simulates a log that ends about now.
func recent(t *testing.T, scenario string, d time.Duration, seed uint64, requests int) ([]byte, simulate.Truth) {
	t.Helper()
	var log bytes.Buffer
	truth, err := simulate.Run(t.Context(), simulate.Options{Scenario: scenario, Seed: seed, Requests: requests, Duration: d,
		Start: time.Now().UTC().Add(-d).Truncate(time.Second)}, &log)
	if err != nil {
		t.Fatal(err)
	}
	return log.Bytes(), truth
}

func TestE2EAWatchedFileAlertsThroughRotation(t *testing.T) {
	s := newSlack(t, 1)
	log, truth := recent(t, "geo-block", 12*time.Hour, 2, 90_000)
	lines := int64(bytes.Count(log, []byte("\n")))
	path := filepath.Join(t.TempDir(), "access.log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	parts := inThree(log)
	f.Write(parts[0])
	w := watch(t, s, nil, path)
	time.Sleep(700 * time.Millisecond)
	half := len(parts[1]) / 2
	f.Write(parts[1][:half]) // the cut is in the middle of a line
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	f.Write(parts[1][half:]) // the server has not noticed yet
	f.Close()
	if f, err = os.Create(path); err != nil {
		t.Fatal(err)
	}
	for rest := parts[2]; len(rest) > 0; {
		n := min(len(rest), 1<<20)
		f.Write(rest[:n])
		rest = rest[n:]
		time.Sleep(20 * time.Millisecond)
	}
	f.Close()
	code := truth.Incidents[0].Cohort[0].Value
	if _, ok := s.wait(60*time.Second, "country "+code); !ok {
		t.Errorf("no alert about %s; %d messages: %.1500s", code, len(s.all()), s.all())
	}
	if got := w.interrupt(t); got != lines {
		t.Errorf("%d requests counted of %d written", got, lines)
	}
	if n := len(s.all()); n > 12 {
		t.Errorf("%d messages for one incident", n)
	}
}

func TestE2EAWatchedPipeAlertsAndEndsWithItsWriter(t *testing.T) {
	s := newSlack(t, 0)
	log, truth := recent(t, "htaccess", 12*time.Hour, 3, 90_000)
	w := watch(t, s, bytes.NewReader(log), "-")
	if got, want := w.end(t, 0), int64(bytes.Count(log, []byte("\n"))); got != want {
		t.Errorf("%d requests counted of %d written", got, want)
	}
	if path := truth.Incidents[0].Cohort[0].Value; len(s.all()) == 0 || !strings.Contains(strings.Join(s.all(), ""), path) {
		t.Errorf("no alert about %s; %d messages: %.1500s\n%s", path, len(s.all()), s.all(), w.stderr.String())
	}
}

// TestE2EALiveServerThatRefusesACountryIsNoticed takes about four minutes of
// real time: nginx serves people from several countries, is told to refuse one
// of them, and rotates its log meanwhile.
func TestE2EALiveServerThatRefusesACountryIsNoticed(t *testing.T) {
	if testing.Short() {
		t.Skip("takes four minutes")
	}
	s := newNginx(t, "combined")
	path := filepath.Join(s.dir, "access.log")
	history, _ := recent(t, "quiet", 3*time.Hour, 1, 20_000)
	put(t, path, string(history), 0o644) // what the server wrote before we came
	s.cmd.Process.Signal(syscall.SIGUSR1)
	alerts := newSlack(t, 0)
	w := watch(t, alerts, nil, path)

	var brazil, others []string
	for _, line := range bytes.SplitAfter(simulatedBytes(t, "quiet", "--requests", "60000"), []byte("\n")) {
		text, _, _ := bytes.Cut(line, []byte(" "))
		addr, err := netip.ParseAddr(string(text))
		if err != nil || !addr.Is4() || !bytes.Contains(line, []byte("Mozilla/5.0 (Windows")) {
			continue
		}
		if geo.EmbeddedCountry(addr) == "BR" {
			brazil = append(brazil, addr.String())
		} else {
			others = append(others, addr.String())
		}
	}
	if len(brazil) < 50 || len(others) < 500 {
		t.Fatalf("%d and %d addresses", len(brazil), len(others))
	}
	visit := func(n int, d time.Duration) {
		pause := d / time.Duration(n)
		for i := range n {
			from := others[(len(s.sent)*7)%len(others)]
			if i%3 == 0 {
				from = brazil[(len(s.sent)*5)%len(brazil)]
			}
			s.get(t, exchange{client: from, path: fmt.Sprintf("/ok/page.html?n=%d", len(s.sent)), agent: browser}, "")
			time.Sleep(pause)
		}
	}
	visit(300, 40*time.Second)
	var deny strings.Builder
	for _, a := range brazil {
		fmt.Fprintf(&deny, "deny %s;\n", a)
	}
	put(t, filepath.Join(s.dir, "more.conf"), deny.String(), 0o644)
	s.cmd.Process.Signal(syscall.SIGHUP)
	began := time.Now()
	visit(300, 40*time.Second)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	s.cmd.Process.Signal(syscall.SIGUSR1)
	noticed := false
	for range 12 {
		visit(100, 14*time.Second)
		if _, noticed = alerts.wait(time.Millisecond, "BR"); noticed {
			break
		}
	}
	if !noticed {
		_, noticed = alerts.wait(75*time.Second, "BR")
	}
	if !noticed {
		t.Errorf("no alert about Brazil within %v: %d messages: %.2000s", time.Since(began), len(alerts.all()), alerts.all())
	} else {
		t.Logf("alerted %v after the change", time.Since(began).Round(time.Second))
	}
	if got, want := w.interrupt(t), int64(len(s.sent)+bytes.Count(history, []byte("\n"))); got != want {
		t.Errorf("%d requests counted of %d", got, want)
	}
}
