package detect

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"
)

// describeEvent makes the public form of an event.
func (e *Engine) describeEvent(ev *event) Incident {
	if ev.frozen != nil {
		return *ev.frozen
	}
	switch ev.origin {
	case byAbsence:
		return e.describeAbsence(ev)
	case byDeadEnd:
		return e.describeDeadEnd(ev)
	}
	s := e.scene(ev)
	inc := Incident{ID: ev.id, Kind: s.kind(), State: "open", Start: ev.startTime(),
		DetectedAt: time.Unix(ev.noticed, 0).UTC().Add(e.cfg.Patience), Spark: ev.spark, Samples: ev.samples}
	if ev.ended {
		inc.State = "resolved"
		end := minuteTime(ev.end)
		inc.End = &end
	}
	inc.Cohort, inc.Or = e.cohortTerms(ev, s)
	inc.Impact = ev.impact(s)
	e.diagnose(&inc, s)
	inc.Severity = severity(&inc, s)
	inc.Title = title(&inc, s)
	inc.Evidence = e.evidence(&inc, s)
	inc.NextSteps = e.steps(&inc, s)
	inc.Score = Score{Log10E: round2(ev.lnPeak / math.Ln10), ExpectedFalsePerDay: e.falsePerDay(ev)}
	if inc.Samples == nil {
		inc.Samples = []Sample{}
	}
	return inc
}

func minuteTime(m int32) time.Time { return time.Unix(int64(m)*bucket, 0).UTC() }

func round2(x float64) float64 { return math.Round(x*100) / 100 }

func (ev *event) startTime() time.Time {
	if ev.firstAt > 0 && ev.origin != byShare && ev.origin != byRaid { // these begin with no refusal
		return time.Unix(ev.firstAt, 0).UTC()
	}
	return minuteTime(ev.onset)
}

// falsePerDay is how many events with as much evidence chance alone would make
// a day, over all series: the Bonferroni bound K/M a minute.
func (e *Engine) falsePerDay(ev *event) float64 {
	k := float64(max(len(e.series.list), 10))
	if ev.origin == byTurn || ev.origin == byScan {
		k = float64(e.clients.list.n)
	}
	x := k * math.Exp(-ev.lnPeak) * 86400 / bucket
	return min(e.cfg.FalseAlarmsPerDay, float64(int(x*1e6))/1e6)
}

func (ev *event) impact(s *scene) Impact {
	im := Impact{Requests: int64(math.Round(s.requests)), Denied: int64(ev.f.deniedReq), Clients: int64(s.clients) + ev.lost,
		DeniedClients: int64(s.refusedCl), LikelyLegitClients: int64(s.legit), ShareBefore: round4(ev.before)}
	im.ShareDuring = round4(ratio(float64(s.refusedCl), float64(s.clients)))
	return im
}

