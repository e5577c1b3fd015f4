package cli

import (
	"fmt"
	"sync"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/cmd/denylens/internal/escape"
	"github.com/denylens/denylens/cmd/denylens/internal/report"
	"github.com/denylens/denylens/ingest"
)

// progress shows how far reading is, on standard error, until the function that
// it returns is called. On a terminal it rewrites one line.
func (a *app) progress(conf *config.Config, p *ingest.Progress, sources []ingest.Source) (stop func()) {
	onTerminal := terminal(a.stderr)
	if conf.Progress == "never" || conf.Progress == "auto" && (!onTerminal || conf.Quiet) {
		return func() {}
	}
	size := int64(0)
	for _, s := range sources {
		if s.Size == 0 {
			size = 0
			break
		}
		size += s.Size
	}
	every, before, after := 2*time.Second, "", "\n"
	if onTerminal {
		every, before, after = 200*time.Millisecond, "\r\x1b[K", ""
	}
	begin := time.Now()
	show := func() {
		line := escape.Term(state(p, size, time.Since(begin))).Cut(width(a.stderr) - 1)
		a.say.mu.Lock()
		fmt.Fprintf(a.stderr, "%s%s%s", before, line, after)
		a.say.mu.Unlock()
	}
	a.say.mu.Lock()
	if onTerminal {
		a.say.clear = func() { fmt.Fprint(a.stderr, before) }
	}
	a.say.mu.Unlock()
	done := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case <-done:
				return
			case <-t.C:
				show()
			}
		}
	})
	return func() {
		close(done)
		ended.Wait()
		if !onTerminal {
			show()
		}
		a.say.mu.Lock()
		if a.say.clear != nil {
			a.say.clear()
		}
		a.say.clear = nil
		a.say.mu.Unlock()
	}
}

// state writes bytes, share, lines, rate and the time that is left.
func state(p *ingest.Progress, size int64, took time.Duration) string {
	stored, bytes, lines := p.Stored.Load(), p.Bytes.Load(), p.Lines.Load()
	rate := float64(bytes) / max(took.Seconds(), 0.001)
	s := fmt.Sprintf("%s read", report.Bytes(stored))
	if size > 0 {
		s = fmt.Sprintf("%s of %s (%d%%)", report.Bytes(stored), report.Bytes(size), min(100, stored*100/size))
	}
	s += fmt.Sprintf(", %s lines, %s/s", escape.Thousands(lines), report.Bytes(int64(rate)))
	if size > stored && stored > 0 && took > time.Second {
		left := time.Duration(float64(took) * float64(size-stored) / float64(stored))
		s += ", " + report.Lasting(left) + " left"
	}
	return s
}
