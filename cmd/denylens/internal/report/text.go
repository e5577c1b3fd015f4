package report

import (
	"fmt"
	"io"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/escape"
	"github.com/denylens/denylens/detect"
)

const (
	maxFull      = 20 // incidents shown in full
	maxCondensed = 40 // incidents shown in a line each
	maxStanding  = 12
)

// Text writes r for a person at a terminal, the most harmful incident first.
func Text(w io.Writer, r *Report, o Options) error {
	p := newPage(w, o)
	if r.Input.From != nil && r.Input.To != nil {
		p.from, p.to = r.Input.From.UTC(), r.Input.To.UTC()
	}
	p.head(r, o)
	full, short := split(r.Incidents, o)
	for i := range full {
		p.incident(&full[i], i+1, len(r.Incidents), o)
	}
	if len(r.Incidents) == 0 {
		p.nothing(r)
	}
	p.condensed(short, len(full) > 0)
	p.standing(r.Standing, o)
	p.foot(r, o)
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// split says which incidents are worth a paragraph and which a line.
func split(all []detect.Incident, o Options) (full, short []detect.Incident) {
	for _, in := range all {
		if len(full) < maxFull && (o.Verbose || in.Severity != detect.Low) {
			full = append(full, in)
		} else {
			short = append(short, in)
		}
	}
	return full, short
}

// nothing is said only together with how well the input could be read.
func (p *page) nothing(r *Report) {
	p.blank()
	what := "Nothing unusual found: "
	switch {
	case r.Traffic.Requests == 0:
		what = "Nothing to judge: no request was read"
	case r.Traffic.Denied == 0:
		what += "no request was refused"
	default:
		what += "the " + count(r.Traffic.Denied, "refusal") + " are no more than usual here"
	}
	lost, in := loss(r), good
	switch {
	case r.Traffic.Requests == 0:
		in = warning
	case lost == 0:
		what += ", and every line could be read."
	default:
		what += ", but " + count(lost, "line") + " (" + Percent(of(lost, r.Input.Lines)) + ") could not be read."
		in = warning
	}
	for _, l := range escape.Term(what).Wrap(p.width) {
		p.line(span{in, l})
	}
}

// condensed lists incidents in a line each.
func (p *page) condensed(list []detect.Incident, also bool) {
	if len(list) == 0 {
		return
	}
	if also {
		p.title(escape.Lit("Also seen"))
	} else {
		p.title(escape.Lit("Seen, of little harm"))
	}
	layout := shortTime
	if p.to.Sub(p.from) < 24*time.Hour && p.from.Day() == p.to.Day() {
		layout = "15:04"
	}
	shown := list[:min(len(list), maxCondensed)]
	var kindWidth, spanWidth int
	for i := range shown {
		kindWidth = max(kindWidth, shortKind(&shown[i]).Width())
		spanWidth = max(spanWidth, escape.Term(shortSpan(&shown[i])).Width())
	}
	for i := range shown {
		in := &shown[i]
		p.line(
			span{severityTone(in.Severity), escape.Join(escape.Lit("  "), shortKind(in).Pad(kindWidth+2))},
			span{faint, escape.Join(escape.Term(in.Start.UTC().Format(layout)).Pad(len(layout)+2), escape.Term(shortSpan(in)).Pad(spanWidth+2))},
			span{normal, escape.Term(in.Title)},
		)
	}
	if more := len(list) - len(shown); more > 0 {
		p.line(span{faint, escape.Term(fmt.Sprintf("  and %s more: --report json has them all", escape.Thousands(int64(more))))})
	}
}

// shortKind names the kind, and the severity where it is not low.
func shortKind(in *detect.Incident) escape.TermText {
	if in.Severity == detect.Low {
		return escape.Term(KindWord(in.Kind))
	}
	return escape.Term(string(in.Severity) + " " + KindWord(in.Kind))
}

func shortSpan(in *detect.Incident) string {
	if in.End == nil {
		return "still on"
	}
	return Lasting(in.End.Sub(in.Start))
}

// standing lists denials that were there before the log began.
func (p *page) standing(list []detect.Standing, o Options) {
	if len(list) == 0 {
		return
	}
	p.title(escape.Lit("Refused all along, so no incident"))
	p.line(span{faint, escape.Join(escape.Lit("  refused").Pad(11), escape.Lit("clients").PadLeft(9), escape.Lit("requests").PadLeft(11), escape.Lit("  who"))})
	for i, s := range list {
		if i == maxStanding && !o.Verbose {
			p.line(span{faint, escape.Term(fmt.Sprintf("  and %d more with -v", len(list)-i))})
			break
		}
		who := escape.Term(Cohort(s.Cohort))
		if s.Note != "" {
			who = escape.Join(who, escape.Lit(" – "), escape.Term(s.Note))
		}
		p.line(
			span{normal, escape.Join(escape.Lit("  "), escape.Term(Percent(s.Share)).PadLeft(7), escape.Lit("  "))},
			span{normal, escape.Int(s.DeniedClients).PadLeft(9)},
			span{normal, escape.Int(s.Denied).PadLeft(11)},
			span{normal, escape.Join(escape.Lit("  "), who)},
		)
	}
}

func (p *page) foot(r *Report, o Options) {
	p.blank()
	if o.FalseAlarms > 0 {
		p.bullet(escape.TermText{}, faint, escape.Term(fmt.Sprintf(
			"Set to no more than %g false incidents a day (--false-alarms-per-day); times are UTC.", o.FalseAlarms)))
	}
	if !o.Verbose {
		if len(r.Incidents) > 0 {
			p.bullet(escape.TermText{}, faint, escape.Lit("-v shows every cause, the evidence and sample lines."))
		}
		return
	}
	for _, g := range r.Geo {
		p.bullet(escape.Lit("geo: "), faint, escape.Term(g))
	}
}
