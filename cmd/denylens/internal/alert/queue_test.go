package alert

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/redact"
	"github.com/denylens/denylens/detect"
)

// pipeSlack is an HTTP server that answers as Slack does, on pipes in memory,
// so that its clients can live in a bubble of synctest.
type pipeSlack struct {
	conns  chan net.Conn
	closed chan struct{}
	answer func(w http.ResponseWriter, n int) bool

	mu    sync.Mutex
	times []time.Time
	texts []string
}

func (p *pipeSlack) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipeSlack) Close() error   { return nil }
func (p *pipeSlack) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipeSlack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m struct{ Text string }
	body := json.NewDecoder(r.Body)
	if err := body.Decode(&m); err != nil {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	p.times, p.texts = append(p.times, time.Now()), append(p.texts, m.Text)
	n := len(p.times)
	p.mu.Unlock()
	if p.answer == nil || !p.answer(w, n) {
		fmt.Fprint(w, "ok")
	}
}

// start serves and returns a Slack sink that dials it; the returned function
// ends all.
func (p *pipeSlack) start(t *testing.T) (*Slack, func()) {
	p.conns, p.closed = make(chan net.Conn), make(chan struct{})
	server := &http.Server{Handler: p}
	go server.Serve(p)
	sink, err := NewSlack(redact.NewSecret("http://slack.test:80/services/"+canary), []string{"slack.test:80"}, "web1")
	if err != nil {
		t.Fatal(err)
	}
	sink.client.Transport.(*http.Transport).DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		a, b := net.Pipe()
		select {
		case p.conns <- b:
			return a, nil
		case <-p.closed:
			return nil, errors.New("connection refused")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return sink, func() {
		sink.client.CloseIdleConnections()
		close(p.closed)
		server.Close()
	}
}

func (p *pipeSlack) seen() ([]time.Time, []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]time.Time{}, p.times...), append([]string{}, p.texts...)
}

// bubble runs f with a queue on a pipeSlack in simulated time.
func bubble(t *testing.T, o Options, answer func(http.ResponseWriter, int) bool, f func(q *Queue, p *pipeSlack)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &pipeSlack{answer: answer}
		sink, end := p.start(t)
		defer end()
		q, err := Open(sink, o)
		if err != nil {
			t.Fatal(err)
		}
		f(q, p)
	})
}

func closeWithin(q *Queue, d time.Duration) Stats {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return q.Close(ctx)
}

func TestMessagesGoOutOneASecond(t *testing.T) {
	bubble(t, Options{DigestOver: 100}, nil, func(q *Queue, p *pipeSlack) {
		for i := range 5 {
			q.Notify(Of(example(fmt.Sprint(i), detect.High), detect.Opened, time.Now()))
		}
		s := closeWithin(q, time.Minute)
		times, _ := p.seen()
		if s.Delivered != 5 || s.Undelivered() || len(times) != 5 {
			t.Fatalf("stats %+v, %d requests", s, len(times))
		}
		for i := 1; i < len(times); i++ {
			if gap := times[i].Sub(times[i-1]); gap < time.Second {
				t.Errorf("gap %s", gap)
			}
		}
	})
}

func TestRetryAfterIsWaitedOut(t *testing.T) {
	answer := func(w http.ResponseWriter, n int) bool {
		if n == 1 {
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(429)
		}
		return n == 1
	}
	bubble(t, Options{DigestOver: 5}, answer, func(q *Queue, p *pipeSlack) {
		q.Notify(Of(example("a", detect.High), detect.Opened, time.Now()))
		s := closeWithin(q, 5*time.Minute)
		times, _ := p.seen()
		if s.Delivered != 1 || len(times) != 2 || times[1].Sub(times[0]) < 30*time.Second {
			t.Fatalf("stats %+v, requests at %v", s, times)
		}
	})
}

