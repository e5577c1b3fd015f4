package detect

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/denylens/denylens/ingest"
)

// shop makes days of a small shop: each hour some people look at pages, and
// order says how the form of one of them is answered, 0 for those who send none.
func shop(days int, order func(visitor int) (status int, referer string)) []string {
	const agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
	begin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	var out []string
	line := func(at time.Time, who int, request string, status int, referer string) {
		out = append(out, fmt.Sprintf("%d.%d.%d.7 - - [%s] \"%s HTTP/1.1\" %d 512 %q %q\n", 60+who%90, who%200, who%250, at.Format("02/Jan/2006:15:04:05 -0700"), request, status, referer, agent))
	}
	const home = "https://shop.example.com"
	for who := range days * 24 * 4 {
		at := begin.Add(time.Duration(who) * 15 * time.Minute)
		line(at, who, "GET /", 200, "-")
		line(at.Add(time.Second), who, "GET /style.css", 200, home+"/")
		line(at.Add(2*time.Second), who, "GET /bus/list", 200, home+"/")
		line(at.Add(3*time.Second), who, "GET /order/", 200, home+"/bus/list")
		if status, referer := order(who); status != 0 {
			line(at.Add(5*time.Minute), who, "POST /order/", status, referer)
		}
	}
	return out
}

func deadEndsOf(s Summary) (out []Incident) {
	for _, i := range s.Incidents {
		if strings.HasPrefix(i.Title, "A form of the site is refused") {
			out = append(out, i)
		}
	}
	return out
}

func TestFiveOrdersThatFailAreAnIncident(t *testing.T) {
	const form = "https://shop.example.com/order/"
	got := deadEndsOf(analyse(t, ingest.Options{}, shop(6, func(who int) (int, string) {
		if who%90 == 45 {
			return 403, form
		}
		return 0, ""
	})))
	if len(got) != 1 {
		t.Fatalf("%d dead ends, want the order form", len(got))
	}
	if in := got[0]; cohortOf(in) != "method=POST path=/order " || in.Kind != Overblock || in.Severity != Medium || in.Cause.ID != "referer_rule" || in.Impact.Denied < deadEndDenied {
		t.Errorf("%s %s %s: %s, %+v", in.Severity, in.Kind, cohortOf(in), in.Title, in.Impact)
	}
}

func TestAFormThatWorksAgainIsRepaired(t *testing.T) {
	got := deadEndsOf(analyse(t, ingest.Options{}, shop(8, func(who int) (int, string) {
		switch {
		case who%40 != 20:
			return 0, ""
		case who < 400:
			return 403, "https://shop.example.com/order/"
		}
		return 302, "https://shop.example.com/order/"
	})))
	if len(got) != 1 || got[0].End == nil {
		t.Fatalf("%d dead ends, want one that has ended: %+v", len(got), got)
	}
}

func TestAFormThatIsSeldomRefusedIsNoDeadEnd(t *testing.T) {
	if got := deadEndsOf(analyse(t, ingest.Options{}, shop(6, func(who int) (int, string) {
		switch {
		case who%90 == 45:
			return 403, "https://shop.example.com/order/"
		case who%10 == 3:
			return 302, "https://shop.example.com/order/"
		}
		return 0, ""
	}))); len(got) != 0 {
		t.Errorf("%s", got[0].Title)
	}
}

// Robots that send forms blindly come from nowhere.
func TestFormsFromNowhereAreNoDeadEnd(t *testing.T) {
	if got := deadEndsOf(analyse(t, ingest.Options{}, shop(6, func(who int) (int, string) {
		if who%20 == 5 {
			return 403, "-"
		}
		return 0, ""
	}))); len(got) != 0 {
		t.Errorf("%s", got[0].Title)
	}
}
