package detect

import "math"

// Scanners are found by a threshold random walk (Jung, Paxson, Berger and
// Balakrishnan 2004): each distinct template that a client asks for multiplies
// its odds by 4 if it fails (theta1/theta0 = .8/.2) and by 1/4 if it succeeds.
// A fail is a template that is missed or refused and that nobody else is
// served, so a removed page or a broken directory makes nobody a scanner.
//
// The walk lasts a day: an office meets a broken link now and then for years.
// And a scanner fails more often than it succeeds; who is served more different
// pages than it misses uses the site, whether others use the same pages or not.
//
// Sees: one address that guesses paths, whatever the answers' status.
// Blind: one guess an address (see surge), and scanners that only ask for what exists.
const (
	walkStep  = 1.3862943611198906 // ln 4
	walkFloor = -3.0
	manyFails = 11 // distinct failed templates that make a scanner even without probe paths, as CrowdSec's http-probing
)

var walkLimit = math.Log(99) // alpha .01, beta .99

// renew begins a new day for what is counted a day long.
func (c *client) renew(minute int32) {
	if minute-c.day < dayMinutes {
		return
	}
	c.day, c.walk, c.scanAt = minute, 0, -1
	c.probes, c.fails, c.oks, c.okSketch, c.failSketch = 0, 0, 0, bits128{}, bits128{}
	c.habits, c.objects = habits{}, objects{}
}

// walk moves a client's random walk on and flags it when it crosses the limit.
func (e *Engine) walk(c *client, id uint32, minute int32, s sum) {
	c.walk += float32(walkStep * (float64(s.fails) - float64(s.hits)))
	c.walk = max(c.walk, walkFloor)
	if c.scanAt >= 0 {
		if s.denied+s.miss > 0 {
			e.track.scanning(e, id, minute)
		}
		return
	}
	if float64(c.walk) < walkLimit || c.flags&fTrueBot != 0 {
		return
	}
	if c.flags&fScanner != 0 || c.fails >= c.oks && (c.probes >= 2 || c.fails >= manyFails && !c.userOK) {
		c.scanAt = minute
		e.track.scanning(e, id, minute)
	}
}
