package geo

import (
	"net/netip"
	"strings"
	"sync"
)

// Crawlers knows the published address ranges of crawlers. A nil Crawlers
// knows nobody. Safe for concurrent use.
type Crawlers struct {
	list    []owner
	byFirst [256][]claim // by the first byte of the claim, in either case
	ranges  []ranges     // for each of list: 1 = its own, 2 = its owner's
	dns     *confirmer
}

type claim struct {
	word    string // lower case
	crawler int
}

const (
	ownRange  = 1
	wideRange = 2
)

var knownCrawlers = sync.OnceValue(func() *Crawlers {
	c := &Crawlers{}
	for _, o := range owners() {
		if o.kind == "crawler" {
			c.take(o)
		}
	}
	return c
})

// KnownCrawlers returns the crawlers that are compiled in.
func KnownCrawlers() *Crawlers { return knownCrawlers() }

func (c *Crawlers) take(o owner) {
	n := len(c.list)
	c.list = append(c.list, o)
	var r ranges
	for _, p := range o.wide {
		r.add(p, wideRange)
	}
	for _, p := range o.own {
		r.add(p, ownRange)
	}
	r.index()
	c.ranges = append(c.ranges, r)
	for _, w := range o.claims {
		w = strings.ToLower(w)
		for _, first := range []byte{w[0], strings.ToUpper(w)[0]} {
			c.byFirst[first] = append(c.byFirst[first], claim{w, n})
			if first < 'a' || first > 'z' {
				break // has no case
			}
		}
	}
}

// Verify names the crawler that agent claims to be ("googlebot"; "" if none)
// and says whether addr is one of its own addresses: True by its published
// ranges; Fake if the owner says that it crawls from nowhere else; Unverified
// otherwise. It does not allocate.
func (c *Crawlers) Verify(agent []byte, addr netip.Addr) (string, Verdict) {
	return c.VerifyClaim(c.Claim(agent), addr)
}

// Claim is the crawler that agent claims to be, for VerifyClaim; it is the same
// for the same text, and may be remembered.
func (c *Crawlers) Claim(agent []byte) int { return c.claimed(agent) }

// VerifyClaim is Verify for a claim.
func (c *Crawlers) VerifyClaim(claim int, addr netip.Addr) (string, Verdict) {
	i := claim
	if i < 0 {
		return "", NoCrawler
	}
	o := &c.list[i]
	addr = addr.Unmap()
	if !addr.IsValid() {
		return o.name, Unverified
	}
	switch v, ok := c.ranges[i].find(addr); {
	case ok && v == ownRange:
		return o.name, True
	case ok || !o.closed || Reserved(addr) != "" || Edge(addr) != "":
		// Behind a proxy that hides its clients, nobody can tell.
		return o.name, Unverified
	}
	return o.name, Fake
}

// claimed returns the index of the crawler that agent claims to be, -1 if
// none. Of several claims the one that stands last counts: crawlers put their
// own name behind those that they imitate.
func (c *Crawlers) claimed(agent []byte) int {
	if c == nil {
		return -1
	}
	found := -1
	inWord := false
	for i, b := range agent {
		letter := b|0x20 >= 'a' && b|0x20 <= 'z'
		if inWord {
			inWord = letter
			continue
		}
		inWord = letter
		for _, cl := range c.byFirst[b] {
			if len(agent)-i >= len(cl.word) && foldEqual(agent[i:i+len(cl.word)], cl.word) {
				found = cl.crawler
				break
			}
		}
	}
	return found
}

func foldEqual(b []byte, lower string) bool {
	for i := range b {
		c := b[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
