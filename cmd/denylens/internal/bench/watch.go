package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
)

// What one alert is measured with: a country is refused in the middle of some
// hours. The hours before are in the file when the watch starts; then comes what
// is logged in sliceTime each sliceEvery, for as long as it takes to be told.
const (
	sliceTime  = 10 * time.Second
	sliceEvery = 20 * time.Millisecond
	catchUp    = time.Second
	patience   = 20 * time.Second
)

// alertDelays measures so many times how long it takes from a line written to a
// followed file, the one with which what it belongs to may be judged, to the
// message at the webhook. In seconds.
func alertDelays(bin, dir string, times int) (list []float64, err error) {
	for seed := range times {
		d, err := alertDelay(bin, dir, uint64(seed+1))
		if err != nil {
			return nil, fmt.Errorf("watch, seed %d: %w", seed+1, err)
		}
		list = append(list, d.Seconds())
	}
	return list, nil
}

// alertCheck holds the delay that 99 of 100 alerts stay below, in milliseconds,
// against what is asked.
func alertCheck(delays []float64) check {
	ms := make([]float64, len(delays))
	for i, s := range delays {
		ms[i] = 1e3 * s
	}
	slices.Sort(ms)
	return check{"from line to alert, 99 %, ms", ms[(99*len(ms)+99)/100-1], ms[0], ms[len(ms)-1], 1000, true}
}

func alertDelay(bin, dir string, seed uint64) (time.Duration, error) {
	before, parts, err := incident(seed)
	if err != nil {
		return 0, err
	}
	log, err := os.Create(filepath.Join(dir, "watched.log"))
	if err != nil {
		return 0, err
	}
	defer log.Close()
	if _, err := log.Write(before); err != nil {
		return 0, err
	}
	sent := make(chan time.Time, 1)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case sent <- time.Now():
		default:
		}
		fmt.Fprint(w, "ok")
	}))
	defer hook.Close()
	w, err := startWatch(bin, log.Name(), hook.URL)
	if err != nil {
		return 0, err
	}
	defer w.stop()
	time.Sleep(catchUp)
	written, arrived, err := feed(log, parts, sent)
	if err != nil {
		return 0, err
	}
	at, ok := w.told(patience)
	if !ok {
		return 0, fmt.Errorf("a message came, but nothing was told of it")
	}
	for _, s := range written {
		if !s.until.Before(at) {
			return arrived.Sub(s.at), nil
		}
	}
	return 0, fmt.Errorf("told at %s, of which nothing was written", at)
}

// part is what is logged in one sliceTime.
type part struct {
	text  []byte
	until time.Time // of the log, of the last line
	at    time.Time // when it was written
}

// feed writes part after part until a message comes.
func feed(log *os.File, parts []part, sent <-chan time.Time) ([]part, time.Time, error) {
	for i := range parts {
		parts[i].at = time.Now()
		if _, err := log.Write(parts[i].text); err != nil {
			return nil, time.Time{}, err
		}
		select {
		case at := <-sent:
			return parts[:i+1], at, nil
		case <-time.After(sliceEvery):
		}
	}
	select {
	case at := <-sent:
		return parts, at, nil
	case <-time.After(patience):
		return nil, time.Time{}, fmt.Errorf("no message")
	}
}

// incident simulates a log: what is in it a minute before something happens, and
// the parts from there on.
func incident(seed uint64) (before []byte, list []part, err error) {
	var text bytes.Buffer
	truth, err := simulate.Run(context.Background(), simulate.Options{Scenario: "geo-block", Format: "combined", Seed: seed, Requests: 60_000, Duration: 6 * time.Hour}, &text)
	if err != nil {
		return nil, nil, err
	}
	from := truth.Incidents[0].Start.Add(-time.Minute)
	for line := range bytes.Lines(text.Bytes()) {
		at, err := stamp(line)
		switch n := len(list); {
		case err != nil:
			return nil, nil, err
		case at.Before(from):
			before = append(before, line...)
			continue
		case n == 0 || at.Sub(list[n-1].until.Truncate(sliceTime)) >= sliceTime:
			list = append(list, part{until: at})
		}
		last := &list[len(list)-1]
		last.text = append(last.text, line...)
		if at.After(last.until) {
			last.until = at
		}
	}
	return before, list, nil
}

// stamp is the time of a line of the combined format.
func stamp(line []byte) (time.Time, error) {
	_, rest, _ := bytes.Cut(line, []byte(" ["))
	text, _, _ := bytes.Cut(rest, []byte("]"))
	return time.Parse("02/Jan/2006:15:04:05 -0700", string(text))
}

// watched is a running watch.
type watched struct {
	cmd   *exec.Cmd
	first chan time.Time // the time of the log at which it told of something worth an alert
}

var worthAnAlert = regexp.MustCompile(`^(\S+ \S+Z)  \w+ (medium|high|critical) `)

func startWatch(bin, log, hook string) (*watched, error) {
	w := &watched{cmd: exec.Command(bin, "watch", "--quiet", log), first: make(chan time.Time, 1)}
	w.cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "DENYLENS_") }),
		"DENYLENS_SLACK_WEBHOOK_URL="+hook+"/services/T0/B0/x", "DENYLENS_SLACK_ALLOW_HOST="+strings.TrimPrefix(hook, "http://"))
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if m := worthAnAlert.FindStringSubmatch(lines.Text()); m != nil && len(w.first) == 0 {
				if at, err := time.Parse("2006-01-02 15:04:05Z", m[1]); err == nil {
					w.first <- at
				}
			}
		}
	}()
	return w, w.cmd.Start()
}

func (w *watched) told(wait time.Duration) (at time.Time, ok bool) {
	select {
	case at = <-w.first:
		return at, true
	case <-time.After(wait):
		return at, false
	}
}

func (w *watched) stop() {
	_ = w.cmd.Process.Signal(syscall.SIGTERM)
	_ = w.cmd.Wait()
}
