package rules

import (
	"net/netip"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/score/inject"
)

// bucket is a leaky bucket as CrowdSec's http-probing has it: an address that
// asks for more than ten distinct paths that are answered 400, 403 or 404, files
// of pages apart, while one leaks out every ten seconds.
type bucket struct{}

const (
	bucketHolds = 10
	bucketLeak  = 10 * time.Second
	bucketQuiet = 5 * time.Minute
)

func (bucket) Name() string { return "leaky bucket, 10 paths, 10 s" }

// pail is the bucket of one address.
type pail struct {
	level     float64
	at        int64 // when level was right
	since     int64 // when it began to fill
	paths     map[string]bool
	mute      int64 // nothing is said before
	reported  int   // 1 + index of the last alarm
	lastAlarm int64
}

func (bucket) Run(s *Stream) (out []Alarm) {
	pails := map[netip.Addr]*pail{}
	for i := range s.Lines {
		l := &s.Lines[i]
		if !l.Request || l.Status != 400 && l.Status != 403 && l.Status != 404 || staticFile(l.Path) {
			continue
		}
		p := pails[l.Client]
		if p == nil {
			p = &pail{}
			pails[l.Client] = p
		}
		if l.Time < p.mute || !p.fill(l) {
			continue
		}
		p.mute, p.paths = l.Time+int64(bucketQuiet), nil
		at := time.Unix(0, l.Time).UTC()
		if p.reported > 0 && l.Time-p.lastAlarm < stillOne*60e9 {
			out[p.reported-1].End = at
		} else {
			out = append(out, Alarm{Terms: []inject.Term{{Dim: "ip", Value: l.Client.String()}}, Start: time.Unix(0, p.since).UTC(), End: at, At: at, Misuse: true})
			p.reported = len(out)
		}
		p.lastAlarm = l.Time
	}
	for i := range out {
		out[i].End = out[i].End.Add(bucketQuiet)
	}
	return out
}

// fill adds a line to the bucket and tells whether it runs over.
func (p *pail) fill(l *inject.Line) bool {
	p.level -= float64(l.Time-p.at) / float64(bucketLeak)
	if p.paths == nil || p.level <= 0 {
		p.level, p.since, p.paths = 0, l.Time, map[string]bool{}
	}
	p.at = l.Time
	if p.paths[l.Path] {
		return false
	}
	p.paths[l.Path] = true
	p.level++
	return p.level > bucketHolds
}
