package main

import (
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/score/inject"
	"github.com/denylens/denylens/cmd/denylens/internal/score/rules"
	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
	"github.com/denylens/denylens/detect"
)

// measureSite injects a site's cases one after the other and has each judged.
func measureSite(ctx context.Context, o options, site inject.Site, cases []inject.Case) (list []result) {
	log, err := site.Load(ctx)
	if err != nil {
		return []result{{group: site.Name, err: err}}
	}
	for _, c := range cases {
		if ctx.Err() != nil {
			return append(list, result{group: site.Name, err: ctx.Err()})
		}
		list = append(list, measureCase(ctx, o, log, c))
	}
	return list
}

// measureCase makes one case real. A result without a sample is a case for which
// the site has no such cohort.
func measureCase(ctx context.Context, o options, log *inject.Log, c inject.Case) (r result) {
	r.group, r.seed = c.ID, c.Seed
	var before []*alarm
	quiet := func(base *inject.Log, from, to time.Time) bool {
		alarms, _, err := alarmsOf(ctx, base.Bytes(), base.Format, base.Lines)
		if before = alarms; err != nil {
			r.err = err
			return false
		}
		return c.Class != "refusal" && c.Class != "pair" || !refusing(alarms, from, to)
	}
	s, ok := inject.Realize(c, log, quiet)
	if !ok || r.err != nil {
		return r
	}
	s.Truth.Ambient = misusers(before)
	if s.Effect.Single && slices.Contains(s.Truth.Ambient, s.Truth.Incidents[0].Clients[0]) {
		return r // to refuse that one is right
	}
	text := s.Log.Bytes()
	changed, err := inject.Read(text, s.Log.Format)
	if r.err = err; err != nil {
		return r
	}
	r.sample, r.truth = s, s.Truth
	lines := changed.Lines
	if c.Scope == "edge_addresses" {
		lines = s.Base.Lines // which show who is meant
	}
	var alarms []*alarm
	alarms, r.seconds, r.err = alarmsOf(ctx, text, s.Log.Format, lines)
	r.verdict = compare(&r.truth, alarms, before)
	if c.Class == "absence" {
		r.verdict = compareAbsence(&r.truth, alarms, before)
	}
	r.rules = ruleVerdicts(&r.truth, s.Base.Lines, changed.Lines)
	if o.dump != "" && r.err == nil {
		r.err = dump(o.dump, r.group, text, r.truth)
	}
	s.Base, s.Log = nil, nil // they are large, and the figures need them no more
	return r
}

// ruleVerdicts has the rules of today look at the same log, and at the untouched
// one, as denylens does.
func ruleVerdicts(truth *simulate.Truth, before, after []inject.Line) (list []verdict) {
	was, is := rules.NewStream(before), rules.NewStream(after)
	for _, rule := range rules.All() {
		list = append(list, compare(truth, cover(after, incidentsOf(rule.Run(is))), cover(before, incidentsOf(rule.Run(was)))))
	}
	return list
}

// incidentsOf writes the alarms of a rule as incidents, which name no cause.
func incidentsOf(alarms []rules.Alarm) []detect.Incident {
	list := make([]detect.Incident, len(alarms))
	for i, a := range alarms {
		list[i] = detect.Incident{Start: a.Start, End: &a.End, DetectedAt: a.At, Cohort: []detect.Term{}}
		if a.Misuse {
			list[i].Kind = detect.Misuse
		}
		for _, t := range a.Terms {
			list[i].Cohort = append(list[i].Cohort, detect.Term(t))
		}
	}
	return list
}

// compareAbsence matches by cohort and time alone: the clients of traffic that
// has gone are in no line.
func compareAbsence(truth *simulate.Truth, alarms, before []*alarm) verdict {
	v := compare(&simulate.Truth{}, alarms, before)
	var rest []*alarm
	out := outcome{truth: &truth.Incidents[0]}
	for _, a := range v.rest {
		if out.alarm == nil && overlaps(out.truth, a) && exact(out.truth, a) {
			out.alarm, out.felt = a, true
		} else {
			rest = append(rest, a)
		}
	}
	v.outcomes, v.rest = []outcome{out}, rest
	return v
}

// misusers lists the addresses that alarms of misuse name.
func misusers(alarms []*alarm) (list []string) {
	seen := map[netip.Addr]bool{}
	for _, a := range alarms {
		for c := range a.clients {
			if a.Kind == detect.Misuse && !seen[c] {
				seen[c] = true
				list = append(list, c.String())
			}
		}
	}
	slices.Sort(list)
	return list
}

// refusing tells whether some alarm of refusals falls into a span.
func refusing(alarms []*alarm, from, to time.Time) bool {
	for _, a := range alarms {
		if a.Kind != detect.Misuse && a.Start.Before(to) && (a.End == nil || a.End.After(from)) {
			return true
		}
	}
	return false
}

// sameEvent tells whether two alarms, of the untouched log and of the one with an
// injected incident, are one: at the same time, of the same sort, about the same
// cohort or mostly the same clients.
func sameEvent(a, b *alarm) bool {
	if (a.Kind == detect.Misuse) != (b.Kind == detect.Misuse) || a.End != nil && a.End.Before(b.Start) || b.End != nil && b.End.Before(a.Start) {
		return false
	}
	if normal(a.Cohort) == normal(b.Cohort) {
		return true
	}
	both := 0
	for c := range a.clients {
		if b.clients[c] {
			both++
		}
	}
	return float64(both) >= leastShared*float64(max(1, len(a.clients)+len(b.clients)-both))
}

// dump writes a log with an injected incident and its truth, in the form that
// the flag -episodes reads.
func dump(dir, name string, text []byte, truth simulate.Truth) error {
	path := filepath.Join(dir, strings.ReplaceAll(name, "/", "-"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	doc, err := json.MarshalIndent(truth, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".truth.json", doc, 0o644); err != nil {
		return err
	}
	return os.WriteFile(path+".log", text, 0o644)
}
