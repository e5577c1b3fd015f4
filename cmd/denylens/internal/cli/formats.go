package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/cmd/denylens/internal/escape"
	"github.com/denylens/denylens/cmd/denylens/internal/redact"
	"github.com/denylens/denylens/ingest"
)

func formatsCommand(a *app) *cobra.Command {
	try, lines := "", 5
	c := &cobra.Command{
		Use:   "formats [--try FILE|-] [FLAG...]",
		Short: "list the log formats; --try shows how the first lines of a log are read",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if try == "" {
				return a.formatList()
			}
			return a.formatTry(c, try, lines)
		},
	}
	a.flags(c, config.Reading)
	c.Flags().StringVar(&try, "try", "", "`FILE` whose first lines are to be read; - is standard input")
	c.Flags().IntVarP(&lines, "lines", "n", lines, "`N` lines to try")
	return c
}

func (a *app) formatList() error {
	w := bufio.NewWriter(checked{a.stdout, "standard output"})
	widest := 0
	for _, f := range ingest.Formats {
		widest = max(widest, len(f.Name))
	}
	for _, f := range ingest.Formats {
		for i, l := range escape.Term(f.Title).Wrap(width(a.stdout) - widest - 4) {
			name := f.Name
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(w, "  %-*s  %s\n", widest, name, l)
		}
	}
	fmt.Fprint(w, "\nA format is found for each file by itself. --format also takes a log_format, a\nLogFormat or a GoAccess format string as it is.\n")
	return w.Flush()
}

var errEnough = errors.New("enough lines")

// formatTry shows the first lines of a log and what was understood of each.
func (a *app) formatTry(c *cobra.Command, name string, lines int) error {
	conf, err := a.settings(c)
	if err != nil {
		return err
	}
	if lines < 1 {
		return usagef("", "flag --lines: must be 1 or more, not %d", lines)
	}
	o, err := a.reading(conf)
	if err != nil {
		return err
	}
	sources, err := a.open([]string{name})
	if err != nil {
		return err
	}
	a.zone(conf, &o, sources)
	w := bufio.NewWriter(checked{a.stdout, "standard output"})
	t := &trial{w: w, left: lines, privacy: redact.NewPrivacy(conf.Privacy, conf.PrivacyKey), columns: width(a.stdout)}
	o.Workers, o.BlockSize = 1, 64<<10
	o.Rejected = t.reject
	stats, err := ingest.Run(c.Context(), sources, o, t.take)
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	for i := range stats {
		s := &stats[i]
		switch {
		case t.shown > t.bad:
			fmt.Fprintf(w, "read as %s\n", escape.Term(s.Format))
		case s.Lines == s.Blank && s.Err == nil:
			fmt.Fprintln(w, "there is no line to read")
		case t.bad == 0 && s.Err == nil:
			fmt.Fprintf(w, "read as %s; no line is a request or explains one\n", escape.Term(s.Format))
		}
	}
	return errors.Join(w.Flush(), unreadable(stats), t.misfit(conf))
}

// misfit tells that most of the lines are in no known format, or not in the one
// that is set.
func (t *trial) misfit(conf *config.Config) error {
	if t.bad*2 <= t.shown {
		return nil
	}
	what, hint := "no format fits", "--format takes your server's log_format or LogFormat as it is, --format-from reads it out of the server's configuration"
	switch {
	case conf.FormatFrom != "":
		what, hint = "no format in "+conf.FormatFrom+" fits", ""
	case conf.Format != "auto":
		what, hint = "the format that is set does not fit ("+conf.Sources["format"]+")", "leave it away to have it found"
	}
	return &failure{exitInput, fmt.Sprintf("%s: %d of %d lines tried were not read", what, t.bad, t.shown), hint}
}

// trial prints lines as they are understood.
type trial struct {
	w       *bufio.Writer
	left    int
	shown   int
	bad     int // of them, not read
	columns int
	privacy *redact.Privacy
}

func (t *trial) reject(b *ingest.Batch) {
	for i := range b.Rejects {
		r := &b.Rejects[i]
		if !r.Flaw.Loss() || t.left == 0 {
			continue
		}
		t.left--
		t.shown++
		t.bad++
		line := escape.Term(t.privacy.Line(redact.Text(string(r.Text[:min(len(r.Text), 2000)])), nil))
		fmt.Fprintf(t.w, "line %d: not read: %s (%s)\n  %s\n\n", r.Line, explainFlaw(r.Flaw), r.Flaw, line.Cut(max(t.columns-2, 20)))
	}
}

func (t *trial) take(b *ingest.Batch, lo, hi int) error {
	for i := lo; i < hi && t.left > 0; i++ {
		t.left--
		t.shown++
		t.record(&b.Records[i])
	}
	if t.left == 0 {
		return errEnough
	}
	return nil
}

// record prints the fields that a line carries.
func (t *trial) record(r *ingest.Record) {
	fmt.Fprintf(t.w, "line %d\n", r.Line)
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(t.w, "  %-14s %s\n", name, escape.Term(t.privacy.Text(redact.Text(value))).Cut(max(t.columns-17, 20)))
		}
	}
	field("time", time.Unix(0, r.Time).UTC().Format(time.RFC3339Nano))
	if r.Client.IsValid() {
		field("client", r.Client.String())
	} else {
		field("client", string(r.RemoteText))
	}
	if r.Has&ingest.HasStatus != 0 {
		field("status", fmt.Sprint(r.Status))
	}
	field("user", t.privacy.User(string(r.User)))
	field("method", string(r.Method))
	field("host", string(r.Host))
	field("path", string(r.Path))
	field("query", string(r.Query))
	if r.Has&ingest.HasBytes != 0 {
		field("bytes", fmt.Sprint(r.Bytes))
	}
	field("referer", string(r.Referer))
	field("user agent", string(r.Agent))
	field("forwarded", string(r.Forwarded))
	field("country", strings.Trim(string(r.Country[:]), "\x00"))
	if r.ASN != 0 {
		field("asn", fmt.Sprint(r.ASN))
	}
	if r.Has&ingest.HasDuration != 0 {
		field("took", r.Duration.String())
	}
	if r.Has&ingest.HasUpstream != 0 {
		field("upstream", fmt.Sprint(r.Upstream))
	}
	if r.Has&ingest.HasOrigin != 0 {
		field("origin", fmt.Sprint(r.OriginStatus))
	}
	field("rule", string(r.Rule))
	field("action", string(bytes.Join(nonEmpty(r.Action, r.Source), []byte(" by "))))
	if r.Why != ingest.WhyUnknown {
		field("refused for", r.Why.String())
	}
	field("message", string(r.Message))
	fmt.Fprintln(t.w)
}

func nonEmpty(list ...[]byte) (out [][]byte) {
	for _, b := range list {
		if len(b) > 0 {
			out = append(out, b)
		}
	}
	return out
}
