package detect

import (
	"fmt"
	"slices"
)

// smallScan is the number of requests below which scanners are reported
// together: every public site sees dozens a day.
const smallScan = 60

// scans makes incidents of the scans of different addresses: one for all that
// an address did, and one for all addresses that did little.
func (e *Engine) scans(groups [][]*event) []Incident {
	var out []Incident
	var small []*event
	few := 0
	for _, g := range groups {
		requests := 0.0
		for _, ev := range g {
			requests += ev.f.requests
		}
		switch {
		case requests < smallScan && g[0].habit == 0 && !e.targeted(g):
			small = append(small, g...)
			few++
		case len(g) == 1:
			out = append(out, e.describeEvent(g[0]))
		default:
			out = append(out, e.again(g))
		}
	}
	switch {
	case few == 1:
		out = append(out, e.again(small))
	case few > 1:
		out = append(out, e.background(small, few))
	}
	return out
}

// targeted tells whether one of some scans was after a way around a refusal:
// however small, it was made for this site.
func (e *Engine) targeted(list []*event) bool {
	return slices.ContainsFunc(list, func(ev *event) bool { return e.describeEvent(ev).Cause.ID == "bypass_probe" })
}

// together makes one incident of several, with the cohort of the first.
func (e *Engine) together(list []*event) Incident {
	inc := e.describeEvent(list[0])
	for _, ev := range list[1:] {
		x := e.describeEvent(ev)
		inc.Impact.Requests, inc.Impact.Denied = inc.Impact.Requests+x.Impact.Requests, inc.Impact.Denied+x.Impact.Denied
		inc.Impact.Clients = max(inc.Impact.Clients, x.Impact.Clients)
		inc.Impact.DeniedClients = max(inc.Impact.DeniedClients, x.Impact.DeniedClients)
		if x.Start.Before(inc.Start) {
			inc.Start = x.Start
		}
		if x.End == nil {
			inc.End, inc.State = nil, "open"
		} else if inc.End != nil && x.End.After(*inc.End) {
			inc.End = x.End
		}
		if x.Severity.Rank() > inc.Severity.Rank() {
			inc.Severity = x.Severity
		}
	}
	return inc
}

// again makes one incident of what one address did at several times.
func (e *Engine) again(list []*event) Incident {
	inc := e.together(list)
	if len(list) > 1 {
		what := "Scanning"
		if h := list[0].habit; h > 0 {
			what = habitList[h-1].title
		}
		inc.Title = fmt.Sprintf("%s by %s at %d times: %d requests, %d refused", what, phrase(inc.Cohort), len(list), inc.Impact.Requests, inc.Impact.Denied)
		inc.Evidence = []Text{{fmt.Sprintf("%d of %s were refused, at %d times", inc.Impact.Denied, count(inc.Impact.Requests, "request"), len(list))}}
	}
	return inc
}

// background makes one incident of many small scans.
func (e *Engine) background(list []*event, addresses int) Incident {
	inc := e.together(list)
	inc.ID, inc.Severity = "background-"+list[0].id, Low
	inc.Impact.Clients, inc.Impact.DeniedClients = int64(addresses), 0
	seen := map[uint64]bool{list[0].client: true}
	refused := map[uint64]bool{}
	for _, ev := range list {
		x := e.describeEvent(ev)
		if x.Impact.Denied > 0 && !refused[ev.client] {
			refused[ev.client] = true
			inc.Impact.DeniedClients++
		}
		if !seen[ev.client] && len(inc.Or) < 49 {
			seen[ev.client] = true
			inc.Or = append(inc.Or, x.Cohort)
		}
	}
	inc.Impact.ShareDuring = round4(ratio(float64(inc.Impact.DeniedClients), float64(addresses)))
	inc.Title = fmt.Sprintf("Background scanning: %d addresses, %d requests, %d refused", addresses, inc.Impact.Requests, inc.Impact.Denied)
	inc.Evidence = []Text{{fmt.Sprintf("%d addresses asked for paths that nobody is served, fewer than %d requests each", addresses, smallScan)}}
	return inc
}