func TestClosingDoesNotWaitInVain(t *testing.T) {
	answer := func(w http.ResponseWriter, n int) bool {
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(429)
		return true
	}
	bubble(t, Options{DigestOver: 5}, answer, func(q *Queue, p *pipeSlack) {
		begin := time.Now()
		q.Notify(Of(example("a", detect.High), detect.Opened, time.Now()))
		s := closeWithin(q, 30*time.Second)
		if took := time.Since(begin); took > 5*time.Second || s.Waiting != 1 || !s.Undelivered() {
			t.Fatalf("took %s, stats %+v", took, s)
		}
	})
}

func TestFloodBecomesADigest(t *testing.T) {
	bubble(t, Options{GroupWait: 15 * time.Second, DigestOver: 5}, nil, func(q *Queue, p *pipeSlack) {
		for i := range 40 {
			q.Notify(Of(example(fmt.Sprint(i), detect.High), detect.Opened, time.Now()))
		}
		time.Sleep(time.Minute)
		s := closeWithin(q, time.Minute)
		times, texts := p.seen()
		if s.Delivered != 40 || len(times) != 1 || !strings.Contains(texts[0], "40 incidents") {
			t.Fatalf("stats %+v, messages %q", s, texts)
		}
	})
}

func TestTheFirstNewsGoesAtOnceAndWhatFollowsTogether(t *testing.T) {
	bubble(t, Options{GroupWait: 15 * time.Second, DigestOver: 2}, nil, func(q *Queue, p *pipeSlack) {
		begin := time.Now()
		q.Notify(Of(example("a", detect.High), detect.Opened, time.Now()))
		time.Sleep(time.Second)
		for i := range 10 {
			q.Notify(Of(example(fmt.Sprint(i), detect.High), detect.Opened, time.Now()))
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		q.Notify(Of(example("z", detect.High), detect.Opened, time.Now()))
		late := time.Now()
		time.Sleep(time.Second)
		times, texts := p.seen()
		if len(times) != 3 || times[0].Sub(begin) > time.Second || times[2].Sub(late) > time.Second || !strings.Contains(texts[1], "10 incidents") {
			t.Fatalf("messages %q at %v, begun at %v", texts, times, begin)
		}
		if d := times[1].Sub(times[0]); d < 14*time.Second || d > 16*time.Second {
			t.Errorf("the second after %s", d)
		}
		closeWithin(q, time.Minute)
	})
}

func TestNewsThatWasNotToldIsReplaced(t *testing.T) {
	bubble(t, Options{GroupWait: time.Minute, DigestOver: 5}, nil, func(q *Queue, p *pipeSlack) {
		in := example("a", detect.High)
		q.Notify(Of(in, detect.Opened, time.Now()))
		worse := *in
		worse.Severity = detect.Critical
		q.Notify(Of(&worse, detect.Changed, time.Now()))
		time.Sleep(2 * time.Minute)
		end := in.Start.Add(time.Hour)
		over := worse
		over.End, over.State = &end, "resolved"
		q.Notify(Of(&over, detect.Resolved, time.Now()))
		q.Notify(Of(&over, detect.Resolved, time.Now()))
		s := closeWithin(q, time.Minute)
		_, texts := p.seen()
		if len(texts) != 2 || !strings.HasPrefix(texts[0], "CRITICAL over-blocking opened") || !strings.Contains(texts[1], "resolved") {
			t.Fatalf("messages %q, stats %+v", texts, s)
		}
		if s.Repeated != 1 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestMalformedGoesOutAsTextOnceAndIsThenDead(t *testing.T) {
	answer := func(w http.ResponseWriter, n int) bool {
		if n <= 2 {
			http.Error(w, "invalid_blocks", 400)
		}
		return n <= 2
	}
	dir := t.TempDir()
	bubble(t, Options{DigestOver: 5, Spool: dir}, answer, func(q *Queue, p *pipeSlack) {
		q.Notify(Of(example("a", detect.High), detect.Opened, time.Now()))
		q.Notify(Of(example("b", detect.High), detect.Opened, time.Now()))
		s := closeWithin(q, time.Hour)
		if times, _ := p.seen(); len(times) != 3 || s.Dead != 1 || s.Delivered != 1 {
			t.Fatalf("stats %+v, %d requests", s, len(times))
		}
	})
	if dead, _ := filepath.Glob(filepath.Join(dir, "dead", "*.json")); len(dead) != 1 {
		t.Errorf("dead letters: %v", dead)
	}
}

func TestGoneDestinationIsTriedOnceAnHour(t *testing.T) {
	answer := func(w http.ResponseWriter, n int) bool {
		if n <= 3 {
			http.Error(w, "no_service", 404)
		}
		return n <= 3
	}
	bubble(t, Options{DigestOver: 5}, answer, func(q *Queue, p *pipeSlack) {
		q.Notify(Of(example("a", detect.High), detect.Opened, time.Now()))
		time.Sleep(2*time.Hour + time.Minute)
		if times, _ := p.seen(); len(times) != 3 {
			t.Errorf("%d requests in two hours", len(times))
		}
		time.Sleep(2 * time.Hour)
		if s := closeWithin(q, time.Minute); s.Delivered != 1 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestServerFaultsAreRetriedWithPatience(t *testing.T) {
	answer := func(w http.ResponseWriter, n int) bool { w.WriteHeader(503); return true }
	bubble(t, Options{DigestOver: 1000}, answer, func(q *Queue, p *pipeSlack) {
		for i := range 20 {
			q.Notify(Of(example(fmt.Sprint(i), detect.High), detect.Opened, time.Now()))
		}
		time.Sleep(24 * time.Hour)
		times, _ := p.seen()
		if len(times) < 288 || len(times) > 1500 {
			t.Errorf("%d requests in a day of outage", len(times))
		}
		for i := 1; i < len(times); i++ {
			if gap := times[i].Sub(times[i-1]); gap < time.Second || gap > maxBackoff+time.Second {
				t.Fatalf("gap %s", gap)
			}
		}
		if s := closeWithin(q, time.Second); s.Waiting != 20 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestUnknownRefusalsAreTriedThreeTimes(t *testing.T) {
	answer := func(w http.ResponseWriter, n int) bool { w.WriteHeader(418); return true }
	bubble(t, Options{DigestOver: 5}, answer, func(q *Queue, p *pipeSlack) {
		q.Notify(Of(example("a", detect.High), detect.Opened, time.Now()))
		s := closeWithin(q, time.Hour)
		if times, _ := p.seen(); len(times) != 3 || s.Dead != 1 {
			t.Errorf("stats %+v, %d requests", s, len(times))
		}
	})
}

func TestHangingServerIsLeftAfterTenSeconds(t *testing.T) {
	over := func(w http.ResponseWriter, n int) bool {
		if n == 1 {
			time.Sleep(time.Hour)
		}
		return false
	}
	bubble(t, Options{DigestOver: 5}, over, func(q *Queue, p *pipeSlack) {
		q.Notify(Of(example("a", detect.High), detect.Opened, time.Now()))
		s := closeWithin(q, time.Minute)
		times, _ := p.seen()
		if s.Delivered != 1 || len(times) != 2 || times[1].Sub(times[0]) > 20*time.Second {
			t.Errorf("stats %+v, requests at %v", s, times)
		}
		time.Sleep(2 * time.Hour) // the server's goroutine ends
	})
}

func TestOutageOfADayFitsTheSpool(t *testing.T) {
	var up atomic.Bool
	answer := func(w http.ResponseWriter, n int) bool {
		if up.Load() {
			return false
		}
		w.WriteHeader(503)
		return true
	}
	bubble(t, Options{GroupWait: time.Hour, DigestOver: 5}, answer, func(q *Queue, p *pipeSlack) {
		for i := range 1500 {
			severity := detect.Low
			if i%100 == 0 {
				severity = detect.Critical
			}
			q.Notify(Of(example(fmt.Sprint(i), severity), detect.Opened, time.Now()))
			if i%500 == 499 {
				synctest.Wait()
			}
		}
		time.Sleep(24 * time.Hour)
		up.Store(true)
		before, _ := p.seen()
		s := closeWithin(q, time.Hour)
		times, texts := p.seen()
		if len(times)-len(before) != 1 || s.Dropped != 500 || s.Delivered != 1000 {
			t.Fatalf("stats %+v, %d messages", s, len(times)-len(before))
		}
		if !strings.Contains(texts[len(texts)-1], "1000 incidents") {
			t.Errorf("message %q", texts[len(texts)-1])
		}
	})
}

func TestSpoolOutlivesTheProcess(t *testing.T) {
	dir := t.TempDir()
	down := func(w http.ResponseWriter, n int) bool { w.WriteHeader(503); return true }
	bubble(t, Options{DigestOver: 5, Spool: dir}, down, func(q *Queue, p *pipeSlack) {
		q.Notify(Of(example("a", detect.High), detect.Opened, time.Now()))
		q.Notify(Of(example("b", detect.High), detect.Opened, time.Now()))
		if s := closeWithin(q, time.Second); s.Waiting != 2 {
			t.Fatalf("stats %+v", s)
		}
	})
	os.WriteFile(filepath.Join(dir, "0000000000000000-torn.json"), []byte(`{"id":"x","cha`), 0o600)
	os.WriteFile(filepath.Join(dir, ".entry"), []byte(`half`), 0o600)
	for round := range 2 {
		bubble(t, Options{DigestOver: 5, Spool: dir}, nil, func(q *Queue, p *pipeSlack) {
			q.Notify(Of(example("a", detect.High), detect.Opened, time.Now())) // seen again
			s := closeWithin(q, time.Minute)
			times, _ := p.seen()
			if want := []int{2, 0}[round]; len(times) != want || s.Undelivered() || s.Repeated != 1 {
				t.Errorf("round %d: stats %+v, %d requests", round, s, len(times))
			}
		})
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.json")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestDigestInTheSpoolCoversWhatItHolds(t *testing.T) {
	dir := t.TempDir()
	s, _, _, _, err := openSpool(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []entry
	for i := range 3 {
		e := entry{notice: Of(example(fmt.Sprint(i), detect.High), detect.Opened, time.Now())}
		if err := s.put(&e); err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	d := entry{notice: digest(list, time.Now(), 0)} // and killed before the parts are removed
	if err := s.put(&d); err != nil {
		t.Fatal(err)
	}
	s.close()
	bubble(t, Options{DigestOver: 5, Spool: dir}, nil, func(q *Queue, p *pipeSlack) {
		s := closeWithin(q, time.Minute)
		if times, _ := p.seen(); len(times) != 1 || s.Delivered != 3 {
			t.Errorf("stats %+v, %d messages", s, len(times))
		}
	})
}

func TestSpoolBelongsToOneProcess(t *testing.T) {
	dir := t.TempDir()
	s, _, _, _, err := openSpool(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if _, err := Open(nil, Options{Spool: dir}); !errors.Is(err, ErrLocked) {
		t.Errorf("second owner: %v", err)
	}
	if st, err := os.Stat(filepath.Join(dir, "lock")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("lock: %v %v", st, err)
	}
}

func TestFullDiskKeepsAlertsInMemory(t *testing.T) {
	dir := t.TempDir()
	var warnings []string
	o := Options{DigestOver: 5, Spool: dir, Warn: func(s string) { warnings = append(warnings, s) }}
	bubble(t, o, nil, func(q *Queue, p *pipeSlack) {
		synctest.Wait()
		os.RemoveAll(dir) // as good as full: nothing can be written
		q.Notify(Of(example("a", detect.High), detect.Opened, time.Now()))
		if s := closeWithin(q, time.Minute); s.Delivered != 1 {
			t.Errorf("stats %+v", s)
		}
	})
	if len(warnings) == 0 || !strings.Contains(warnings[0], "kept in memory") {
		t.Errorf("warnings %q", warnings)
	}
}

func TestClosingAtOnceLosesNothing(t *testing.T) {
	server := newSlackServer(t, nil)
	for range 200 {
		q, err := Open(server.sink(t), Options{DigestOver: 5, Gap: time.Nanosecond})
		if err != nil {
			t.Fatal(err)
		}
		q.Notify(Of(example("a", detect.High), detect.Opened, time.Now()))
		if s := closeWithin(q, 10*time.Second); s.Delivered != 1 {
			t.Fatalf("stats %+v", s)
		}
	}
}
