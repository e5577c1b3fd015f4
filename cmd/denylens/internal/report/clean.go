package report

import (
	"math"
	"net/netip"
	"strings"

	"github.com/denylens/denylens/cmd/denylens/internal/redact"
	"github.com/denylens/denylens/detect"
)

// Clean makes r fit to be shown: credentials that visitors sent are redacted,
// who they are is hidden as p says, lists are empty rather than absent, and
// numbers are finite. Every Report passes through it, once, before a Renderer
// or a Sink sees it.
func Clean(r *Report, p *redact.Privacy) {
	for i := range r.Input.Sources {
		if r.Input.Sources[i].Flaws == nil {
			r.Input.Sources[i].Flaws = map[string]int64{}
		}
	}
	r.Input.Sources = some(r.Input.Sources)
	if r.Traffic.ByStatus == nil {
		r.Traffic.ByStatus = map[string]int64{}
	}
	incidents := make([]detect.Incident, len(r.Incidents))
	for i := range r.Incidents {
		incidents[i] = CleanIncident(&r.Incidents[i], p)
	}
	r.Incidents = incidents
	standing := make([]detect.Standing, len(r.Standing))
	for i, s := range r.Standing {
		c := cleaner{p: p, users: users(s.Cohort)}
		s.Cohort, s.Note, s.Share = c.terms(s.Cohort), c.text(s.Note), finite(s.Share)
		s.Since, s.Last = s.Since.UTC(), s.Last.UTC()
		standing[i] = s
	}
	r.Standing = standing
	c := cleaner{p: p}
	for i := range r.Warnings {
		r.Warnings[i] = c.text(r.Warnings[i])
	}
	for i := range r.Rejects {
		r.Rejects[i] = c.line(r.Rejects[i])
	}
}

// CleanIncident returns a copy of in that is fit to be shown.
func CleanIncident(in *detect.Incident, p *redact.Privacy) detect.Incident {
	out := *in
	c := cleaner{p: p, users: users(in.Cohort)}
	for _, o := range in.Or {
		c.users = append(c.users, users(o)...)
	}
	out.ID = p.ID(in.ID)
	out.Title = c.text(in.Title)
	out.Start, out.DetectedAt = in.Start.UTC(), in.DetectedAt.UTC()
	if in.End != nil {
		end := in.End.UTC()
		out.End = &end
	}
	out.Cohort = c.terms(in.Cohort)
	out.Or = nil
	for _, o := range in.Or {
		out.Or = append(out.Or, c.terms(o))
	}
	out.Causes = make([]detect.Guess, len(in.Causes))
	for i, g := range in.Causes {
		g.For, g.Against, g.Probability = c.texts(g.For), c.texts(g.Against), finite(g.Probability)
		out.Causes[i] = g
	}
	out.Evidence = make([]detect.Text, len(in.Evidence))
	for i, e := range in.Evidence {
		out.Evidence[i].Text = c.text(e.Text)
	}
	out.Samples = make([]detect.Sample, len(in.Samples))
	for i, s := range in.Samples {
		s.Line = c.line(s.Line)
		out.Samples[i] = s
	}
	out.NextSteps = make([]detect.Step, len(in.NextSteps))
	for i, s := range in.NextSteps {
		out.NextSteps[i] = detect.Step{Text: c.text(s.Text), Command: c.text(s.Command)}
	}
	out.Spark = make([]float64, len(in.Spark))
	for i, v := range in.Spark {
		out.Spark[i] = finite(v)
	}
	out.Cause.Probability = finite(in.Cause.Probability)
	out.Impact.ShareBefore, out.Impact.ShareDuring = finite(in.Impact.ShareBefore), finite(in.Impact.ShareDuring)
	out.Score.Log10E, out.Score.ExpectedFalsePerDay = finite(in.Score.Log10E), finite(in.Score.ExpectedFalsePerDay)
	return out
}

// cleaner knows which users an incident is about. An e-mail address is redacted
// unless it is the name of one of them: without it nobody could act.
type cleaner struct {
	p     *redact.Privacy
	users []string
}

func (c *cleaner) line(s string) string { return c.p.Line(redact.Text(s), c.users) }

func (c *cleaner) text(s string) string {
	s = redact.Credentials(s)
	named := false
	for _, u := range c.users {
		named = named || strings.Contains(s, u)
	}
	if !named {
		s = redact.Mail(s)
	}
	return c.p.Text(c.p.Users(s, c.users))
}

func (c *cleaner) texts(in []string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = c.text(s)
	}
	return out
}

func (c *cleaner) terms(in []detect.Term) []detect.Term {
	out := make([]detect.Term, len(in))
	for i, t := range in {
		switch t.Dim {
		case "user":
			t.Value = c.p.User(t.Value)
		case "ip":
			if a, err := netip.ParseAddr(t.Value); err == nil {
				t.Value = c.p.Addr(a)
			}
		case "network":
			if n, err := netip.ParsePrefix(t.Value); err == nil {
				t.Value = c.p.Network(n)
			}
		case "path", "referer":
			t.Value = c.p.Text(redact.Text(t.Value))
		}
		out[i] = t
	}
	return out
}

func users(terms []detect.Term) (names []string) {
	for _, t := range terms {
		if t.Dim == "user" {
			names = append(names, t.Value)
		}
	}
	return names
}

func some[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}

// finite keeps what JSON cannot write out of a report.
func finite(v float64) float64 {
	switch {
	case math.IsNaN(v):
		return 0
	case math.IsInf(v, 1):
		return math.MaxFloat64
	case math.IsInf(v, -1):
		return -math.MaxFloat64
	}
	return v
}
