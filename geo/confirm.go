package geo

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Resolver asks the domain name system. *net.Resolver is one.
type Resolver interface {
	LookupAddr(ctx context.Context, addr string) (names []string, err error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

const (
	confirmTime  = 2 * time.Second // for both questions together
	confirmCache = 4096            // answers kept
	confirmLimit = 8               // questions under way at a time
)

// WithResolver returns crawlers that can Confirm by asking r. What a name
// server answers is its owner's text: it is compared, and never shown.
func (c *Crawlers) WithResolver(r Resolver) *Crawlers {
	if c == nil || r == nil {
		return c
	}
	with := *c
	with.dns = &confirmer{r: r, seen: make(map[confirmKey]Verdict), slots: make(chan struct{}, confirmLimit)}
	return &with
}

type confirmKey struct {
	crawler int
	addr    netip.Addr
}

// confirmer asks, within bounds, and remembers.
type confirmer struct {
	r     Resolver
	slots chan struct{}
	mu    sync.Mutex
	seen  map[confirmKey]Verdict
}

// Confirm does what Verify does, and where that cannot tell asks the resolver:
// the address has a name in the crawler's domain, and that name has the
// address (forward-confirmed reverse DNS, as the owners of the large crawlers
// advise). Without a resolver, or without an answer in two seconds, the
// verdict stays. It may block that long: call it for a report, not for a line.
func (c *Crawlers) Confirm(ctx context.Context, agent []byte, addr netip.Addr) (string, Verdict) {
	name, v := c.Verify(agent, addr)
	if v != Unverified || c.dns == nil || !addr.IsValid() {
		return name, v
	}
	i := c.claimed(agent)
	if len(c.list[i].rdns) == 0 {
		return name, v
	}
	return name, c.dns.confirm(ctx, confirmKey{i, addr.Unmap().WithZone("")}, c.list[i].rdns)
}

func (d *confirmer) confirm(ctx context.Context, key confirmKey, domains []string) Verdict {
	d.mu.Lock()
	v, ok := d.seen[key]
	d.mu.Unlock()
	if ok {
		return v
	}
	ctx, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	case <-ctx.Done():
		return Unverified
	}
	v = d.ask(ctx, key.addr, domains)
	if v == Unverified {
		return v // ask again another time
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.seen) >= confirmCache {
		clear(d.seen)
	}
	d.seen[key] = v
	return v
}

// ask returns True or Fake, or Unverified if there is no answer.
func (d *confirmer) ask(ctx context.Context, addr netip.Addr, domains []string) Verdict {
	names, err := d.r.LookupAddr(ctx, addr.String())
	if err != nil {
		return Unverified
	}
	for _, name := range names {
		name = strings.ToLower(strings.TrimSuffix(name, "."))
		if !inDomain(name, domains) {
			continue
		}
		addrs, err := d.r.LookupNetIP(ctx, "ip", name)
		if err != nil {
			return Unverified
		}
		for _, a := range addrs {
			if a.Unmap().WithZone("") == addr {
				return True
			}
		}
	}
	return Fake
}

func inDomain(name string, domains []string) bool {
	for _, d := range domains {
		if name == d || strings.HasSuffix(name, "."+d) {
			return true
		}
	}
	return false
}
