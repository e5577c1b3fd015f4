package ingest

import (
	"bytes"

	"github.com/denylens/denylens/ingest/internal/clock"
)

// cloudflareEvents reads Logpush records of the data set firewall_events. One
// request may set off several: the one with MatchIndex 0 ended it, if its
// action is one that does; the others explain.
type cloudflareEvents struct {
	order keyOrder
	clock clock.Clock
}

func newCloudflareEvents() Format { return &cloudflareEvents{} }

func (p *cloudflareEvents) Name() string { return "cloudflare_events" }

func (p *cloudflareEvents) Parse(line []byte, r *Record) error {
	var m cfValues
	if flaw := m.scan(line, &p.order); flaw != NoFlaw {
		return flaw
	}
	const must = 1<<cfDatetime | 1<<cfAction | 1<<cfClientIP
	if m.have&must != must {
		if m.have == 1<<cfContent {
			return FlawOther
		}
		return FlawMissing
	}
	if flaw := cfFixed(&m, r, m.v[cfDatetime], &p.clock); flaw != NoFlaw {
		return flaw
	}
	esc := bytes.IndexByte(line, '\\') >= 0
	cfCommon(&m, r, esc)
	r.URI = r.Path
	if q := m.text(cfQuery, esc); len(q) > 0 {
		if q[0] == '?' {
			q = q[1:]
		}
		r.Query = q
	}
	r.Message = m.text(cfDescription, esc)
	r.Why = edgeWhy(r.Action, r.Source)
	if r.OriginStatus == 403 {
		r.Why = WhyUpstreamRefused
	}
	first := m.v[cfMatchIndex].text
	if len(first) > 0 && string(first) != "0" || !terminates(r.Action) {
		r.Kind = Explain
		return nil
	}
	if r.Has&HasStatus == 0 || r.Status == 0 {
		r.Status, r.Has = 403, r.Has|HasStatus
	}
	return nil
}
