package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/cmd/denylens/internal/escape"
	"github.com/denylens/denylens/cmd/denylens/internal/report"
	"github.com/denylens/denylens/detect"
	"github.com/denylens/denylens/ingest"
)

func watchCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "watch [FLAG...] [FILE|GLOB|-]...",
		Short: "follow logs and tell what happens while it happens; alert if a webhook is set",
		Long: `denylens watch follows logs through every kind of rotation (or reads a pipe), prints
incidents as they open, change and end, and sends alerts if a webhook is
configured. SIGINT, SIGTERM, or the end of the pipe, prints the report.`,
		Example: `  denylens watch /var/log/nginx/access.log
  journalctl -fu nginx -o cat | denylens watch`,
		RunE: func(c *cobra.Command, args []string) error { return a.watch(c, args) },
	}
	a.flags(c, config.Reading|config.Judging|config.Sending)
	return c
}

func (a *app) watch(c *cobra.Command, args []string) error {
	conf, err := a.settings(c)
	if err != nil {
		return err
	}
	if args, err = a.arguments(c, args); err != nil {
		return err
	}
	targets, err := reports(conf)
	if err != nil {
		return err
	}
	l := &live{app: a, out: a.liveOutput(targets), began: time.Now()}
	r, err := a.newRun(conf, l.change)
	if err != nil {
		return err
	}
	l.run = r
	sources, files, stop, unread := a.follow(args, r)
	defer stop()
	if len(sources) == 0 && !r.options.Await {
		return unread
	}
	if files {
		l.past = map[string]*detect.Incident{}
	}
	if unread != nil {
		a.say.fail(unread)
	}
	if l.alerts, err = a.openAlerts(conf); err != nil {
		return err
	}
	r.options.Idle = l.idle
	stats, ended := a.read(c, r, sources, l.observed)
	if ended != nil && !errors.Is(ended, context.Canceled) {
		return errors.Join(ended, l.alerts.close(patience))
	}
	l.past, l.ending = nil, true
	rep := assemble(stats, r.engine.Finish(), r.geo, r.privacy)
	perr := a.publish(targets, rep, conf, sources)
	if brokenPipe(perr) {
		perr = nil
	}
	return errors.Join(ended, perr, unreadable(stats), unknown(stats, r.privacy), l.alerts.close(patience), found(conf, rep.Incidents))
}

// liveOutput is where news goes: standard output, unless that is for a report
// that a program reads.
func (a *app) liveOutput(targets []target) io.Writer {
	for _, t := range targets {
		if t.file == "" && t.name != "text" {
			return a.stderr
		}
	}
	return checked{a.stdout, "standard output"}
}

// live tells what happens while it happens. While it catches up with what the
// files held already, it tells nothing: what was over before is no news, and
// what is still going on is told when it has caught up.
type live struct {
	app    *app
	run    *run
	out    io.Writer
	alerts *alerts
	began  time.Time
	newest int64                       // time of the newest record, Unix nanoseconds
	err    error                       // of writing news
	ending bool                        // the log has ended
	past   map[string]*detect.Incident // incidents that opened while catching up; nil: caught up
}

func (l *live) observed(b *ingest.Batch, lo, hi int) error {
	if hi > lo {
		l.newest = max(l.newest, b.Records[hi-1].Time)
	}
	if l.past != nil && l.newest > l.began.Add(-time.Minute).UnixNano() {
		l.caughtUp()
	}
	return l.err
}

// present is how near to the wall clock a log must be to count as live: one
// that is replayed must not be overtaken by the clock.
const present = 10 * time.Minute

// idle lets windows close while nothing is logged.
func (l *live) idle(now time.Time) {
	if l.past != nil {
		l.caughtUp()
	}
	if l.newest != 0 && now.Sub(time.Unix(0, l.newest)).Abs() < present {
		l.run.engine.Advance(now)
	}
}

// caughtUp tells what is still going on.
func (l *live) caughtUp() {
	past := l.past
	l.past = nil
	ids := make([]string, 0, len(past))
	for id := range past {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		l.tell(past[id], detect.Opened)
	}
}

// change takes news from the engine.
func (l *live) change(in *detect.Incident, change detect.Change) {
	clean := report.CleanIncident(in, l.run.privacy)
	switch {
	case l.ending && change == detect.Resolved && clean.End != nil && clean.End.UnixNano() > l.newest-int64(l.run.conf.Lateness):
		// The log ends, not the incident.
	case l.past == nil:
		l.tell(&clean, change)
	case change == detect.Resolved:
		delete(l.past, clean.ID)
	default:
		l.past[clean.ID] = &clean
	}
}

// tell prints news and hands it to the alerts.
func (l *live) tell(in *detect.Incident, change detect.Change) {
	l.print(in, change)
	l.alerts.notify(in, change, change == detect.Opened)
}

func (l *live) print(in *detect.Incident, change detect.Change) {
	at := in.DetectedAt
	if in.End != nil {
		at = *in.End
	}
	text := fmt.Sprintf("%s  %s %s %s: %s (since %s)\n", at.UTC().Format("2006-01-02 15:04:05Z"), strings.ToUpper(string(change)),
		in.Severity, report.KindWord(in.Kind), escape.Term(in.Title), in.Start.UTC().Format("15:04:05Z"))
	switch {
	case in.Severity == detect.Low: // one line is enough
	case change == detect.Resolved:
		text += fmt.Sprintf("    lasted %s\n", report.Lasting(at.Sub(in.Start)))
	default:
		text += fmt.Sprintf("    cause: %s\n", escape.Term(report.CauseLine(in)))
		if len(in.NextSteps) > 0 {
			text += fmt.Sprintf("    next:  %s\n", escape.Term(in.NextSteps[0].Text))
		}
	}
	if _, err := io.WriteString(l.out, text); err != nil {
		l.err = err // nobody hears us: the next record ends the run
	}
}
