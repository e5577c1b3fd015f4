package main

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/score/inject"
)

// work has the jobs done on all processors. The results are in the order of the
// jobs, those of injected cases apart.
func work(ctx context.Context, jobs []job) (scenarios, injected []result, err error) {
	lists := make([][]result, len(jobs))
	var wait sync.WaitGroup
	next := make(chan int)
	for range max(1, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for i := range next {
				lists[i] = jobs[i](ctx)
			}
		})
	}
	for i := range jobs {
		next <- i
	}
	close(next)
	wait.Wait()
	for _, list := range lists {
		for _, r := range list {
			switch {
			case r.err != nil:
				return nil, nil, fmt.Errorf("%s, seed %d: %w", r.group, r.seed, r.err)
			case strings.Contains(r.group, "/"):
				injected = append(injected, r)
			default:
				scenarios = append(scenarios, r)
			}
		}
	}
	return scenarios, injected, nil
}

// listJobs lists what is to be measured: scenarios, and cases injected into
// sites.
func listJobs(o options) ([]job, error) {
	trials, err := listCases(o)
	if err != nil {
		return nil, err
	}
	var jobs []job
	sites, err := listSites(o)
	if err != nil {
		return nil, err
	}
	for _, s := range sites {
		if cases := siteCases(&s, o); len(cases) > 0 {
			jobs = append(jobs, func(ctx context.Context) []result { return measureSite(ctx, o, s, cases) })
		}
	}
	for _, t := range trials {
		jobs = append(jobs, func(ctx context.Context) []result { return []result{measure(ctx, t)} })
	}
	if len(jobs) == 0 {
		return nil, fmt.Errorf("no case contains %q", o.only)
	}
	return jobs, nil
}

// listSites lists the backgrounds.
func listSites(o options) ([]inject.Site, error) {
	sites := []inject.Site{
		inject.Simulated("combined", 204, 1_500_000, 3*time.Hour),
		inject.Simulated("cloudflare", 103, 100_000, 36*time.Hour),
		inject.Simulated("combined", 101, 100_000, 36*time.Hour),
		inject.Simulated("vhost_combined", 102, 60_000, 36*time.Hour),
		inject.Simulated("json", 104, 60_000, 36*time.Hour),
	}
	if o.full {
		sites = append(sites, inject.Simulated("combined", 201, 1_500_000, 3*time.Hour), inject.Simulated("cloudflare", 202, 1_500_000, 3*time.Hour), inject.Simulated("json", 203, 1_000_000, 4*time.Hour),
			inject.Simulated("vhost_combined", 105, 300_000, 36*time.Hour), inject.Simulated("cloudflare", 106, 60_000, 72*time.Hour),
			inject.Simulated("main", 107, 150_000, 36*time.Hour), inject.Simulated("combined", 108, 30_000, 8*24*time.Hour))
	}
	if o.real == "" {
		return sites, nil
	}
	more, err := inject.RealSites(o.real)
	return append(more, sites...), err
}

// siteCases deals a site its cases.
func siteCases(s *inject.Site, o options) (list []inject.Case) {
	for _, d := range deals(s, o) {
		for _, c := range inject.Cases(s, d.class, d.n, 1) {
			if strings.Contains(c.ID, o.only) && (o.split == "" || o.split == c.Split) {
				list = append(list, c)
			}
		}
	}
	return list
}

// deal is how many cases of a class a site gets.
type deal struct {
	class string
	n     int
}

// deals are few by default, so that they are measured in a minute. Half of what
// a real site is dealt comes to nothing: it has no such cohort, or something of
// its own goes on.
func deals(s *inject.Site, o options) []deal {
	switch {
	case o.full:
		return []deal{{"refusal", 36}, {"pair", 8}, {"misuse", 11}, {"absence", 2}, {"harmless", 14}}
	case s.Real:
		return []deal{{"refusal", 4}, {"misuse", 2}, {"harmless", 1}}
	}
	return []deal{{"refusal", 8}, {"pair", 2}, {"misuse", 5}, {"absence", 1}, {"harmless", 7}}
}
