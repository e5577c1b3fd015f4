package inject

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// What those who run a site do themselves looks like trouble as well.

// deploy renames a part of the site: from a moment on its pages have other
// addresses, and some visitors still ask for the old ones, which are gone.
func deploy(out *Log, onset time.Time, seed uint64, rng *rand.Rand) (*Log, bool) {
	folders := slices.DeleteFunc(Candidates(out.Lines, "path"), func(k Candidate) bool { return k.Clients < 10 || strings.HasPrefix(k.Terms[0].Value, "/.") })
	if len(folders) == 0 {
		return nil, false
	}
	folder := oneOf(rng, folders[:min(len(folders), 5)]).Terms
	cohort, from := CohortOf(folder), onset.UnixNano()
	gone := Answer{Status: 404, Bytes: newRaid(out, onset, rng).missing}
	changed := 0
	for i := range out.Lines {
		l := &out.Lines[i]
		if l.Time < from || !l.Served() || l.Method != "GET" || !cohort.Has(l) {
			continue
		}
		if luck(seed, l.Client) < .3 {
			if lost, ok := gone.Rewrite(l); ok {
				*l = lost
				changed++
			}
			continue
		}
		q := Ask{At: time.Unix(0, l.Time), Client: l.Client.String(), User: l.User, Method: l.Method, URI: "/next" + l.Path, Referer: l.Referer, Agent: l.Agent, Answer: Answer{Status: int(l.Status), Bytes: l.Bytes}}
		if moved, ok := q.Compose(l); ok {
			*l = moved
		}
	}
	return out, changed > 0
}

// monitor has a probe turned on, from three places, that may not see what it asks
// for once a minute.
func monitor(base *Log, onset time.Time, rng *rand.Rand) (*Log, bool) {
	r := newRaid(base, onset, rng)
	if r.form == nil {
		return nil, false
	}
	_, to := base.Span()
	for _, place := range []string{r.stranger(), r.stranger(), r.stranger()} {
		for at := rng.Float64() * 60; at < to.Sub(onset).Seconds(); at += 60 {
			r.do(at, Ask{Client: place, Method: "GET", URI: "/server-status?auto", Agent: "Datadog Agent/7.52.0", Answer: Answer{Status: 403}})
		}
	}
	return r.write(base), true
}

// job runs on five servers of one network every six hours, and has always been
// refused what it asks for.
func job(base *Log, rng *rand.Rand) (*Log, bool) {
	first, last := base.Span()
	r := newRaid(base, first, rng)
	if r.form == nil || last.Sub(first) < 12*time.Hour {
		return nil, false
	}
	a := netip.MustParseAddr(r.stranger()).As4()
	for run := rng.Float64() * 3600; run < last.Sub(first).Seconds(); run += 6 * 3600 {
		for host := range 5 {
			a[3] = byte(10 + host)
			for k := range 8 {
				r.do(run+float64(host*7+k*11), Ask{Client: netip.AddrFrom4(a).String(), Method: "GET", URI: fmt.Sprintf("/internal/report/%d", k), Agent: "curl/8.5.0", Answer: Answer{Status: 403}})
			}
		}
	}
	return r.write(base), true
}

// skew gives every third client's lines the time of a server whose clock is four
// minutes behind. They stand where they stood.
func skew(out *Log, seed uint64) (*Log, bool) {
	for i := range out.Lines {
		if l := &out.Lines[i]; l.Request && luck(seed, l.Client) < 1./3 {
			if moved, ok := l.At(time.Unix(0, l.Time).Add(-4 * time.Minute)); ok {
				*l = moved
			}
		}
	}
	return out, true
}

// write adds the requests of a raid to a log.
func (r *raid) write(base *Log) *Log {
	out := &Log{Lines: slices.Clone(base.Lines), Format: base.Format}
	for _, q := range r.asks {
		if l, ok := q.Compose(r.form); ok {
			out.Lines = append(out.Lines, l)
		}
	}
	out.Sort()
	return out
}
