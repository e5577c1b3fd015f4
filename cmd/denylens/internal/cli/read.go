package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/cmd/denylens/internal/escape"
	"github.com/denylens/denylens/cmd/denylens/internal/redact"
	"github.com/denylens/denylens/ingest"
)

// arguments checks what stands for logs on the command line: nothing at all
// means standard input, if that is a pipe.
func (a *app) arguments(c *cobra.Command, args []string) ([]string, error) {
	for _, arg := range args {
		if arg == "" {
			return nil, usagef("a variable that is not set, perhaps; leave the argument away to read standard input", "a log without a name was given")
		}
		if strings.Contains(arg, "hooks.slack.com/") || strings.Contains(arg, "hooks.slack-gov.com/") {
			return nil, usagef("set DENYLENS_SLACK_WEBHOOK_URL, or slack.webhook_url_file in the configuration",
				"a webhook is a secret and not taken from an argument, which every user of the machine can see")
		}
	}
	if len(args) > 0 {
		return args, nil
	}
	if terminal(a.stdin) {
		return nil, usagef(fmt.Sprintf("name one, as in: denylens %s /var/log/nginx/access.log*", c.Name()), "no log given")
	}
	return []string{ingest.Stdin}, nil
}

// open turns arguments into sources. The error tells which cannot be read; the
// others are returned all the same.
func (a *app) open(args []string) ([]ingest.Source, error) {
	var files []string
	var streams []ingest.Source
	for _, arg := range args {
		if _, isFile := a.stdin.(*os.File); arg == ingest.Stdin && !isFile {
			streams = append(streams, ingest.NewStream(arg, a.stdin))
			continue
		}
		files = append(files, arg)
	}
	sources, err := ingest.Files(files)
	return append(streams, sources...), a.confused(err)
}

// confused adds the hint that a command may have been meant where a file was
// named that is not there.
func (a *app) confused(err error) error {
	for _, e := range parts(err) {
		var in *ingest.InputError
		if !errors.As(e, &in) || !errors.Is(in.Err, os.ErrNotExist) || strings.ContainsAny(in.Name, "./") {
			continue
		}
		if n := config.Nearest(in.Name, a.commands); n != "" {
			in.Hint = "did you mean the command " + n + "?"
		}
	}
	return err
}

// format returns the format that is set; nil means that it is found for each
// source.
func format(conf *config.Config) (func() ingest.Format, []string, error) {
	if conf.FormatFrom != "" {
		return formatFrom(conf)
	}
	if s, ok := ingest.Lookup(conf.Format); conf.Format == "auto" || ok && s.Headed() {
		return nil, nil, nil
	}
	f, warnings, err := ingest.Compile(conf.Format)
	if err == nil {
		return f, warnings, nil
	}
	var names []string
	for _, s := range ingest.Formats {
		names = append(names, s.Name)
	}
	e := &config.Error{Where: conf.Sources["format"], Key: "format", Why: err.Error()}
	switch n := config.Nearest(conf.Format, names); {
	case n != "":
		e.Hint = "did you mean " + n + "?"
	case strings.ContainsAny(conf.Format, "$%"):
		e.Hint = "give the log_format or LogFormat as it stands in the server's configuration: what counts in it is $remote_addr, $time_local, $request and $status, or %h, %t, %r and %s"
	default:
		e.Hint = "the names are " + strings.Join(names, ", ") + "; a log_format or LogFormat string works as it is"
	}
	return nil, nil, e
}

// reading are the options that all reading commands share.
func (a *app) reading(conf *config.Config) (ingest.Options, error) {
	f, warnings, err := format(conf)
	if err != nil {
		return ingest.Options{}, err
	}
	for _, w := range warnings {
		a.say.warn("format: %s", w)
	}
	return ingest.Options{
		Format: f, Workers: conf.Workers, Trusted: conf.TrustedProxy,
		Since: conf.Since, Until: conf.Until, Progress: new(ingest.Progress),
	}, nil
}

// zone sets the zone of times that state none: the one that is set, else what
// the first of sources to state an offset says, else UTC.
func (a *app) zone(conf *config.Config, o *ingest.Options, sources []ingest.Source) {
	name, why := conf.TimeZone.Name, conf.Sources["time_zone"]
	if o.Location = conf.TimeZone.Location; o.Location == nil {
		loc, source, ok := ingest.StatedZone(sources, o.Format)
		if why = "as " + source + " states"; !ok {
			loc, why = time.UTC, "no file states an offset; --time-zone sets one"
		}
		o.Location, name = loc, loc.String()
	}
	if conf.Verbose {
		a.say.note("times without a zone are read as %s (%s)", name, why)
	}
}

