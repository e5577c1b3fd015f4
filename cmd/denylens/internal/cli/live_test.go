package cli

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
	"github.com/denylens/denylens/detect"
	"github.com/denylens/denylens/ingest"
)

// sips is a reader that gives little at a time.
type sips struct{ r io.Reader }

func (s sips) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), 3000)]) }

func TestNewsComesInOrderOfTime(t *testing.T) {
	var log bytes.Buffer
	if _, err := simulate.Run(t.Context(), simulate.Options{Scenario: "geo-block", Seed: 3, Requests: 60_000}, &log); err != nil {
		t.Fatal(err)
	}
	said := make([]string, 2)
	for i, in := range []io.Reader{bytes.NewReader(log.Bytes()), sips{bytes.NewReader(log.Bytes())}} {
		var out, errs bytes.Buffer
		if code := Main([]string{"watch", "-"}, in, &out, &errs); code != 0 {
			t.Fatalf("exit %d: %s", code, errs.String())
		}
		said[i], _, _ = strings.Cut(out.String(), "\ndenylens ")
	}
	if said[0] != said[1] {
		t.Errorf("news depends on how the log is read:\n%s\n\n%s", said[0], said[1])
	}
	stamps := regexp.MustCompile(`(?m)^2026-\d\d-\d\d \d\d:\d\d:\d\dZ`).FindAllString(said[0], -1)
	if len(stamps) < 3 || !slices.IsSorted(stamps) {
		t.Errorf("news does not come in order:\n%s", said[0])
	}
	end := regexp.MustCompile(`(?m)^2026-03-02 (\S+)  RESOLVED \S+ over-blocking: .*country DE \(15:2\S+ to (18:1\S+), 2 h \d+ min\)$`).FindStringSubmatch(said[0])
	if end == nil || end[1] <= end[2] {
		t.Errorf("the end is not told when it is known, %q:\n%s", end, said[0])
	}
}

func TestOneRecordOfAnotherTimeDoesNotMoveTheClock(t *testing.T) {
	l := newLive(new(bytes.Buffer))
	now := time.Now()
	wall := now.Add(present).UnixNano()
	f := func(at time.Time, kind ingest.Kind, want time.Time) {
		t.Helper()
		l.newest = l.newer(&ingest.Record{Time: at.UnixNano(), Kind: kind}, wall)
		if l.newest != want.UnixNano() {
			t.Errorf("newest is %v, want %v", time.Unix(0, l.newest), want)
		}
	}
	far := now.AddDate(100, 0, 0)
	f(now, ingest.Access, now)
	f(now.Add(time.Second), ingest.Explain, now)
	f(far, ingest.Access, now)
	f(now.Add(time.Second), ingest.Access, now.Add(time.Second))
	f(far, ingest.Access, now.Add(time.Second))
	f(far.Add(time.Second), ingest.Access, far)
}

func TestNewsFitsTheTerminal(t *testing.T) {
	in := event("a", detect.High)
	in.Title = "249 clients refused, 110 of them likely legitimate: country DE"
	in.Cause.ID, in.Cause.Probability = "server_config", 0.95
	in.NextSteps = []detect.Step{{Text: "Reproduce it"}}
	at := in.DetectedAt
	want := `2026-11-24 03:02:00Z  OPENED high over-blocking: 249 clients refused, 110 of
                      them likely legitimate: country DE (since 03:00:00Z)
    cause: the server's configuration (server_config), 95% likely
    next:  Reproduce it
`
	if got := news(in, detect.Opened, at, 80); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	want = `2026-11-25 00:10:00Z  RESOLVED high over-blocking: 249 clients refused, 110 of
                      them likely legitimate: country DE (2026-11-24 03:00:00Z
                      to 2026-11-24 04:00:00Z, 1 h)
`
	if got := news(over(in), detect.Resolved, at.Add(21*time.Hour+8*time.Minute), 80); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := news(over(in), detect.Resolved, at, 0); strings.Count(got, "\n") != 1 {
		t.Errorf("what is no terminal gets one line: %s", got)
	}
}
