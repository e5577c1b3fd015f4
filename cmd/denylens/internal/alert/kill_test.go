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
		q.Notify(Of(example(fmt.Sprint(i), detect.High), detect.Opened, time.Now()))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if q.Close(ctx).Undelivered() {
		os.Exit(5)
	}
}

// A run is killed over and over, anywhere between the first entry in the spool
// and the last note of a delivery: in the end every alert has arrived, and no
// kill has cost more than one duplicate.
func TestKilledRunsLoseNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes for seconds")
	}
	var mu sync.Mutex
	got := map[string]int{}
	id := regexp.MustCompile(`alert ([0-9a-f]{16})`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !json.Valid(body) {
			http.Error(w, "invalid_payload", http.StatusBadRequest)
			return
		}
		mu.Lock()
		got[string(id.FindSubmatch(body)[1])]++
		mu.Unlock()
		fmt.Fprint(w, "ok")
	}))
	defer server.Close()
	kills, total := 0, 0
	for range 6 {
		clear(got)
		kills = 0
		dir := t.TempDir()
		for done := false; !done; {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "ALERT_TEST_URL="+server.URL+"/services/"+canary, "ALERT_TEST_SPOOL="+dir)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(time.Duration(15+rand.IntN(40+10*kills))*time.Millisecond, func() { cmd.Process.Kill() })
			done = cmd.Wait() == nil
			timer.Stop()
			if !done {
				kills++
			}
		}
		mu.Lock()
		sent := 0
		for _, n := range got {
			sent += n
		}
		if len(got) != killed || sent > killed+kills {
			t.Errorf("%d of %d alerts arrived, %d messages after %d kills", len(got), killed, sent, kills)
		}
		mu.Unlock()
		total += kills
	}
	if total == 0 {
		t.Error("no run was killed: the test tests nothing")
	}
	t.Logf("%d kills", total)
}