// rejects keeps the lines that could not be read in a file.
type rejects struct {
	file    *os.File
	w       *bufio.Writer
	privacy *redact.Privacy
	err     error
}

// keepRejects opens the file of --rejected; without one it returns nil.
func keepRejects(conf *config.Config, inputs []ingest.Source, p *redact.Privacy) (*rejects, error) {
	if conf.Rejected == "" {
		return nil, nil
	}
	if err := notInput(conf.Rejected, inputs); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(conf.Rejected, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, &outputError{conf.Rejected, err}
	}
	return &rejects{file: f, w: bufio.NewWriterSize(f, 64<<10), privacy: p}, nil
}

// take writes the rejects of b: reason, tab, line.
func (r *rejects) take(b *ingest.Batch) {
	for i := range b.Rejects {
		x := &b.Rejects[i]
		if !x.Flaw.Loss() || r.err != nil {
			continue
		}
		r.w.WriteString(x.Flaw.String())
		r.w.WriteByte('\t')
		if r.privacy.Full() {
			r.w.Write(x.Text)
		} else {
			r.w.WriteString(r.privacy.Line(redact.Text(string(x.Text)), nil))
		}
		r.err = r.w.WriteByte('\n')
	}
}

func (r *rejects) close() error {
	if r == nil {
		return nil
	}
	if err := errors.Join(r.err, r.w.Flush(), r.file.Close()); err != nil {
		return &outputError{r.file.Name(), err}
	}
	return nil
}

// unreadable makes errors of what the sources could not give.
func unreadable(stats []ingest.SourceStats) error {
	var errs []error
	for i := range stats {
		if err := stats[i].Err; err != nil && !errors.Is(err, context.Canceled) {
			var in *ingest.InputError
			if !errors.As(err, &in) {
				err = &ingest.InputError{Name: stats[i].Name, Err: err}
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// unknown tells that most lines are in no known format: the error names the
// most frequent reason and shows a line.
func unknown(stats []ingest.SourceStats, p *redact.Privacy) error {
	var lines, rejected, most int64
	var flaw ingest.Flaw
	var sample []byte
	name := ""
	for i := range stats {
		s := &stats[i]
		lines += s.Lines - s.Blank
		rejected += s.Rejected()
		for f := range ingest.NumFlaws {
			if f.Loss() && s.Flaws[f] > most {
				most, flaw, sample, name = s.Flaws[f], f, s.Samples[f], s.Name
			}
		}
	}
	if rejected*2 <= lines || rejected == 0 {
		return nil
	}
	what := fmt.Sprintf("%s of %s lines fit no known format; most often: %s (%s)",
		escape.Thousands(rejected), escape.Thousands(lines), explainFlaw(flaw), flaw)
	if len(sample) > 0 {
		what += fmt.Sprintf(", as in %s: %s", name, escape.Term(p.Line(redact.Text(string(sample)), nil)).Cut(160))
	}
	where := name
	if name == ingest.Stdin {
		where = "FILE"
	}
	return &failure{exitInput, what, fmt.Sprintf("denylens formats --try %s shows how lines are read; --format takes your server's log_format or LogFormat as it is", quote(where))}
}

var flawWords = map[ingest.Flaw]string{
	ingest.FlawFormat: "not like a line of any format", ingest.FlawTime: "no time, or an impossible one, where it should be", ingest.FlawStatus: "no status where it should be",
	ingest.FlawQuote: "a quoted field does not end", ingest.FlawColumns: "other columns than the format has", ingest.FlawNumber: "a number that is none",
	ingest.FlawJSON: "not a JSON object", ingest.FlawDuplicate: "a JSON key occurs twice", ingest.FlawMissing: "a JSON key is missing",
	ingest.FlawTooLong: "too long", ingest.FlawBinary: "binary data", ingest.FlawUTF16: "UTF-16 text", ingest.FlawDepth: "JSON nested too deep",
	ingest.FlawFuture: "a time far ahead of the others", ingest.FlawInterrupted: "ends in the middle",
}

func explainFlaw(f ingest.Flaw) string {
	if w, ok := flawWords[f]; ok {
		return w
	}
	return f.String()
}

// quote writes s so that a shell takes it as one word.
func quote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./,:@%+=", r))
	}) && s[0] != '-' {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
