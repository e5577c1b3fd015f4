package cli

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/detect"
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
	l := &live{app: a, began: time.Now()}
	l.out, l.columns = a.liveOutput(targets)
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
	stats, ended := a.read(c, r, sources, l.deliver)
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
// that a program reads. columns is how wide it is if it is a terminal, else 0.
func (a *app) liveOutput(targets []target) (w io.Writer, columns int) {
	out, name := a.stdout, "standard output"
	for _, t := range targets {
		if t.file == "" && t.name != "text" {
			out, name = a.stderr, "standard error"
		}
	}
	if terminal(out) {
		columns = max(width(out), 40)
	}
	return checked{out, name}, columns
}
