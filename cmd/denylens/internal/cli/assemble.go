package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/cmd/denylens/internal/redact"
	"github.com/denylens/denylens/cmd/denylens/internal/report"
	"github.com/denylens/denylens/detect"
	"github.com/denylens/denylens/ingest"
)

// assemble makes the report of a run; it is cleaned, so fit to be shown.
func assemble(stats []ingest.SourceStats, s detect.Summary, geo []string, p *redact.Privacy) *report.Report {
	r := &report.Report{
		Schema: report.Schema, Tool: report.Tool{Name: "denylens", Version: version()},
		Traffic: s.Traffic, Incidents: s.Incidents, Standing: s.Standing, Warnings: s.Warnings, Refused: s.Refused, Calibration: &s.Calibration,
		Geo: geo, Timeline: s.Timeline,
	}
	r.Input.Late = s.Late
	var first, last int64
	for i := range stats {
		st := &stats[i]
		r.Input.Lines += st.Lines
		r.Input.Parsed += st.Parsed
		r.Input.Rejected += st.Rejected()
		r.Input.Sources = append(r.Input.Sources, source(st))
		if st.Parsed > 0 && (first == 0 || st.First < first) {
			first = st.First
		}
		last = max(last, st.Last)
		r.Rejects = append(r.Rejects, rejectSamples(st)...)
		if st.Lost > 0 {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s: a rotation took %d bytes away before they could be read", st.Name, st.Lost))
		}
		if st.Truncated > 0 {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s: was truncated %d times while it was followed; lines may be lost", st.Name, st.Truncated))
		}
	}
	if first != 0 {
		r.Input.From, r.Input.To = moment(first), moment(last)
	}
	report.Clean(r, p)
	return r
}

func moment(ns int64) *time.Time {
	t := time.Unix(0, ns).UTC()
	return &t
}

func source(st *ingest.SourceStats) report.Source {
	s := report.Source{Name: st.Name, Format: st.Format, Lines: st.Lines, Parsed: st.Parsed, Bytes: st.Bytes, Flaws: map[string]int64{}}
	for f, n := range st.Flaws {
		if n > 0 {
			s.Flaws[ingest.Flaw(f).String()] = n
		}
	}
	if st.Parsed > 0 {
		s.First, s.Last = moment(st.First), moment(st.Last)
	}
	if st.Err != nil {
		s.Error = st.Err.Error()
	}
	return s
}

func rejectSamples(st *ingest.SourceStats) (list []string) {
	for f, text := range st.Samples {
		if flaw := ingest.Flaw(f); flaw.Loss() && len(text) > 0 {
			list = append(list, fmt.Sprintf("%s: %s", flaw, text))
		}
	}
	return list
}

// target is a report to be written.
type target struct {
	name   string
	render report.Renderer
	file   string // "" is standard output
}

// reports reads the settings report and output.
func reports(conf *config.Config) ([]target, error) {
	var known []string
	for _, r := range report.Renderers {
		known = append(known, r.Name)
	}
	specs := conf.Report
	if len(specs) == 0 {
		specs = []string{known[0]}
	}
	var list []target
	for _, spec := range specs {
		name, file, _ := strings.Cut(spec, "=")
		t := target{name: name, file: file}
		for _, r := range report.Renderers {
			if r.Name == name {
				t.render = r.Render
			}
		}
		if t.render == nil {
			e := &config.Error{Where: conf.Sources["report"], Why: fmt.Sprintf("must be one of %s, not %q", strings.Join(known, ", "), name)}
			if n := config.Nearest(name, known); n != "" {
				e.Hint = "did you mean " + n + "?"
			}
			return nil, e
		}
		list = append(list, t)
	}
	return list, place(list, conf)
}

// place sends each report to its file: no two to one, and -o to the one that
// has none.
func place(list []target, conf *config.Config) error {
	seen := map[string]bool{}
	used := false
	for i := range list {
		if list[i].file == "" {
			list[i].file, used = conf.Output, true
		}
		if seen[list[i].file] {
			return usagef("give each a file: --report json=report.json", "two reports cannot go to the same place")
		}
		seen[list[i].file] = true
	}
	if conf.Output != "" && !used {
		return usagef("leave -o away, or name a report without a file", "-o %s: every report has a file of its own", conf.Output)
	}
	return nil
}

// publish writes the reports. Those that go to files come first: a reader of
// standard output that goes away does not keep them from being written.
func (a *app) publish(list []target, r *report.Report, conf *config.Config, inputs []ingest.Source) error {
	var toStdout *target
	for i, t := range list {
		if t.file == "" || t.file == ingest.Stdin {
			toStdout = &list[i]
			continue
		}
		o := report.Options{Width: 100, Verbose: conf.Verbose, FalseAlarms: conf.FalseAlarmsPerDay}
		if err := a.output(t.file, inputs, func(w io.Writer) error { return t.render(w, r, o) }); err != nil {
			return err
		}
	}
	if toStdout == nil {
		return nil
	}
	o := report.Options{Width: width(a.stdout), Color: a.color(conf), Verbose: conf.Verbose, FalseAlarms: conf.FalseAlarmsPerDay}
	var b bytes.Buffer
	if err := toStdout.render(&b, r, o); err != nil {
		return err
	}
	_, err := checked{a.stdout, "standard output"}.Write(b.Bytes())
	return err
}

// color tells whether standard output may be coloured.
func (a *app) color(conf *config.Config) bool {
	return terminal(a.stdout) && !conf.NoColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
