package report

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/escape"
	"github.com/denylens/denylens/ingest"
)

// head says what was read, how well, and what was refused over time.
func (p *page) head(r *Report, o Options) {
	name := "denylens"
	if o.Verbose {
		name += " " + r.Tool.Version
	}
	p.line(span{strong, escape.Term(name)}, span{normal, escape.Term("  " + sources(r))})
	if r.Input.From != nil && r.Input.To != nil {
		p.entry(escape.Lit("time"), normal, escape.Term(period(*r.Input.From, *r.Input.To)+
			", "+Lasting(r.Input.To.Sub(*r.Input.From))))
	}
	t := r.Traffic
	p.entry(escape.Lit("traffic"), normal, escape.Term(count(t.Requests, "request")+" by "+count(t.Clients, "client")))
	p.entry(escape.Lit("refused"), normal, escape.Term(fmt.Sprintf("%s (%s) by %s (%s)",
		count(t.Denied, "request"), Percent(of(t.Denied, t.Requests)), count(t.DeniedClients, "client"), Percent(of(t.DeniedClients, t.Clients)))))
	p.health(r, o)
	p.timeline(r)
}

func sources(r *Report) string {
	formats := map[string]bool{}
	for _, s := range r.Input.Sources {
		if s.Format != "" {
			formats[s.Format] = true
		}
	}
	names := make([]string, 0, len(formats))
	for f := range formats {
		names = append(names, f)
	}
	slices.Sort(names)
	var what string
	switch n := len(r.Input.Sources); n {
	case 0:
		return "no input"
	case 1:
		what = r.Input.Sources[0].Name
	default:
		what = r.Input.Sources[0].Name + " and " + count(int64(n-1), "more file")
	}
	if len(names) > 0 {
		what += "  (" + strings.Join(names, ", ") + ")"
	}
	return what
}

// loss is how many lines carried information that is lost.
func loss(r *Report) (n int64) {
	for _, f := range flaws(r) {
		if f.loss {
			n += f.n
		}
	}
	return n
}

type flawCount struct {
	name string
	n    int64
	loss bool
}

// flaws adds the flaws of all sources up, the most frequent first.
func flaws(r *Report) []flawCount {
	sum := map[string]int64{}
	for _, s := range r.Input.Sources {
		for name, n := range s.Flaws {
			sum[name] += n
		}
	}
	harmless := map[string]bool{}
	for f := range ingest.NumFlaws {
		harmless[f.String()] = !f.Loss()
	}
	list := make([]flawCount, 0, len(sum))
	for name, n := range sum {
		list = append(list, flawCount{name, n, !harmless[name]})
	}
	sort.Slice(list, func(i, j int) bool {
		return list[i].n > list[j].n || list[i].n == list[j].n && list[i].name < list[j].name
	})
	return list
}

// health says which part of the input the report does not rest on.
func (p *page) health(r *Report, o Options) {
	text, in := count(r.Input.Lines, "line")+" read, all understood", normal
	if lost := loss(r); lost > 0 {
		text = fmt.Sprintf("%s read, %s (%s) not understood:", count(r.Input.Lines, "line"), escape.Thousands(lost), Percent(of(lost, r.Input.Lines)))
		var reasons []string
		for _, f := range flaws(r) {
			if f.loss {
				reasons = append(reasons, escape.Thousands(f.n)+" "+f.name)
			}
		}
		text += " " + strings.Join(reasons, ", ")
		if of(lost, r.Input.Lines) > 0.01 {
			in = warning
		}
	}
	if r.Input.Late > 0 {
		text += "; " + escape.Thousands(r.Input.Late) + " too late to be judged"
	}
	p.entry(escape.Lit("input"), in, escape.Term(text))
	for _, s := range r.Input.Sources {
		if s.Error != "" {
			p.entry(escape.Lit("!"), alarm, escape.Term(s.Name+" is incomplete: "+s.Error))
		}
	}
	for _, w := range r.Warnings {
		p.entry(escape.Lit("!"), warning, escape.Term(w))
	}
	if n := len(r.Refused); n > 0 {
		tables := make([]string, 0, n)
		for t := range r.Refused {
			tables = append(tables, t)
		}
		slices.Sort(tables)
		for i, t := range tables {
			tables[i] = t + " " + escape.Thousands(r.Refused[t])
		}
		p.entry(escape.Lit("!"), warning, escape.Term("no room (--max-memory) for: "+strings.Join(tables, ", ")))
	}
	if o.Verbose {
		p.detail(r)
	}
}

// detail lists each source, and a line that was not understood for each reason.
func (p *page) detail(r *Report) {
	for _, s := range r.Input.Sources {
		p.entry(escape.Lit("file"), faint, escape.Term(fmt.Sprintf("%s: %s, %s, %s of %s understood", s.Name, s.Format, Bytes(s.Bytes), escape.Thousands(s.Parsed), count(s.Lines, "line"))))
	}
	if c := r.Calibration; c != nil && len(c.Levels) > 0 {
		text := escape.Thousands(c.Tests) + " windows of cohorts judged; chance makes"
		for i, l := range c.Levels {
			if i%2 == 1 {
				text += fmt.Sprintf(" one in %s surprising, it was %.2g;", escape.Thousands(int64(1/l.Nominal+0.5)), l.Observed/l.Nominal)
			}
		}
		p.entry(escape.Lit("model"), faint, escape.Term(strings.TrimSuffix(text, ";")))
	}
	for _, s := range r.Rejects {
		p.line(span{faint, escape.Join(escape.Lit("  not read").Pad(margin+2), escape.Term(s))})
	}
}

// timeline draws the refusals over the time of the log.
func (p *page) timeline(r *Report) {
	if len(r.Timeline) < 2 || r.Traffic.Denied == 0 {
		return
	}
	perMinute, step := rates(r.Timeline)
	top, at := 0.0, time.Time{}
	for i, v := range perMinute {
		if v > top {
			top, at = v, r.Timeline[i].Start
		}
	}
	line := sparkline(fit(perMinute, p.width-margin))
	p.blank()
	p.line(span{faint, escape.Lit("  403s").Pad(margin)}, span{notice, line})
	from, to := r.Timeline[0].Start.UTC(), r.Timeline[len(r.Timeline)-1].Start.Add(step).UTC()
	if !p.to.IsZero() && p.to.Before(to) {
		to = p.to
	}
	left, right := escape.Term(from.Format(shortTime)), escape.Term(to.Format(shortTime))
	middle := escape.Term(fmt.Sprintf("peak %s, %s", rate(top), at.UTC().Format(shortTime)))
	room := line.Width() - left.Width() - right.Width()
	if room < middle.Width()+2 {
		p.line(span{faint, escape.Join(escape.TermText{}.Pad(margin), middle)})
		return
	}
	before := (room - middle.Width()) / 2
	p.line(span{faint, escape.Join(escape.TermText{}.Pad(margin), left, escape.TermText{}.Pad(before), middle,
		escape.TermText{}.Pad(room-middle.Width()-before), right)})
}

// rate writes a number of refusals a minute, an hour or a day, whichever is the
// first to reach one.
func rate(perMinute float64) string {
	v, unit := perMinute, "a minute"
	if v < 1 {
		v, unit = perMinute*60, "an hour"
	}
	if v < 1 {
		v, unit = perMinute*24*60, "a day"
	}
	if v < 10 {
		return fmt.Sprintf("%.2g %s", v, unit)
	}
	return escape.Thousands(int64(v+0.5)) + " " + unit
}
