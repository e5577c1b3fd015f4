package detect

import (
	"fmt"
	"math"
	"net/netip"

	"github.com/denylens/denylens/geo"
)

// warnings says what a reader of the report must know about the input.
func (e *Engine) warnings() []string {
	var out []string
	if e.behind = e.proxies(); e.behind != "" {
		out = append(out, e.behind)
	}
	if n := e.total.late; n > 0 && n*100 > e.total.requests {
		out = append(out, fmt.Sprintf("%d records (%.1f %%) came more than %s late and count in no statistic: is this several logs in the wrong order?", n, 100*float64(n)/float64(e.total.requests), e.cfg.Lateness))
	}
	if n := e.ahead.strays; n > 0 {
		out = append(out, fmt.Sprintf("%d records have a time stamp far ahead of the rest and were set aside", n))
	}
	if t := &e.total; t.requests >= 1000 && t.status[200] == 0 && t.denied > t.requests/2 {
		out = append(out, "the log holds refusals only: without the requests that were served no rate can be told")
	}
	if x := e.tails.most(); x > 0 {
		out = append(out, fmt.Sprintf("refusals vary more here than the statistics assume: incidents need %.0f times the evidence, so that false ones stay as rare as asked for", math.Exp(x)))
	}
	return out
}

// unsayable tells whether an event says something of clients that the log does
// not show: their addresses are a proxy's. What is known by its user may be
// said.
func (e *Engine) unsayable(ev *event) bool {
	if e.behind == "" {
		return false
	}
	if ev.members != nil {
		return ev.origin != byTurn || ev.user == 0
	}
	for _, c := range ev.cohorts {
		for _, t := range c {
			if d := axisDim[t.axis]; d == DimCountry || d == DimASN || d == DimNetwork {
				return true
			}
		}
	}
	return false
}

// proxies finds out whether the clients in the log are not the clients: a few
// private or edge addresses make most of the requests.
func (e *Engine) proxies() string {
	t := &e.total
	all := t.between[noMiddle] + t.between[privateMiddle] + t.between[edgeMiddle]
	edge, private := t.between[edgeMiddle], t.between[privateMiddle]
	if edge*5 <= all && private*2 <= all {
		return ""
	}
	var few [4]uint64
	var at netip.Addr
	for i := 1; i < e.clients.list.n; i++ {
		c := e.clients.list.at(uint32(i))
		if c.middle == edgeMiddle {
			at = c.addr()
		}
		n := uint64(c.ok) + uint64(c.denied) + uint64(c.miss) + uint64(c.auth) + uint64(c.limited)
		for k := range few {
			if n > few[k] {
				n, few[k] = few[k], n
			}
		}
	}
	top := few[0] + few[1] + few[2] + few[3]
	switch {
	case edge*5 > all:
		name, header := geo.Edge(at), "X-Forwarded-For"
		if name == "cloudflare" {
			header = "CF-Connecting-IP"
		}
		return fmt.Sprintf("%d %% of the requests come from %s's edge addresses: the log does not show the clients. Log the header %s (nginx: set_real_ip_from and real_ip_header; Apache: mod_remoteip). Nothing is said about single clients", 100*edge/all, name, header)
	case private*2 > all && top*2 > all && e.clients.list.n > 1:
		return fmt.Sprintf("%d %% of the requests come from private addresses, most from four or fewer: the log seems to show a proxy, not the clients. Log X-Forwarded-For and name the proxy with --trusted-proxy. Nothing is said about single clients", 100*private/all)
	}
	return ""
}
