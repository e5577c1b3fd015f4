package inject

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/splitmix"
)

// Harmless are things that look like an incident and are none.
var Harmless = []string{"noisy_client", "office_nat", "flash_crowd", "new_crawler", "log_gap", "replay", "duplicates", "slow_drift", "edge_addresses", "standing", "deploy", "monitor", "job", "clock_skew"}

// harmless does one of them to a log; false if the log does not lend itself to
// it.
func harmless(c Case, base *Log, onset time.Time, rng *rand.Rand) (*Log, bool) {
	out := &Log{Lines: slices.Clone(base.Lines), Format: base.Format}
	from, to := onset.UnixNano(), onset.Add(max(c.Duration, 30*time.Minute)).UnixNano()
	during := func(l *Line) bool { return l.Time >= from && l.Time < to }
	switch c.Scope {
	case "noisy_client", "new_crawler":
		return visitors(c.Scope, base, onset, rng)
	case "log_gap":
		out.Lines = slices.DeleteFunc(out.Lines, func(l Line) bool { return during(&l) })
		return out, true
	case "office_nat":
		return office(out, during, c.Seed, rng)
	case "flash_crowd":
		return crowd(out, during, c.Seed, rng)
	case "duplicates", "replay":
		return again(out, c.Scope == "replay", during), true
	case "slow_drift":
		return drift(out, c.Seed), true
	case "edge_addresses":
		return proxied(out, c.Seed)
	case "standing":
		return standing(c, base, rng)
	case "deploy":
		return deploy(out, onset, c.Seed, rng)
	case "monitor":
		return monitor(base, onset, rng)
	case "job":
		return job(base, rng)
	case "clock_skew":
		return skew(out, c.Seed)
	}
	return nil, false
}

// visitors adds one client: a program that asks for one refused address in
// bursts, or a true crawler on its first visit, with its dead links.
func visitors(what string, base *Log, onset time.Time, rng *rand.Rand) (*Log, bool) {
	r := newRaid(base, onset, rng)
	if r.form == nil {
		return nil, false
	}
	at := 0.0
	a := r.stranger()
	for range 300 + rng.IntN(900) {
		q := Ask{Client: a, Method: "GET", URI: "/export/full.csv", Agent: "python-requests/2.31.0", Answer: Answer{Status: 403}}
		gap := .6
		if what == "new_crawler" {
			q = Ask{Client: "52.167.144.177", Method: "GET", URI: r.page(), Agent: "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36", Answer: Answer{Status: 200}}
			if u := rng.Float64(); u < .35 {
				q.URI, q.Status = fmt.Sprintf("/old/page-%d.html", rng.IntN(2000)), 404
			} else if u < .39 {
				q.URI, q.Status = oneOf(rng, []string{"/admin/", "/private/"}), 403
			}
			gap = 2.5
		}
		r.do(at, q)
		at += rng.ExpFloat64() * gap
		if rng.IntN(120) == 0 {
			at += 600 + rng.Float64()*1800
		}
	}
	return r.write(base), true
}

// From is the line with another client.
func (l *Line) From(a netip.Addr) (Line, bool) {
	out := *l
	out.Client = a
	if len(l.Text) > 0 && l.Text[0] == '{' {
		for _, key := range []string{"remote_addr", "ClientIP"} {
			out.Text = put(out.Text, change{jsonValue(out.Text, key), quote(a.String())})
		}
		return out, true
	}
	f, ok := find(l.Text)
	if !ok || f.addr == [2]int{} {
		return out, false
	}
	out.Text = put(l.Text, change{f.addr, a.String()})
	return out, true
}

// person tells whether a request is that of somebody with a browser who has not
// signed in: programs have their own addresses, and keys are not shared.
func person(l *Line) bool {
	return l.Request && l.User == "" && robot(l.Agent) == "" && strings.HasPrefix(l.Agent, "Mozilla/") && !strings.Contains(l.Agent, "compatible;")
}

// office puts up to a hundred of the clients behind one address, none of which
// looks for what is not there, as people seldom do three times.
func office(out *Log, during func(*Line) bool, seed uint64, rng *rand.Rand) (*Log, bool) {
	gate := netip.AddrFrom4([4]byte{195, 14, byte(rng.IntN(250)), byte(1 + rng.IntN(250))})
	lost := map[netip.Addr]map[string]bool{}
	for i := range out.Lines {
		if l := &out.Lines[i]; l.Status >= 400 && l.Status < 500 {
			if lost[l.Client] == nil {
				lost[l.Client] = map[string]bool{}
			}
			lost[l.Client][l.Path] = true
		}
	}
	inside := map[netip.Addr]bool{}
	for i := range out.Lines {
		l := &out.Lines[i]
		if !during(l) || !person(l) || len(lost[l.Client]) >= 3 || luck(seed, l.Client) > .5 || !inside[l.Client] && len(inside) >= 100 {
			continue
		}
		inside[l.Client] = true
		if moved, ok := l.From(gate); ok {
			*l = moved
		}
	}
	return out, len(inside) >= 5
}