func round4(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// diagnose sets cause and causes.
func (e *Engine) diagnose(inc *Incident, s *scene) {
	if inc.Kind == Misuse {
		id := s.misuseCause()
		inc.Cause = Cause{id, round2(min(0.99, sigmoid(math.Abs(s.verdict)+1)))}
		inc.Causes = []Guess{{ID: id, Probability: inc.Cause.Probability, For: s.misuseFor(), Against: []string{}}}
		return
	}
	inc.Causes = s.diagnose()
	top, gap := inc.Causes[0].Probability, inc.Causes[0].Probability-inc.Causes[1].Probability
	inc.Cause = Cause{inc.Causes[0].ID, top}
	if top < abstainTop || gap < abstainGap {
		inc.Cause = Cause{"undetermined", round2(1 - top)}
	}
	if len(inc.Causes) > 5 {
		inc.Causes = inc.Causes[:5]
	}
}

func (s *scene) misuseFor() []string {
	out := []string{}
	if p := s.share(fProbe); p > 0.1 {
		out = append(out, fmt.Sprintf("%.0f %% of the refused requests ask for what no visitor asks for", 100*p))
	}
	if p := s.share(fScanner); p > 0.1 {
		out = append(out, "the user agent names a scanner")
	}
	if p := s.share(fNoAgent) + s.share(fTool); p > 0.3 {
		out = append(out, fmt.Sprintf("%.0f %% come without a browser's user agent", 100*p))
	}
	if p := s.share(fFakeBot); p > 0.1 {
		out = append(out, "claims to be a crawler but comes from elsewhere")
	}
	if s.refusedCl > 0 {
		out = append(out, fmt.Sprintf("%d of %d refused clients look legitimate", s.legit, s.refusedCl))
	}
	if s.ev.origin == byShare && s.ev.leaps > 0 {
		return []string{fmt.Sprintf("%d times within a day from one part of the world to another in less time than a flight takes, far more often than on any day before; a VPN and a telephone abroad look the same", s.ev.leaps)}
	}
	if s.ev.origin == byShare {
		return []string{fmt.Sprintf("%d countries or more and %d networks or more within half an hour, far more than at any time before", shareCountries, shareNetworks)}
	}
	if s.bypassing() {
		if p := s.share(fTrick); p > 0.1 {
			out = append(out, fmt.Sprintf("%.0f %% of the refused paths are written so that a filter may read them otherwise than the server", 100*p))
		}
		out = append(out, fmt.Sprintf("it tries %s", count(int64(s.values[axMethod].distinct()), "method")))
	}
	if h := s.ev.habit; h > 0 {
		out = append(out, habitList[h-1].why)
	} else if s.ev.origin == byScan {
		out = append(out, "it asks for many different paths, of which nobody else is served most")
	}
	return out
}

// cohortTerms names the cohort of an event, and the further ones.
func (e *Engine) cohortTerms(ev *event, s *scene) ([]Term, [][]Term) {
	if ev.members == nil {
		var all [][]Term
		for _, c := range ev.cohorts {
			all = append(all, e.terms(c))
		}
		if len(all) == 0 {
			return []Term{}, nil
		}
		if v, share := s.values[axRule].top(); len(all[0]) == 0 && v != 0 && share > 0.8 {
			all[0] = []Term{{DimRule.String(), e.syms.text(uint32(v))}}
		}
		return all[0], all[1:]
	}
	var all [][]Term
	for _, k := range sortedKeys(ev.members) {
		c := e.clients.known(k)
		if c == nil {
			continue // forgotten meanwhile
		}
		t := []Term{{DimIP.String(), e.address(c)}}
		if c.user != 0 && c.userOK && ev.origin == byTurn {
			t = []Term{{DimUser.String(), e.syms.text(c.user)}}
		}
		all = append(all, t)
	}
	if len(all) == 0 {
		return []Term{}, nil
	}
	if ev.origin == byTurn && ev.servesSome() { // else it is refused whatever it asks for
		all[0] = append(all[0], e.mainPath(s)...)
	}
	return all[0], all[1:min(len(all), 50)]
}

// servesSome tells whether some client was served something meanwhile.
func (ev *event) servesSome() bool {
	for _, c := range ev.clients {
		if c.served {
			return true
		}
	}
	return false
}

// address is a client's address as far as the log shows it.
func (e *Engine) address(c *client) string {
	if c.valid {
		return c.addr().String()
	}
	return e.syms.text(c.name)
}

// mainPath is the deepest path prefix nearly all refusals share.
func (e *Engine) mainPath(s *scene) []Term {
	for a := axPath3; a >= axPath1; a-- {
		if v, share := s.values[a].top(); v != 0 && share >= 0.95 {
			return []Term{{DimPath.String(), e.syms.text(uint32(v))}}
		}
	}
	return nil
}

func (e *Engine) terms(c conj) []Term {
	out := make([]Term, 0, len(c))
	for _, t := range c {
		out = append(out, Term{axisDim[t.axis].String(), e.syms.text(t.value)})
	}
	return out
}

func sortedKeys(m map[uint64]bool) []uint64 {
	out := make([]uint64, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Slice(out, func(i, j int) bool { return uint32(out[i]) < uint32(out[j]) })
	return out
}

// severity ranks by harm: legitimate clients refused, or what an attacker does.
func severity(inc *Incident, s *scene) Severity {
	im := &inc.Impact
	switch inc.Kind {
	case Misuse:
		n := im.Requests
		if s.ev.members == nil {
			n = im.Denied
		}
		switch {
		case n >= 100_000:
			return High
		case n >= 10_000 || s.ev.origin == byShare && s.ev.leaps == 0:
			return Medium
		}
		return Low
	case Overblock:
		n := im.LikelyLegitClients
		switch {
		case n >= 200 || len(inc.Cohort) == 0 && im.ShareDuring > 0.5 && n >= 20:
			return Critical
		case n >= 20:
			return High
		case n >= 3 || im.Denied >= 100 || s.crawler():
			return Medium
		}
		return Low
	}
	switch {
	case im.DeniedClients >= 200:
		return High
	case im.DeniedClients >= 10:
		return Medium
	}
	return Low
}

// phrase says a cohort in words.
func phrase(terms []Term) string {
	if len(terms) == 0 {
		return "everyone"
	}
	var out []string
	for _, t := range terms {
		name := t.Dim
		for d := range dims {
			if dims[d].name == t.Dim && t.Dim != "" {
				name = dims[d].title
			}
		}
		out = append(out, name+" "+t.Value)
	}
	return strings.Join(out, ", ")
}

func title(inc *Incident, s *scene) string {
	who := phrase(inc.Cohort)
	n := inc.Impact.DeniedClients
	more := ""
	if len(inc.Or) > 0 {
		more = " and " + strconv.Itoa(len(inc.Or)) + " more"
	}
	switch {
	case s.ev.origin == byRaid:
		return raidTitle(inc)
	case s.ev.origin == byWave:
		return waveTitle(inc, s.ev.cohorts[0][0])
	case s.ev.origin == byShare && s.ev.leaps > 0:
		return fmt.Sprintf("A key or account is in use in places too far apart to travel: %s", who)
	case s.ev.origin == byShare:
		return fmt.Sprintf("A key or account is in use at %d addresses at once: %s", s.clients, who)
	case s.ev.habit > 0:
		return fmt.Sprintf("%s by %s%s: %d requests, %d refused", habitList[s.ev.habit-1].title, who, more, inc.Impact.Requests, inc.Impact.Denied)
	case s.ev.origin == byScan && s.bypassing():
		return fmt.Sprintf("A way around a refusal is looked for by %s%s: %d requests, %d refused", who, more, inc.Impact.Requests, inc.Impact.Denied)
	case s.ev.origin == byScan:
		return fmt.Sprintf("Scanning by %s%s: %d requests, %d refused", who, more, inc.Impact.Requests, inc.Impact.Denied)
	case s.ev.origin == byTurn && s.crawler():
		return fmt.Sprintf("A true crawler is refused: %s", who)
	case s.ev.origin == byTurn:
		return fmt.Sprintf("A client that was served before is refused: %s", who)
	case inc.Kind == Misuse:
		return fmt.Sprintf("%s without signs of legitimacy refused: %s%s", count(n, "client"), who, more)
	case inc.Kind == Overblock && inc.Impact.LikelyLegitClients > 0:
		return fmt.Sprintf("%s refused, %d of them likely legitimate: %s%s", count(n, "client"), inc.Impact.LikelyLegitClients, who, more)
	}
	return fmt.Sprintf("%s refused: %s%s", count(n, "client"), who, more)
}

func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.FormatInt(n, 10) + " " + what + "s"
}

// evidence lists what a person should know, in order of weight.
func (e *Engine) evidence(inc *Incident, s *scene) []Text {
	out := []Text{}
	add := func(format string, a ...any) { out = append(out, Text{fmt.Sprintf(format, a...)}) }
	im := &inc.Impact
	if s.ev.origin == byShare {
		add("%s from %d addresses", count(im.Requests, "request"), im.Clients)
	} else if s.ev.members == nil {
		add("%s of the cohort's %s were refused (%.1f %%), %.1f %% in an ordinary minute before", count(im.DeniedClients, "client"), count(im.Clients, "client"), 100*im.ShareDuring, 100*im.ShareBefore)
	} else {
		add("%d of %s were refused", im.Denied, count(im.Requests, "request"))
	}
	if s.ev.origin == byRaid {
		add("%s", e.raidEvidence(s.ev))
	}
	if s.ev.origin == byStart {
		add("it was so already when the log begins: the true start is earlier")
	}
	if s.ev.members == nil && !s.everyone() {
		add("everybody else meanwhile: %.1f %% refused", 100*s.outside())
	}
	b := &s.ev.beside
	if b.same.rows >= sameLeast && !s.everyone() {
		add("the same paths, everybody else: %.1f %% refused", 100*ratio(b.same.denied, b.same.rows))
	}
	if s.refusedCl > 0 && s.elsewhere > 0.05 {
		add("%.0f %% of the refused clients are served elsewhere on the site meanwhile", 100*s.elsewhere)
	}
	if u := e.untold(inc, s); u != "" {
		add("%s", u)
	}
	if v, share := s.values[axRule].top(); v != 0 && share > 0.3 {
		add("%.0f %% of the refusals name the rule %s", 100*share, e.syms.text(uint32(v)))
	}
	if s.healed > 0.05 {
		add("%.0f %% of the refused clients were served again later", 100*s.healed)
	}
	if v, share := s.sizes.top(); share > 0.9 && v > 0 && s.denied > 3 {
		add("%.0f %% of the refusals have the same size, %d bytes", 100*share, v)
	}
	if s.clients > s.refusedCl && s.ev.members == nil {
		who := ""
		if len(b.spared) > 0 {
			who = ", nearly all of them " + phrase(e.terms(b.spared))
		}
		add("not refused: %s of the cohort%s", count(int64(s.clients-s.refusedCl), "client"), who)
	}
	if len(b.others) > 0 {
		add("other names that fit, less well: %s", e.otherNames(b))
	}
	return out
}
