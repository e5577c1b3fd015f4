package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/denylens/denylens/cmd/denylens/internal/alert"
	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/cmd/denylens/internal/escape"
	"github.com/denylens/denylens/cmd/denylens/internal/redact"
	"github.com/denylens/denylens/ingest"
)

// usualLogs are where servers put their access logs when nobody says else.
var usualLogs = []string{"/var/log/nginx/access.log", "/var/log/apache2/access.log", "/var/log/httpd/access_log", "/usr/local/apache2/logs/access_log"}

func doctorCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor [FLAG...] [FILE|GLOB]...",
		Short: "check the set-up: settings, readable logs and their format, geo data, webhook, spool",
		RunE:  func(c *cobra.Command, args []string) error { return a.doctor(c, args) },
	}
	a.flags(c, allScopes)
	return c
}

// examination collects findings and keeps the worst.
type examination struct {
	w   io.Writer
	bad []error
}

func (e *examination) say(err error, what, format string, args ...any) {
	mark := "ok  "
	if err != nil {
		mark = "BAD "
		e.bad = append(e.bad, err)
	}
	fmt.Fprintf(e.w, "%s %-9s %s\n", mark, what, escape.Term(fmt.Sprintf(format, args...)))
}

func (e *examination) note(what, format string, args ...any) {
	fmt.Fprintf(e.w, "--   %-9s %s\n", what, escape.Term(fmt.Sprintf(format, args...)))
}

func (a *app) doctor(c *cobra.Command, args []string) error {
	conf, err := a.settings(c)
	if err != nil {
		return err
	}
	e := &examination{w: checked{a.stdout, "standard output"}}
	if err := a.usable(conf); err != nil {
		e.say(err, "settings", "%s", err)
	} else if conf.Path != "" {
		e.say(nil, "settings", "%s", conf.Path)
	} else {
		e.say(nil, "settings", "defaults, no configuration file")
	}
	a.doctorGeo(e, conf)
	a.doctorLogs(c, e, conf, args)
	a.doctorAlerts(e, conf)
	if len(e.bad) == 0 {
		return nil
	}
	return &failure{code: code(errors.Join(e.bad...))} // said already
}

func (a *app) doctorGeo(e *examination, conf *config.Config) {
	db, _, err := a.openGeo(conf)
	if err != nil {
		e.say(err, "geo", "%s", err)
		return
	}
	for _, d := range db.Describe(time.Now()) {
		e.say(nil, "geo", "%s", d)
	}
}

// doctorLogs reads the beginning of each log.
func (a *app) doctorLogs(c *cobra.Command, e *examination, conf *config.Config, args []string) {
	if len(args) == 0 {
		for _, l := range usualLogs {
			if _, err := os.Stat(l); err == nil {
				args = append(args, l)
			}
		}
		if len(args) == 0 {
			e.note("log", "none named, and none where servers usually put theirs")
		}
	}
	sources, err := a.open(args)
	for _, err := range parts(err) {
		if err != nil {
			e.say(err, "log", "%s", err)
		}
	}
	f, _, err := format(conf)
	if err != nil {
		e.say(err, "format", "%s", err)
		return
	}
	p := redact.NewPrivacy(conf.Privacy, conf.PrivacyKey)
	for _, s := range sources {
		n := 0
		stats, err := ingest.Run(c.Context(), []ingest.Source{s}, ingest.Options{Format: f, Workers: 1, Trusted: conf.TrustedProxy},
			func(_ *ingest.Batch, lo, hi int) error {
				if n += hi - lo; n >= 1000 {
					return errEnough
				}
				return nil
			})
		switch {
		case err != nil && !errors.Is(err, errEnough):
			e.say(err, "log", "%s: %s", s.Name, err)
		case unreadable(stats) != nil:
			err := unreadable(stats)
			e.say(err, "log", "%s", err)
		case unknown(stats, p) != nil:
			err := unknown(stats, p)
			e.say(err, "log", "%s: %s", s.Name, err)
		case n == 0:
			e.note("log", "%s: holds no request", s.Name)
		default:
			e.say(nil, "log", "%s: %s", s.Name, stats[0].Format)
		}
	}
}

func (a *app) doctorAlerts(e *examination, conf *config.Config) {
	if !conf.Slack.WebhookURL.Set() {
		e.note("alerts", "no webhook is configured")
		return
	}
	e.say(nil, "alerts", "webhook from %s; denylens test-alert tries it", conf.Sources["slack.webhook_url"])
	if conf.Alert.Spool == "" {
		e.note("alerts", "no alert.spool: what is not delivered when denylens ends is lost")
		return
	}
	s, err := a.openAlerts(conf)
	if err == nil {
		err = s.close(0)
	}
	if err != nil && !errors.Is(err, alert.ErrLocked) {
		e.say(err, "spool", "%s", err)
		return
	}
	e.say(nil, "spool", "%s", conf.Alert.Spool)
}
