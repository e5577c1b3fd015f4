// Package simulate writes the access log of a site that does not exist, with
// people, applications, crawlers and the noise of the internet on it, and with
// one known thing going wrong. It exists to try a tool, an alert or a threshold
// without a log of one's own, and to measure detection against a known truth.
//
// Traffic is made client by client: a person arrives, loads a page and what
// belongs to it, thinks, goes on, and reacts when refused; a server polls; a
// crawler keeps its pace. A log is a merge of many such lives in order of
// time, and no line is drawn independently of the others. Addresses are real
// public address space of the client's country, so that a geo database agrees.
//
// The same options give the same bytes.
package simulate

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// Options say what to write. The zero value of each field means its default.
type Options struct {
	Scenario string        // name of one of Scenarios; default "quiet"
	Seed     uint64        // another seed is another day at another site; default 1
	Start    time.Time     // first moment of the log; default Monday, 2 March 2026, 00:00 UTC
	Duration time.Duration // length of the log; default 24 h
	Requests int           // about how many requests; default 150,000 a day
	Format   string        // one of Formats; default combined
}

// DefaultStart is the first moment of a log when Options name none. It is fixed
// so that the same command gives the same log on any day.
var DefaultStart = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

const (
	defaultPerDay = 150_000
	maxRequests   = 2_000_000_000
	maxDuration   = 366 * 24 * time.Hour
)

// withDefaults fills o and checks it.
func (o Options) withDefaults() (Options, error) {
	if o.Scenario == "" {
		o.Scenario = "quiet"
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Start.IsZero() {
		o.Start = DefaultStart
	}
	if o.Duration == 0 {
		o.Duration = 24 * time.Hour
	}
	if o.Duration < time.Minute || o.Duration > maxDuration {
		return o, fmt.Errorf("duration %v: want one minute to 366 days", o.Duration)
	}
	if o.Requests == 0 {
		o.Requests = max(1, int(defaultPerDay*o.Duration.Hours()/24))
	}
	if o.Requests < 0 || o.Requests > maxRequests {
		return o, fmt.Errorf("requests %d: want 1 to %d", o.Requests, maxRequests)
	}
	if o.Format == "" {
		o.Format = "combined"
	}
	if newLayout(o.Format) == nil {
		return o, fmt.Errorf("format %q: want one of %s", o.Format, strings.Join(Formats, ", "))
	}
	return o, nil
}

// Run writes the log of a scenario to w and returns what is true about it. It
// streams: memory depends on how many clients are active at one time, not on
// the length of the log. It ends early with ctx's error, or with w's.
func Run(ctx context.Context, o Options, w io.Writer) (Truth, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Truth{}, fmt.Errorf("simulate: %w", err)
	}
	s := find(o.Scenario)
	if s == nil {
		return Truth{}, fmt.Errorf("simulate: scenario %q: want one of %s", o.Scenario, strings.Join(Names(), ", "))
	}
	world := newWorld(o, w)
	world.populate()
	s.Stage(&stage{world: world, rng: derive(o.Seed, "scenario "+s.Name)})
	if err := world.run(ctx); err != nil {
		return world.tell(s), fmt.Errorf("simulate %s: %w", s.Name, err)
	}
	return world.tell(s), nil
}
