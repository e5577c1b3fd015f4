package detect

import (
	"strings"
	"testing"

	"github.com/denylens/denylens/ingest"
)

func TestAnAccountUsedInPlacesTooFarApartIsTold(t *testing.T) {
	const home, near, far = "87.151.30.117", "90.85.7.9", "200.160.7.134" // Germany, France, Brazil
	for _, c := range []struct {
		name  string
		every string // where the account is at noon of each day, minutes apart
		last  []string
		want  int
	}{
		{"two hands", home, []string{home, far, home, far, home, far, home, far}, 1},
		{"a VPN switched on and off", home, []string{home, far, far, far, home, home, home}, 0},
		{"across a border", home, []string{home, near, home, near, home, near, home, near}, 0},
		{"as ever", home + " " + far + " " + home + " " + far + " " + home, []string{home, far, home, far, home, far, home, far}, 0},
	} {
		const days = 8
		lines := site(5, 30, nil)
		use := func(day, minute int, addr string) {
			lines = append(lines, request((day*1440+720+minute)*60, addr, "karin", "GET", "/docs/api", 200, "-"))
		}
		for day := range days {
			for i, addr := range strings.Fields(c.every) {
				use(day, 5*i, addr)
			}
		}
		for i, addr := range c.last {
			use(days, 5*i, addr)
		}
		found := 0
		for _, inc := range analyse(t, ingest.Options{}, inOrder(lines)).Incidents {
			if inc.Cause.ID == "key_sharing" && inc.Severity == Low && strings.Contains(inc.Title, "too far apart") {
				found++
			}
		}
		if found != c.want {
			t.Errorf("%s: found %d times", c.name, found)
		}
	}
}

func TestTheOrderWithinAMinuteChangesNoLeap(t *testing.T) {
	for _, order := range [][]uint8{{1, 3, 7}, {7, 3, 1}, {3, 7, 1}} {
		u := travel{}
		for minute := int32(0); minute < 12*dayMinutes; minute += dayMinutes {
			u.visit(3, minute, 0)
		}
		told := 0
		for i := range int32(9) {
			for _, zone := range order {
				if u.visit(zone, 12*dayMinutes+100+i, 0) {
					told++
				}
			}
		}
		if told == 0 || u.leaps != 9 {
			t.Errorf("%v: told %d times, %d leaps", order, told, u.leaps)
		}
	}
}
