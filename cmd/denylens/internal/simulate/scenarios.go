package simulate

import (
	"net/netip"
	"strings"
	"time"
)

// Scenario is one day at a site on which one known thing happens, or nothing.
type Scenario struct {
	Name  string
	Title string // one line
	Stage func(*stage)
}

// Scenarios lists what can be simulated, the commonest first.
var Scenarios = []Scenario{
	{"quiet", "an ordinary day: people, programs, crawlers, the noise of the internet, some standing refusals", quiet},
	{"geo-block", "one country is refused from one moment on", geoBlock},
	{"htaccess", "a directory is refused to everybody after a deployment", htaccess},
	{"expired-token", "the users of one application are refused until they log in again", expiredToken},
	{"waf-rule", "a firewall rule refuses harmless forms", wafRule},
	{"api-version", "an old version of the interface is refused while the new one works", apiVersion},
	{"scanner", "one vulnerability scanner", scanner},
	{"ip-block", "a partner's network is refused", ipBlock},
	{"rate-limit", "a rate limit is set too low and refuses busy clients", rateLimit},
	{"ua-rule", "one version of a browser is refused", uaRule},
	{"hotlink", "a rule against embedding refuses visitors of a partner's pages", hotlink},
	{"permissions", "one group of users loses a section", permissions},
	{"stale-session", "one person's page polls on after its session has ended", staleSession},
	{"stuffing", "stolen passwords are tried at the login from many addresses", stuffing},
	{"botnet-probe", "a thousand addresses ask for the same refused file, once each", botnetProbe},
	{"enumeration", "one client counts through order numbers", enumeration},
	{"fake-crawler", "a harvester calls itself Googlebot", fakeCrawler},
	{"brute-force", "passwords are tried for one account", bruteForce},
	{"bypass-probe", "one client looks for a way around a refusal", bypassProbe},
	{"scraping", "one client reads the whole catalogue", scraping},
	{"flood", "one client sends as much as it can", flood},
	{"key-sharing", "one user's key is in use at many places", keySharing},
	{"two-at-once", "a country is refused, and a directory to everybody, at about the same time", twoAtOnce},
	{"noisy-client", "nothing wrong: one program asks for a refused address again and again", noisyClient},
	{"office-nat", "nothing wrong: a large office behind one address", officeNAT},
	{"flash-crowd", "nothing wrong: ten times as many visitors for an hour", flashCrowd},
	{"new-crawler", "nothing wrong: a new crawler walks through old addresses", newCrawler},
	{"standing-403", "nothing wrong: a third of all visitors has always been refused somewhere", standing},
	{"log-gap", "nothing wrong: the log stops for a while and goes on", logGap},
	{"slow-drift", "nothing wrong: refusals double over the day", slowDrift},
	{"renamed-paths", "nothing wrong: a section moves, its old addresses are 404", renamedPaths},
	{"missing-picture", "nothing wrong: one browser asks for a missing picture for ever", missingPicture},
	{"crawler-profiles", "nothing wrong: a true crawler follows links that it may not", crawlerProfiles},
}

// Names lists the names of the scenarios, in their order.
func Names() []string {
	out := make([]string, len(Scenarios))
	for i, s := range Scenarios {
		out[i] = s.Name
	}
	return out
}

func find(name string) *Scenario {
	for i := range Scenarios {
		if Scenarios[i].Name == name {
			return &Scenarios[i]
		}
	}
	return nil
}

// stage is where a scenario sets up what happens.
type stage struct {
	*world
	rng dice
}

// moment is a moment between two fractions of the log, on a whole second.
func (s *stage) moment(lo, hi float64) int64 {
	at := s.begin + int64(float64(s.Duration)*s.rng.between(lo, hi))
	return at - at%int64(time.Second)
}

// until says when something ends that began at from: after between lo and hi
// minutes, or, one time in three and where the log is short, with the log (0).
func (s *stage) until(from int64, lo, hi float64) int64 {
	to := from + seconds(60*s.rng.between(lo, hi))
	if s.rng.chance(.33) || to > s.end-seconds(900) {
		return 0
	}
	return to
}

// incident enters an incident into the truth.
func (s *stage) incident(kind, cause string, to int64, cohort ...Term) *mark {
	m := &mark{incident: Incident{Kind: kind, Cause: cause, Cohort: cohort}, clients: map[netip.Addr]bool{}, ends: to}
	s.marks = append(s.marks, m)
	return m
}

// rule changes answers between from and to; what it changes belongs to m.
func (s *stage) rule(from, to int64, m *mark, decide func(w *world, r *request)) {
	s.rules = append(s.rules, rule{from, to, decide, m})
}

// under tells whether path lies in the directory prefix, or is it.
func under(path, prefix string) bool {
	return strings.HasPrefix(path, prefix) && (len(path) == len(prefix) || path[len(prefix)] == '/')
}

func quiet(*stage) {}
