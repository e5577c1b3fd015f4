package cli

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/denylens/denylens/detect"
)

// zone is a resolver whose zones are known.
type zone struct {
	names map[string][]string
	addrs map[string][]netip.Addr
}

func (z zone) LookupAddr(_ context.Context, a string) ([]string, error) { return z.names[a], nil }
func (z zone) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	return z.addrs[host], nil
}

func TestCrawlersAreConfirmedOnceAndNobodyElseIsAskedFor(t *testing.T) {
	const true1, fake1 = "180.76.15.1", "45.155.205.1"
	z := zone{
		names: map[string][]string{true1: {"baiduspider-1.crawl.baidu.com."}, fake1: {"host.example.net."}},
		addrs: map[string][]netip.Addr{"baiduspider-1.crawl.baidu.com": {netip.MustParseAddr(true1)}},
	}
	sample := func(addr, agent string) detect.Sample {
		return detect.Sample{Line: addr + ` - - [02/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 403 153 "-" "` + agent + `"`}
	}
	list := []detect.Incident{{Samples: []detect.Sample{
		sample(true1, "Baiduspider/2.0"), sample(true1, "Baiduspider/2.0"), sample(fake1, "Baiduspider/2.0"),
		sample("192.0.2.1", "Mozilla/5.0 Firefox/128.0"), {Line: "not a line"}, {},
	}}}
	confirmCrawlers(context.Background(), list, z)
	var got []string
	for _, e := range list[0].Evidence {
		got = append(got, e.Text)
	}
	if len(got) != 2 || !strings.Contains(got[0], "confirms that "+true1) || !strings.Contains(got[1], fake1+" says it is") {
		t.Errorf("%q", got)
	}
}
