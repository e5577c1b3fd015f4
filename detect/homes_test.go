package detect

import (
	"fmt"
	"testing"

	"github.com/denylens/denylens/ingest"
)

// Programs ask for their tokens without a name. Where their users are known to
// come from there, they are no strangers who try passwords; where nobody is
// known, they are.
func TestWhoRenewsATokenIsNoStranger(t *testing.T) {
	const agent = "ShopApp/5.9 (Android 13) okhttp/4.9.3"
	for _, c := range []struct {
		users bool
		want  Kind
	}{{true, Overblock}, {false, Misuse}} {
		lines := site(71, 260, nil)
		for k := range 40 {
			addr := fmt.Sprintf("%d.%d.9.7", 130+k, 3*k)
			status := func(every, code int) func(m int) int {
				return func(m int) int {
					switch {
					case (m+k)%every != 0:
						return 0
					case m >= 200 && code == 403:
						return 403
					}
					return 200
				}
			}
			if c.users {
				lines = append(lines, requests(addr, fmt.Sprintf("u%d", k), agent, "GET /api/v1/items", 260, status(4, 200))...)
				lines = append(lines, requests(addr, "-", agent, "POST /auth/token", 260, status(110, 403))...)
			} else if k < 20 {
				lines = append(lines, requests(addr, "-", agent, "POST /auth/token", 201+k, func(m int) int { return 403 * (m / (200 + k)) })...)
			} else {
				lines = append(lines, requests(addr, "-", agent, "POST /auth/token", 200, status(40, 200))...)
			}
		}
		sum := analyse(t, ingest.Options{}, inOrder(lines))
		if len(sum.Incidents) != 1 || sum.Incidents[0].Kind != c.want || c.users && sum.Incidents[0].Impact.LikelyLegitClients < 15 {
			t.Errorf("users %v: %v, want %s of those who have names", c.users, titles(sum), c.want)
		}
	}
}

// Names come and go in a bounded table; those that are used stay.
func TestWhatIsKeptIsRemembered(t *testing.T) {
	r := newRecent[int32](8)
	for i := range int32(64) {
		if got := r.keep(1, 100+i); got != 100 {
			t.Fatalf("the first value of what is in use is %d after %d others", got, i)
		}
		r.keep(uint64(1000+i), i)
	}
	if r.find(1000) != nil || r.find(1063) == nil {
		t.Error("the oldest is still there, or the newest is not")
	}
	if r.cur.n+r.old.n > 16 {
		t.Errorf("%d entries, the limit is 8 twice", r.cur.n+r.old.n)
	}
}
