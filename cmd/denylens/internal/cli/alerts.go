package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/alert"
	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/cmd/denylens/internal/report"
	"github.com/denylens/denylens/detect"
)

// patience is how long the end of a run waits for alerts to be taken.
const patience = 30 * time.Second

// hostname names this machine in messages.
func hostname() string {
	h, err := os.Hostname()
	if err != nil {
		return "an unnamed host"
	}
	return h
}

// dry is a Sink that prints what would be sent.
type dry struct {
	a       *app
	name    string
	compose func(*alert.Notice, string) ([]byte, error)
}

func (d dry) Name() string { return d.name }

func (d dry) Send(_ context.Context, n *alert.Notice) error {
	payload, err := d.compose(n, hostname())
	if err == nil {
		_, err = checked{d.a.stdout, "standard output"}.Write(payload)
	}
	if err != nil {
		return &alert.Fault{Kind: alert.Malformed, Why: err.Error()}
	}
	return nil
}

// alerts are the queues of a run.
type alerts struct {
	queues []*alert.Queue
	least  int // rank of the severity that is worth an alert
}

// openAlerts starts a queue for each way that is set up.
func (a *app) openAlerts(conf *config.Config) (*alerts, error) {
	out := &alerts{least: detect.Severity(conf.Alert.MinSeverity).Rank()}
	for _, s := range alert.Sinks {
		o := alert.Options{GroupWait: conf.Alert.GroupWait, DigestOver: conf.Alert.DigestOver, Warn: func(w string) { a.say.warn("%s", w) }}
		sink, err := s.New(conf, hostname())
		if err != nil {
			return nil, err
		}
		switch {
		case conf.Alert.DryRun:
			sink, o.Gap = dry{a, s.Name, s.Compose}, time.Nanosecond
		case sink == nil:
			continue
		case conf.Alert.Spool != "":
			o.Spool = filepath.Join(conf.Alert.Spool, s.Name)
		}
		q, err := alert.Open(sink, o)
		if err != nil {
			if !errors.Is(err, alert.ErrLocked) {
				err = &failure{exitState, err.Error(), "alert.spool names the folder"}
			}
			return nil, errors.Join(err, out.close(0))
		}
		out.queues = append(out.queues, q)
	}
	return out, nil
}

// notify hands news on; it does not wait. first: nothing was told of the
// incident before.
func (s *alerts) notify(in *detect.Incident, change detect.Change, first bool) {
	if in.Severity.Rank() < s.least {
		return
	}
	for _, q := range s.queues {
		n := alert.Of(in, change, time.Now())
		n.First = first
		q.Notify(n)
	}
}

// close waits for what is not sent yet. The error says what was not delivered.
func (s *alerts) close(wait time.Duration) error {
	if s == nil {
		return nil
	}
	var errs []error
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	for _, q := range s.queues {
		st := q.Close(ctx)
		if st.Undelivered() {
			errs = append(errs, &failure{exitAlerts, fmt.Sprintf("alerts not delivered: %d wait, %d were refused, %d had no room", st.Waiting, st.Dead, st.Dropped),
				"denylens test-alert tries the way; with alert.spool set, what waits is kept for the next run"})
		}
	}
	return errors.Join(errs...)
}

// needSink refuses to run with --alert and nothing to send to.
func needSink(conf *config.Config) error {
	if !conf.Alert.Send || conf.Alert.DryRun || conf.Slack.WebhookURL.Set() {
		return nil
	}
	return usagef("set DENYLENS_SLACK_WEBHOOK_URL, or slack.webhook_url_file in the configuration", "--alert: no webhook is configured")
}

// sendAll sends an alert for each incident of a report.
func (a *app) sendAll(s *alerts, rep *report.Report) error {
	for i := range rep.Incidents {
		in := &rep.Incidents[i]
		change := detect.Opened
		if in.End != nil {
			change = detect.Resolved
		}
		s.notify(in, change, true)
	}
	return s.close(patience)
}