// crowd sends nine further visitors for each one, who do the same a little
// earlier or later. They come to look: who sends something, or asks for what
// somebody is refused or misses, like a scanner, draws no crowd.
func crowd(out *Log, during func(*Line) bool, seed uint64, rng *rand.Rand) (*Log, bool) {
	bad := map[string]bool{}
	for i := range out.Lines {
		if l := &out.Lines[i]; l.Status >= 400 || l.Method != "GET" {
			bad[l.Path] = true
		}
	}
	failed := map[netip.Addr]bool{}
	for i := range out.Lines {
		if l := &out.Lines[i]; during(l) && bad[l.Path] {
			failed[l.Client] = true
		}
	}
	var more []Line
	for i := range out.Lines {
		l := &out.Lines[i]
		if !during(l) || !person(l) || !l.Client.Is4() || failed[l.Client] {
			continue
		}
		for k := range uint64(9) {
			b := l.Client.As4()
			h := splitmix.Mix(uint64(b[0])<<24 | uint64(b[1])<<16 | uint64(b[2])<<8 | uint64(b[3]) ^ splitmix.Mix(seed+k))
			b[2], b[3] = byte(h>>8), 1+byte(h)%254
			if moved, ok := l.From(netip.AddrFrom4(b)); ok {
				shift := time.Duration(h>>16%120e3) * time.Millisecond
				if moved, ok = moved.At(time.Unix(0, l.Time).Add(shift)); ok {
					more = append(more, moved)
				}
			}
		}
	}
	if len(more) < 100 || len(more) > 400_000 {
		return nil, false
	}
	out.Lines = append(out.Lines, more...)
	out.Sort()
	return out, true
}

// again writes the lines of a span twice: each at once, or all of them later on,
// as a shipper does that has lost its place.
func again(out *Log, late bool, during func(*Line) bool) *Log {
	var lines, held []Line
	for _, l := range out.Lines {
		if !during(&l) && len(held) > 0 {
			lines, held = append(lines, held...), nil
		}
		lines = append(lines, l)
		if during(&l) && late {
			held = append(held, l)
		} else if during(&l) {
			lines = append(lines, l)
		}
	}
	out.Lines = append(lines, held...)
	return out
}

// drift has refusals double over the log, from one request in five hundred to
// one in two hundred and fifty, whoever asks.
func drift(out *Log, seed uint64) *Log {
	from, to := out.Span()
	answer := Answer{Status: 403, Bytes: ownPage(out)}
	for i := range out.Lines {
		l := &out.Lines[i]
		if !l.Served() {
			continue
		}
		part := float64(l.Time-from.UnixNano()) / float64(to.Sub(from))
		if splitmix.Unit(splitmix.Mix(uint64(l.Time)^splitmix.Mix(seed+uint64(i)))) < .002+.002*part {
			if changed, ok := answer.Rewrite(l); ok {
				*l = changed
			}
		}
	}
	return out
}

// proxied gives all clients the addresses of a dozen machines of a content
// network.
func proxied(out *Log, seed uint64) (*Log, bool) {
	for i := range out.Lines {
		l := &out.Lines[i]
		h := splitmix.Mix(uint64(luck(seed, l.Client)*1e9) + uint64(l.Time/600e9))
		if moved, ok := l.From(netip.AddrFrom4([4]byte{172, 70, byte(h % 12), byte(10 + h>>8%12)})); ok {
			*l = moved
		}
	}
	return out, true
}

// standing refuses three clients in ten a part of the site, all the time.
func standing(c Case, base *Log, rng *rand.Rand) (*Log, bool) {
	from, to := base.Span()
	var list []Candidate
	for _, k := range Candidates(base.Lines, "path") {
		if k.Clients >= 20 && k.Shared < .5 && !strings.HasPrefix(k.Terms[0].Value, "/.") {
			list = append(list, k)
		}
	}
	if len(list) == 0 {
		return nil, false
	}
	p := Plan{Cohort: oneOf(rng, list).Terms, Fraction: .3, Shape: "step", Onset: from, Duration: to.Sub(from) + time.Second, Answer: Answer{Status: 403, Bytes: ownPage(base)}, Seed: c.Seed}
	log, _, _ := p.Apply(base)
	return log, true
}

// absent takes the lines of a cohort away, as an edge does that refuses it
// without a word to the origin.
func absent(p *Plan, base *Log) (*Log, Effect, []string) {
	out := &Log{Format: base.Format}
	var e Effect
	gone, before := map[netip.Addr]bool{}, map[netip.Addr]bool{}
	cohort := CohortOf(p.Cohort)
	for i := range base.Lines {
		l := &base.Lines[i]
		if l.Request && cohort.Has(l) {
			if p.hits(l.Client, l.Time) {
				gone[l.Client] = true
				e.Lines++
				continue
			}
			if l.Time < p.Onset.UnixNano() {
				before[l.Client] = true
			}
		}
		out.Lines = append(out.Lines, *l)
	}
	e.Active, e.Refused, e.Minutes = len(gone), len(gone), p.Duration.Minutes()
	for a := range gone {
		if before[a] {
			e.Newly++
		}
	}
	return out, e, addresses(gone)
}
