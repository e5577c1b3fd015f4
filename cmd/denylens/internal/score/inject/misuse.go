package inject

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
)

// Misuses are the ways to misuse a site. Low and slow is stuffing with one try
// an address in six hours; a botnet asks for one file from many homes.
var Misuses = []string{"scan", "stuffing", "brute_force", "enumeration", "low_and_slow", "fake_crawler", "key_sharing", "flood", "scraping", "bypass_probe", "botnet"}

// raid is one misuse on its way.
type raid struct {
	base     *Log
	onset    time.Time
	rng      *rand.Rand
	form     *Line // a line of the log, for its form
	seen     map[netip.Addr]bool
	pages    []string // that the site serves
	missing  int64    // size of the site's page for what is not there
	refusal  int64
	incident simulate.Incident
	asks     []Ask
}

func newRaid(base *Log, onset time.Time, rng *rand.Rand) *raid {
	r := &raid{base: base, onset: onset, rng: rng, seen: map[netip.Addr]bool{}, missing: 196, refusal: ownPage(base)}
	known := map[string]bool{}
	for i := range base.Lines {
		l := &base.Lines[i]
		r.seen[l.Client] = true
		if l.Status == 404 {
			r.missing = l.Bytes
		}
		if l.Served() && l.Method == "GET" && l.Referer != "" && l.Agent != "" {
			r.form = l
		}
		if l.Status == 200 && l.Method == "GET" && !strings.Contains(l.Path[strings.LastIndexByte(l.Path, '/')+1:], ".") && !known[l.Path] {
			known[l.Path] = true
			r.pages = append(r.pages, l.Path)
		}
	}
	return r
}

// misuse stages one misuse and writes it into the log.
func misuse(c Case, base *Log, onset time.Time, rng *rand.Rand) (*Log, simulate.Incident, Effect, bool) {
	r := newRaid(base, onset, rng)
	if r.form == nil || !r.stage(c) {
		return nil, simulate.Incident{}, Effect{}, false
	}
	out := &Log{Lines: slices.Clone(base.Lines), Format: base.Format}
	clients := map[netip.Addr]bool{}
	denied := map[netip.Addr]bool{}
	_, to := base.Span()
	in := &r.incident
	for _, q := range r.asks {
		line, ok := q.Compose(r.form)
		if !ok || line.Time > to.UnixNano() {
			continue
		}
		at := time.Unix(0, line.Time).UTC()
		if in.Start.IsZero() || at.Before(in.Start) {
			in.Start = at
		}
		if in.End == nil || at.After(*in.End) {
			in.End = &at
		}
		a := netip.MustParseAddr(q.Client)
		clients[a] = true
		if q.Status == 403 || q.Status == 429 {
			in.Denied++
			denied[a] = true
		}
		out.Lines = append(out.Lines, line)
	}
	n := len(out.Lines) - len(base.Lines)
	out.Sort()
	in.Kind, in.Clients, in.DeniedClients = "misuse", addresses(clients), len(denied)
	return out, *in, Effect{Lines: n, Refused: len(denied), Active: len(clients), Minutes: max(1, c.Duration.Minutes())}, 4*n > len(r.asks) // what the end of the log cuts short is another thing
}

// stranger is an address of somebody who has not been here.
func (r *raid) stranger() string {
	for {
		a := netip.AddrFrom4([4]byte{byte(1 + r.rng.IntN(222)), byte(r.rng.IntN(256)), byte(r.rng.IntN(256)), byte(1 + r.rng.IntN(254))})
		if !r.seen[a] && !a.IsPrivate() && !a.IsLoopback() && len(CountryOf(a)) == 2 && a.As4()[0] != 66 {
			r.seen[a] = true
			return a.String()
		}
	}
}

// do notes a request so many seconds after the onset.
func (r *raid) do(second float64, q Ask) {
	q.At = r.onset.Add(time.Duration(second * 1e9))
	if q.Bytes == 0 {
		switch {
		case q.Status == 403 || q.Status == 429:
			q.Bytes = r.refusal
		case q.Status == 404:
			q.Bytes = r.missing
		default:
			q.Bytes = 900 + int64(r.rng.IntN(9000))
		}
	}
	r.asks = append(r.asks, q)
}

func (r *raid) names(cause string, cohort []simulate.Term, accept ...string) {
	r.incident.Cause, r.incident.Cohort, r.incident.AcceptCause = cause, cohort, accept
}

func (r *raid) accept(c ...simulate.Term) { r.incident.Accept = append(r.incident.Accept, c) }

// login is where people sign in, as far as the log shows.
func (r *raid) login() string {
	counts := map[string]int{}
	best := "/login"
	for i := range r.base.Lines {
		l := &r.base.Lines[i]
		if low := strings.ToLower(l.Path); l.Method == "POST" && l.Status != 404 && l.Status != 400 && (strings.Contains(low, "login") || strings.Contains(low, "signin")) && len(l.Path) < 40 {
			counts[l.Path]++
			if counts[l.Path] > counts[best] || counts[l.Path] == counts[best] && l.Path < best {
				best = l.Path
			}
		}
	}
	return best
}

// browser is a user agent that somebody on this site has.
func (r *raid) browser() string {
	for range 50 {
		if l := &r.base.Lines[r.rng.IntN(len(r.base.Lines))]; strings.HasPrefix(l.Agent, "Mozilla/5.0") && !strings.Contains(strings.ToLower(l.Agent), "bot") {
			return l.Agent
		}
	}
	return "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
}

// catalogue is the least number of pages that are worth being scraped.
const catalogue = 150

func (r *raid) page() string {
	if len(r.pages) == 0 {
		return "/"
	}
	return oneOf(r.rng, r.pages)
}

func term(dim, value string) simulate.Term { return simulate.Term{Dim: dim, Value: value} }

func ip(a string) []simulate.Term { return []simulate.Term{term("ip", a)} }

// sharedKey finds the user who asks most, and lines of its own.
func (r *raid) sharedKey() (user string, lines []*Line) {
	counts := map[string]int{}
	for i := range r.base.Lines {
		if l := &r.base.Lines[i]; l.User != "" && l.Served() {
			counts[l.User]++
			if n := counts[l.User]; n > counts[user] || n == counts[user] && l.User < user {
				user = l.User
			}
		}
	}
	for i := range r.base.Lines {
		if l := &r.base.Lines[i]; user != "" && l.User == user && l.Served() {
			lines = append(lines, l)
		}
	}
	return user, lines
}

// numbered is a path of the site that holds a number, cut around it.
func (r *raid) numbered() (before, behind string, number int) {
	for i := range r.base.Lines {
		l := &r.base.Lines[i]
		if !l.Served() || l.Method != "GET" || strings.Contains(l.Path, ".") {
			continue
		}
		parts := strings.Split(l.Path, "/")
		for k, p := range parts {
			if k > 1 && numeric(p) && len(p) > 0 && len(p) < 8 {
				fmt.Sscan(p, &number)
				return strings.Join(parts[:k], "/") + "/", strings.TrimSuffix("/"+strings.Join(parts[k+1:], "/"), "/"), number
			}
		}
	}
	return "/account/orders/", "", 20000 + r.rng.IntN(1000)
}
