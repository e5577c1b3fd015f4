package cli

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/denylens/denylens/detect"
	"github.com/denylens/denylens/geo"
)

// Bounds of what is asked for one report.
const (
	confirmMost = 50 // addresses
	confirmSpan = 20 * time.Second
)

// confirmCrawlers asks the domain name system who the crawlers of incidents
// are, where their addresses alone do not tell, and adds what it says to the
// evidence. Refused clients that say they are crawlers are seen by the samples.
func confirmCrawlers(ctx context.Context, list []detect.Incident, ask geo.Resolver) {
	ctx, cancel := context.WithTimeout(ctx, confirmSpan)
	defer cancel()
	known := geo.KnownCrawlers().WithResolver(ask)
	left := confirmMost
	for i := range list {
		told := map[netip.Addr]bool{}
		for _, s := range list[i].Samples {
			agent, addr := who(s.Line)
			if _, v := known.Verify(agent, addr); v != geo.Unverified || told[addr] || left == 0 {
				continue
			}
			told[addr] = true
			left--
			switch name, v := known.Confirm(ctx, agent, addr); v {
			case geo.True:
				list[i].Evidence = append(list[i].Evidence, detect.Text{Text: fmt.Sprintf("the domain name system confirms that %s is %s", addr, name)})
			case geo.Fake:
				list[i].Evidence = append(list[i].Evidence, detect.Text{Text: fmt.Sprintf("%s says it is %s, the domain name system says it is not", addr, name)})
			}
		}
	}
}

// who is the client of a sample line: its user agent and address.
func who(line string) (agent []byte, addr netip.Addr) {
	first, _, _ := strings.Cut(line, " ")
	addr, _ = netip.ParseAddr(first)
	if end := strings.LastIndex(line, `"`); end > 0 {
		if begin := strings.LastIndex(line[:end], `"`); begin >= 0 {
			agent = []byte(line[begin+1 : end])
		}
	}
	return agent, addr
}
