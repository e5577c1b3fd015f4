package detect

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/denylens/denylens/ingest"
)

const someBrowser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"

// request is a line of a log at so many seconds after the site's first minute.
func request(second int, addr, user, method, path string, status int, referer string) string {
	at := time.Date(2026, 3, 2, 6, 0, second, 0, time.UTC)
	return fmt.Sprintf("%s - %s [%s] \"%s %s HTTP/1.1\" %d %d %q %q\n", addr, user, at.Format("02/Jan/2006:15:04:05 -0700"), method, path, status, 700, referer, someBrowser)
}

// signsIn is somebody who reads the page to sign in, signs in and goes on.
func signsIn(second, i int) []string {
	addr := geoAddr(i).String()
	return []string{
		request(second, addr, "-", "GET", "/login", 200, "-"),
		request(second+1, addr, "-", "GET", "/css/site.css", 200, "https://www.example.com/login"),
		request(second+9, addr, "-", "POST", "/login", 302, "https://www.example.com/login"),
		request(second+10, addr, "-", "GET", "/account", 200, "https://www.example.com/login"),
	}
}

// passer is somebody who sends a password and asks for nothing else.
func passer(second, i, status int) string {
	addr := fmt.Sprintf("%d.%d.%d.9", 20+i%150, i%200, i%250)
	return request(second, addr, "-", "POST", "/login", status, "-")
}

// atTheDoor is a site for some minutes, where somebody signs in every minute.
func atTheDoor(minutes int) []string {
	lines := site(11, minutes, nil)
	for m := range minutes {
		lines = append(lines, signsIn(m*60, m*97)...)
	}
	return lines
}

func raidsIn(t *testing.T, lines []string) (found, others []Incident) {
	t.Helper()
	for _, inc := range analyse(t, ingest.Options{}, inOrder(lines)).Incidents {
		if inc.Cause.ID == "credential_stuffing" {
			found = append(found, inc)
		} else {
			others = append(others, inc)
		}
	}
	return found, others
}

func TestManyStrangersAtADoorAreOneRaidWhateverTheAnswer(t *testing.T) {
	for _, status := range []int{200, 302, 401, 403, 404} {
		lines := atTheDoor(240)
		for i := range 120 { // one every 45 seconds, each from elsewhere
			lines = append(lines, passer(130*60+i*45, i, status))
		}
		found, others := raidsIn(t, lines)
		if len(found) != 1 || len(others) != 0 {
			t.Errorf("answer %d: %d raids and %d other incidents", status, len(found), len(others))
			continue
		}
		inc := found[0]
		if inc.Kind != Misuse || inc.Severity != Low || cohortOf(inc) != "path=/login method=POST " && cohortOf(inc) != "method=POST path=/login " {
			t.Errorf("answer %d: %s %s %s", status, inc.Kind, inc.Severity, cohortOf(inc))
		}
		if late := inc.DetectedAt.Sub(time.Date(2026, 3, 2, 8, 10, 0, 0, time.UTC)); late < 0 || late > 40*time.Minute {
			t.Errorf("answer %d: found after %s", status, late)
		}
		if text := fmt.Sprint(inc.Evidence); !strings.Contains(text, "nothing but to sign in") {
			t.Errorf("answer %d: %s", status, text)
		}
	}
}

func TestACrowdThatSignsInAndGoesOnIsNoRaid(t *testing.T) {
	lines := atTheDoor(240)
	for i := range 600 { // ten a minute, for an hour
		lines = append(lines, signsIn(130*60+i*6, 1000+i)...)
	}
	if found, others := raidsIn(t, lines); len(found)+len(others) != 0 {
		t.Errorf("%d raids and %d others", len(found), len(others))
	}
}

func TestWhereNobodyAsksForAPageACrowdIsNoRaid(t *testing.T) {
	var lines []string
	at := 0
	for i := range 1200 { // a host of its own for sessions; ten times as many after an outage
		if at += 20; at > 3*3600 {
			at -= 18
		}
		lines = append(lines, request(at, geoAddr(i).String(), "-", "POST", "/session", 200, "-"))
	}
	if found, others := raidsIn(t, lines); len(found)+len(others) != 0 {
		t.Errorf("%d raids and %d others", len(found), len(others))
	}
}

func TestUsersShutOutAtTheDoorAreNoRaid(t *testing.T) {
	lines := site(11, 240, nil)
	for i := range 240 * 3 { // programs, that get a token and use it
		addr, status := geoAddr(i).String(), 200
		if i > 130*3 {
			status = 403
		} else {
			lines = append(lines, request(i*20+1, addr, "-", "GET", "/account", 200, "-"))
		}
		lines = append(lines, request(i*20, addr, "-", "POST", "/oauth/token", status, "-"))
	}
	for _, inc := range analyse(t, ingest.Options{}, inOrder(lines)).Incidents {
		if strings.Contains(fmt.Sprint(inc.Evidence), "nothing but to sign in") {
			t.Errorf("%s", inc.Title)
		}
	}
}

func TestAKeyInUseAllOverTheWorldIsShared(t *testing.T) {
	for _, c := range []struct {
		name         string
		before, many int // minutes; addresses in the half hour behind them
		always       bool
		want         int
	}{
		{"after an hour at one address", 60, 30, false, 1},
		{"on the road", 60, 2, false, 0},
		{"from everywhere, as ever", 120, 30, true, 0},
	} {
		lines := site(5, c.before+45, nil)
		for m := range c.before + 30 {
			addr := "87.151.30.117"
			if c.always {
				addr = fmt.Sprintf("%d.%d.3.9", 20+m*7%180, m)
			}
			lines = append(lines, request(m*60, addr, "fleet", "GET", "/docs/api", 200, "-"))
		}
		for i := range c.many {
			lines = append(lines, request(c.before*60+i*1800/c.many, fmt.Sprintf("%d.%d.7.9", 20+i*5%180, i), "fleet", "GET", "/docs/api", 200, "-"))
		}
		found := 0
		for _, inc := range analyse(t, ingest.Options{}, inOrder(lines)).Incidents {
			if inc.Cause.ID == "key_sharing" && cohortOf(inc) == "user=fleet " {
				found++
			}
		}
		if found != c.want {
			t.Errorf("%s: found %d times", c.name, found)
		}
	}
}
