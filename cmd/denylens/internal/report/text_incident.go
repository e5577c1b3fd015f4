package report

import (
	"fmt"
	"strings"

	"github.com/denylens/denylens/cmd/denylens/internal/escape"
	"github.com/denylens/denylens/detect"
)

// incident writes one incident in full.
func (p *page) incident(in *detect.Incident, number, total int, o Options) {
	p.blank()
	p.banner(in, number, total)
	for _, l := range escape.Term(in.Title).Wrap(p.width) {
		p.line(span{strong, l})
	}
	p.entry(escape.Lit("when"), normal, escape.Term(p.when(in)))
	p.entry(escape.Lit("who"), normal, escape.Term(Who(in)))
	p.entry(escape.Lit("harm"), normal, escape.Term(Harm(in)))
	p.share(in)
	p.cause(in, o)
	p.facts(in, o)
	p.samples(in, o)
	p.steps(in)
}

// banner is the line that the eye finds when it scans the page.
func (p *page) banner(in *detect.Incident, number, total int) {
	severity := escape.Term(strings.ToUpper(string(in.Severity)))
	kind := escape.Term(" " + KindWord(in.Kind) + " ")
	state := escape.Lit("over ")
	if in.End == nil {
		state = escape.Lit("still going on ")
	}
	id := escape.Term(fmt.Sprintf(" %d of %d", number, total))
	dashes := p.width - severity.Width() - kind.Width() - state.Width() - id.Width() - 4
	p.line(
		span{severityTone(in.Severity), severity}, span{strong, kind}, span{faint, escape.Lit("── ")},
		span{normal, state}, span{faint, escape.Term(strings.Repeat("─", max(dashes, 1)))}, span{faint, id},
	)
}

func (p *page) when(in *detect.Incident) string {
	s := "since "
	if in.End != nil {
		s = ""
	}
	s += in.Start.UTC().Format(longTime) + " UTC"
	if in.End != nil {
		s = period(in.Start, *in.End) + ", " + Lasting(in.End.Sub(in.Start))
	}
	if d := p.to.Sub(in.Start); in.End == nil && d > 0 {
		s += ", for " + Lasting(d)
	}
	if d := in.DetectedAt.Sub(in.Start); d > 0 {
		s += fmt.Sprintf("; an alert would have come after %s", Lasting(d))
	}
	return s
}

// Harm says in a sentence how many were refused.
func Harm(in *detect.Incident) string {
	m := in.Impact
	s := fmt.Sprintf("%s of %s refused", escape.Thousands(m.DeniedClients), count(m.Clients, "client"))
	if in.Kind == detect.Misuse {
		s = fmt.Sprintf("%s, %s, of them %s refused", count(m.Clients, "client"), count(m.Requests, "request"), escape.Thousands(m.Denied))
	} else {
		s += fmt.Sprintf(" (%s)", count(m.Denied, "request"))
	}
	switch {
	case m.LikelyLegitClients > 0:
		s += fmt.Sprintf("; %s likely legitimate", escape.Thousands(m.LikelyLegitClients))
	case in.Kind != detect.Misuse:
		s += "; none with evidence of being legitimate"
	}
	return s
}

func (p *page) share(in *detect.Incident) {
	if in.Kind == detect.Misuse && in.Impact.ShareDuring == 0 {
		return
	}
	text := escape.Term(fmt.Sprintf("%s refused before, %s during", Percent(in.Impact.ShareBefore), Percent(in.Impact.ShareDuring)))
	spans := []span{{faint, escape.Lit("  share").Pad(margin)}, {normal, text}}
	if room := p.width - margin - text.Width() - 3; len(in.Spark) > 1 && room >= 8 {
		spans = append(spans, span{notice, escape.Join(escape.Lit("   "), sparkline(fit(in.Spark, min(room, 40))))})
	}
	p.line(spans...)
}

// cause writes the best guess with what speaks for and against it, and the
// others in a line.
func (p *page) cause(in *detect.Incident, o Options) {
	p.entry(escape.Lit("cause"), strong, escape.Term(CauseLine(in)))
	var others []string
	for _, g := range in.Causes {
		if g.ID != in.Cause.ID {
			others = append(others, fmt.Sprintf("%s %s", g.ID, Percent(g.Probability)))
			if !o.Verbose {
				continue
			}
		}
		if o.Verbose && g.ID != in.Cause.ID {
			p.entry(escape.TermText{}, normal, escape.Term(fmt.Sprintf("%s, %s", CauseWord(g.ID), Percent(g.Probability))))
		}
		p.reasons(escape.Lit("+ "), g.For, o)
		p.reasons(escape.Lit("− "), g.Against, o)
	}
	if len(others) > 0 && !o.Verbose {
		if len(others) > 3 {
			others = others[:3]
		}
		p.entry(escape.Lit("or"), faint, escape.Term(strings.Join(others, ", ")))
	}
}

// CauseLine names the best guess and how sure it is.
func CauseLine(in *detect.Incident) string {
	if in.Cause.ID == "undetermined" || in.Cause.ID == "" {
		return "undetermined: the log does not tell"
	}
	return fmt.Sprintf("%s (%s), %s likely", CauseWord(in.Cause.ID), in.Cause.ID, Percent(in.Cause.Probability))
}

func (p *page) reasons(sign escape.TermText, list []string, o Options) {
	for i, s := range list {
		if i == 3 && !o.Verbose {
			break
		}
		p.bullet(escape.Join(escape.TermText{}.Pad(margin), sign), normal, escape.Term(s))
	}
}

func (p *page) facts(in *detect.Incident, o Options) {
	for i, e := range in.Evidence {
		if i == 3 && !o.Verbose {
			break
		}
		label := escape.TermText{}
		if i == 0 {
			label = escape.Lit("seen")
		}
		p.entry(label, normal, escape.Term(e.Text))
	}
	if o.Verbose {
		p.entry(escape.Lit("score"), faint, escape.Term(fmt.Sprintf("log10 e-value %.4g; chance alone does this %.2g times a day; id %s", in.Score.Log10E, in.Score.ExpectedFalsePerDay, in.ID)))
	}
}

// samples shows lines of the log; one will do unless more are asked for.
func (p *page) samples(in *detect.Incident, o Options) {
	for i, s := range in.Samples {
		if i > 0 && !o.Verbose {
			return
		}
		if !o.Verbose {
			p.sample(s)
			continue
		}
		p.entry(escape.Lit("sample"), faint, escape.Term(fmt.Sprintf("%s at byte %d", s.Source, s.Offset)))
		p.bullet(escape.TermText{}.Pad(margin), faint, escape.Term(s.Line))
	}
}

// sample shows the beginning of a line of the log.
func (p *page) sample(s detect.Sample) {
	const rows = 3
	t := escape.Term(s.Line).Cut((p.width-margin)*rows - 20)
	p.entry(escape.Lit("sample"), faint, t)
}

// steps says what to do; commands stand on lines of their own, whole.
func (p *page) steps(in *detect.Incident) {
	for i, s := range in.NextSteps {
		label := escape.TermText{}
		if i == 0 {
			label = escape.Lit("next")
		}
		p.entry(label, normal, escape.Term(s.Text))
		if s.Command == "" {
			continue
		}
		for l := range strings.SplitSeq(strings.TrimRight(s.Command, "\n"), "\n") {
			p.verbatim(notice, 4, escape.Term(l))
		}
	}
}
