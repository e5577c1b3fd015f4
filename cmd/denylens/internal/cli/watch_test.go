package cli

import (
	"bytes"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/cmd/denylens/internal/redact"
	"github.com/denylens/denylens/detect"
	"github.com/denylens/denylens/ingest"
)

func newLive(out *bytes.Buffer) *live {
	conf := &config.Config{Lateness: time.Minute, Patience: 10 * time.Second}
	r := &run{conf: conf, engine: detect.New(detect.Config{}), privacy: redact.NewPrivacy("full", redact.Secret{})}
	return &live{app: &app{say: &voice{w: out}}, run: r, out: out, alerts: &alerts{}, began: time.Now(), past: map[string]*detect.Incident{}}
}

func event(id string, severity detect.Severity) *detect.Incident {
	return &detect.Incident{ID: id, Kind: detect.Overblock, Severity: severity, Title: "incident " + id,
		Start: time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC), DetectedAt: time.Date(2026, 11, 24, 3, 2, 0, 0, time.UTC)}
}

func over(in *detect.Incident) *detect.Incident {
	out, end := *in, in.Start.Add(time.Hour)
	out.End = &end
	return &out
}

func TestWhatWasOverBeforeIsNoNews(t *testing.T) {
	var out bytes.Buffer
	l := newLive(&out)
	a, b := event("a", detect.High), event("b", detect.High)
	l.change(a, detect.Opened)
	l.change(b, detect.Opened)
	l.change(over(a), detect.Resolved)
	if out.Len() != 0 {
		t.Errorf("told while catching up: %s", out.String())
	}
	l.idle(time.Now())
	if s := out.String(); strings.Contains(s, "incident a") || !strings.Contains(s, "OPENED high over-blocking: incident b") {
		t.Errorf("told after catching up: %s", s)
	}
	out.Reset()
	l.change(over(b), detect.Resolved)
	if !strings.Contains(out.String(), "RESOLVED high over-blocking: incident b") {
		t.Errorf("told of the end: %s", out.String())
	}
}

func TestALogThatIsCurrentHasBeenCaughtUpWith(t *testing.T) {
	var out bytes.Buffer
	l := newLive(&out)
	l.change(event("a", detect.High), detect.Opened)
	b := &ingest.Batch{Records: []ingest.Record{{Time: time.Now().UnixNano()}}}
	l.run.engine.NewReducer().Reduce(b)
	if err := l.deliver(b, 0, 1); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "incident a") {
		t.Errorf("told: %s", out.String())
	}
}

func TestTheEndOfTheLogIsNotTheEndOfAnIncident(t *testing.T) {
	var out bytes.Buffer
	l := newLive(&out)
	l.past, l.ending = nil, true
	in := over(event("a", detect.High))
	l.newest = in.End.UnixNano()
	l.change(in, detect.Resolved)
	if out.Len() != 0 {
		t.Errorf("told: %s", out.String())
	}
	l.newest = in.End.Add(time.Hour).UnixNano()
	l.change(in, detect.Resolved)
	if !strings.Contains(out.String(), "RESOLVED") {
		t.Errorf("told: %s", out.String())
	}
}

type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestWatchEndsWhenItsReaderHasGone(t *testing.T) {
	l := newLive(new(bytes.Buffer))
	l.out, l.past = checked{gone{}, "standard output"}, nil
	l.change(event("a", detect.High), detect.Opened)
	if err := l.deliver(&ingest.Batch{}, 0, 0); !brokenPipe(err) || code(err) != exitDone {
		t.Errorf("error %v", err)
	}
}

func TestExitCodesComeInOrder(t *testing.T) {
	f := func(want int, errs ...error) {
		t.Helper()
		if got := code(errors.Join(errs...)); got != want {
			t.Errorf("code(%v) = %d, want %d", errs, got, want)
		}
	}
	found := &failure{code: exitFound}
	alerts := &failure{exitAlerts, "x", ""}
	input := &ingest.InputError{Name: "a", Err: errors.New("b")}
	f(0)
	f(0, syscall.EPIPE)
	f(1, found)
	f(5, found, alerts)
	f(3, found, alerts, input)
	f(2, &config.Error{Why: "x"}, input)
	f(74, &outputError{"x", syscall.ENOSPC}, found)
	f(0, &outputError{"standard output", syscall.EPIPE})
	f(1, &outputError{"standard output", syscall.EPIPE}, found)
}

func TestShellWordsAreQuoted(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := quote(in); got != want {
			t.Errorf("quote(%q) = %s, want %s", in, got, want)
		}
	}
	f("/var/log/nginx/access.log", "/var/log/nginx/access.log")
	f("$(touch x).log", "'$(touch x).log'")
	f("it's", `'it'\''s'`)
	f("-rf", "'-rf'")
	f("", "''")
}
