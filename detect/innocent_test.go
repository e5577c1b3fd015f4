package detect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/denylens/denylens/ingest"
)

// What a program asks for is not counted as read by the browser that has the
// same address.
func TestATillBesideABrowserScrapesNothing(t *testing.T) {
	const browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
	read := func(agent string, every int) (out []string) {
		for m := range 80 {
			for k := range 10 / every {
				out = append(out, requests("198.51.100.9", "-", agent, fmt.Sprintf("GET /shop/item/%d", 10*m+k), m+1, func(at int) int {
					if at == m {
						return 200
					}
					return 0
				})...)
			}
		}
		return out
	}
	for name, c := range map[string]struct {
		lines []string
		want  int
	}{
		"a till and a browser": {append(read("ShopTill/2.4 (Windows 10; net8.0)", 1), read(browser, 10)...), 0},
		"a browser alone":      {read(browser, 1), 1},
	} {
		found := analyse(t, ingest.Options{}, inOrder(append(site(45, 90, nil), c.lines...))).Incidents
		if len(found) != c.want || c.want > 0 && found[0].Cause.ID != "scraping" {
			t.Errorf("%s: %v, want %d", name, titles(Summary{Incidents: found}), c.want)
		}
	}
}

// Robots ask for old pages that are gone, each from many addresses. That is no
// wave of probes.
func TestRobotsThatAskForOldPagesAreNoWave(t *testing.T) {
	for agent, want := range map[string]int{
		"Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)": 0,
		"Mozilla/5.0 (X11; Linux x86_64; rv:60.0) Gecko/20100101 Firefox/60": 1,
	} {
		lines := site(46, 150, nil)
		for k := range 60 {
			minute := 90 + k/2
			lines = append(lines, requests(fmt.Sprintf("%d.%d.%d.7", 60+2*k, 3*k, k), "-", agent, "GET /old/item.php", minute+1, func(m int) int {
				if m == minute {
					return 404
				}
				return 0
			})...)
		}
		if found := analyse(t, ingest.Options{}, inOrder(lines)).Incidents; len(found) != want {
			t.Errorf("%s: %v, want %d", agent, titles(Summary{Incidents: found}), want)
		}
	}
}

// A job that asks for the same thing hour after hour, with a tool that is
// nobody's, is missed when it is refused; what goes from page to page is not.
func TestAJobOfManyHoursIsNoScraper(t *testing.T) {
	const refusedFrom = 500
	status := func(m int) int {
		if m >= refusedFrom {
			return 403
		}
		return 200
	}
	var job, crawl []string
	for m := range 600 {
		for _, c := range []struct {
			list *[]string
			path string
		}{{&job, "/docs/start"}, {&crawl, fmt.Sprintf("/docs/%c%c/page", 'a'+m%26, 'a'+m/26)}} {
			*c.list = append(*c.list, requests("198.51.100.9", "-", "Wget/1.12 (linux-gnu)", "GET "+c.path, m+1, func(at int) int {
				if at == m {
					return status(m)
				}
				return 0
			})...)
		}
	}
	for name, c := range map[string]struct {
		lines []string
		want  int
	}{"a job": {job, 1}, "page after page": {crawl, 0}} {
		found := analyse(t, ingest.Options{}, inOrder(append(site(47, 600, nil), c.lines...))).Incidents
		if len(found) != c.want || c.want > 0 && found[0].Kind != Overblock {
			t.Errorf("%s: %v, want %d incidents", name, titles(Summary{Incidents: found}), c.want)
		}
	}
}

// The first minute of a log may be no more than its last second: that nobody
// probed in it says nothing.
func TestALogThatBeginsWithinAMinuteHasNoWaveOfWhatAlwaysComes(t *testing.T) {
	lines := site(48, 40, nil)
	lines = lines[len(site(48, 1, nil))-1:] // the last line of minute 0, and all that follows
	for k := range 39 * 8 {
		minute := 1 + k/8
		lines = append(lines, requests(fmt.Sprintf("%d.%d.%d.7", 60+k%90, k%200, k%251), "-", "curl/8.5", "GET /.env", minute+1, func(m int) int {
			if m == minute {
				return 403
			}
			return 0
		})...)
	}
	for _, in := range analyse(t, ingest.Options{}, inOrder(lines)).Incidents {
		if strings.Contains(in.Title, "addresses ask for") {
			t.Error(in.Title)
		}
	}
}
