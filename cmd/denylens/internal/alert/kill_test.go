package alert

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/redact"
	"github.com/denylens/denylens/detect"
)

const killed = 12 // incidents that a run tells of

// TestMain lets the test binary be a run that tells of some incidents and may
// be killed at any moment.
func TestMain(m *testing.M) {
	if os.Getenv("ALERT_TEST_URL") == "" {
		os.Exit(m.Run())
	}
	url := os.Getenv("ALERT_TEST_URL")
	host := strings.Split(url, "/")[2]
	sink, err := NewSlack(redact.NewSecret(url), []string{host}, "web1")
	if err != nil {
		panic(err)
	}
	q, err := Open(sink, Options{Spool: os.Getenv("ALERT_TEST_SPOOL"), DigestOver: 1000, Gap: time.Millisecond})
	if err != nil {
		panic(err)
	}
	for i := range killed {
		if os.Getenv("ALERT_TEST_SILENT") != "" {
			break
		}
		q.Notify(Of(example(fmt.Sprint(i), detect.High), detect.Opened, time.Now()))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if q.Close(ctx).Undelivered() {
		os.Exit(5)
	}
}

// A run is killed over and over, anywhere between its start and its end. What
// is in the spool then arrives, though nobody tells it again; in the end every
// alert has arrived, and no kill has cost more than one duplicate.
func TestKilledRunsLoseNothing(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 10
	}
	whole := time.Hour // how long a run takes that nobody kills
	for range 3 {
		r := newReceiver()
		began := time.Now()
		r.finish(t, t.TempDir())
		whole = min(whole, time.Since(began))
		r.Close()
	}
	total, kept := 0, 0
	for range rounds {
		r, dir, kills := newReceiver(), t.TempDir(), 0
		for most := 1 + rand.IntN(4); kills < most && !r.run(t, rand.N(whole), dir); {
			kills++
		}
		spooled, err := filepath.Glob(filepath.Join(dir, "*-*.json"))
		if err != nil {
			t.Fatal(err)
		}
		r.finish(t, dir, "ALERT_TEST_SILENT=1")
		for _, name := range spooled {
			_, id, _ := strings.Cut(strings.TrimSuffix(filepath.Base(name), ".json"), "-")
			if r.times(id) == 0 {
				t.Errorf("alert %s was in the spool and has not arrived", id)
			}
		}
		r.finish(t, dir)
		r.Close() // waits for what is on its way
		sent := 0
		for _, n := range r.got {
			sent += n
		}
		if len(r.got) != killed || sent > killed+kills {
			t.Errorf("%d of %d alerts arrived, %d messages after %d kills", len(r.got), killed, sent, kills)
		}
		total, kept = total+kills, kept+len(spooled)
	}
	if total < rounds/2 || kept == 0 {
		t.Errorf("%d kills, %d alerts in the spool after them: the test tests little", total, kept)
	}
	t.Logf("%d kills, %d alerts in the spool after them; a whole run takes %v", total, kept, whole)
}

// receiver counts the alerts that arrive, by their ID.
type receiver struct {
	*httptest.Server
	mu  sync.Mutex
	got map[string]int
}

var alertID = regexp.MustCompile(`alert ([0-9a-f]{16})`)

func newReceiver() *receiver {
	r := &receiver{got: map[string]int{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		id := alertID.FindSubmatch(body)
		if !json.Valid(body) || id == nil {
			http.Error(w, "invalid_payload", http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		r.got[string(id[1])]++
		r.mu.Unlock()
		fmt.Fprint(w, "ok")
	}))
	return r
}

func (r *receiver) times(id string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got[id]
}

// finish is a run that nobody kills.
func (r *receiver) finish(t *testing.T, spool string, env ...string) {
	t.Helper()
	if !r.run(t, time.Hour, spool, env...) {
		t.Fatal("a run that nobody kills does not deliver")
	}
}

// run starts a run, kills it after a while, and reports whether it ended well
// before that.
func (r *receiver) run(t *testing.T, after time.Duration, spool string, env ...string) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	// The race detector would wait a second before it lets a process end.
	cmd.Env = append(append(os.Environ(), env...), "ALERT_TEST_URL="+r.URL+"/services/"+canary, "ALERT_TEST_SPOOL="+spool, "GORACE=atexit_sleep_ms=0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { cmd.Process.Kill() })
	defer timer.Stop()
	return cmd.Wait() == nil
}
