package detect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/denylens/denylens/ingest"
)

const googlebot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

// alone is a client that asks four times a minute and is refused from minute 60 on,
// refusals times, while the rest of the site goes on as ever.
func alone(t *testing.T, addr, user, agent string, refusals int) []Incident {
	t.Helper()
	lines := site(7, 100, nil)
	left := refusals
	for i := range 400 {
		m := i / 4
		status := 200
		if m >= 60 {
			if left == 0 {
				break
			}
			status, left = 403, left-1
		}
		v := visit{m, i % 4 * 15, 0, "/docs/start", status}
		line := v.line(0)
		_, rest, _ := strings.Cut(line, " [")
		rest = rest[:strings.Index(rest, ` "https://`)]
		lines = append(lines, fmt.Sprintf("%s - %s [%s \"-\" %q\n", addr, user, rest, agent))
	}
	return analyse(t, ingest.Options{}, inOrder(lines)).Incidents
}

// inOrder sorts lines by the minute and second of their stamps.
func inOrder(lines []string) []string {
	stamp := func(l string) string { _, s, _ := strings.Cut(l, " ["); return s[:20] }
	out := append([]string{}, lines...)
	slices.SortStableFunc(out, func(a, b string) int { return strings.Compare(stamp(a), stamp(b)) })
	return out
}

func TestAUserTurnedAwayAloneIsReportedFromThreeRefusalsOn(t *testing.T) {
	for refusals, want := range map[int]bool{1: false, 2: false, 3: true, 12: true} {
		found := alone(t, "198.51.100.9", "key-17", "acme-sync/1.8", refusals)
		if !want {
			if len(found) > 0 {
				t.Errorf("%d refusals: %s", refusals, found[0].Title)
			}
			continue
		}
		if len(found) != 1 || found[0].Kind != Overblock || found[0].Severity != Low || !strings.Contains(cohortOf(found[0]), "user=key-17") {
			t.Errorf("%d refusals: %+v", refusals, found)
		}
	}
}

func TestANamelessClientTurnedAwayAloneNeedsSurerSigns(t *testing.T) {
	if found := alone(t, "198.51.100.9", "-", "acme-sync/1.8", 12); len(found) != 0 {
		t.Errorf("a program that nobody knows: %s", found[0].Title)
	}
}

func TestATrueCrawlerRefusedIsAnOverblockOfWeight(t *testing.T) {
	found := alone(t, "66.249.66.1", "-", googlebot, 4)
	if len(found) != 1 || found[0].Kind != Overblock || found[0].Severity != Medium || !strings.Contains(found[0].Title, "crawler") {
		t.Errorf("%+v", found)
	}
	for _, inc := range alone(t, "198.51.100.9", "-", googlebot, 12) {
		if inc.Kind == Overblock {
			t.Errorf("a false crawler: %s", inc.Title)
		}
	}
}
