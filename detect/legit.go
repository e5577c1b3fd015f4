package detect

import (
	"math"
	"math/bits"
)

// legitimacy is the log-odds (nats) that a client is a person, a partner or a
// wanted program, from what it did before this window and from the flags of
// its requests in it; never from having been refused, which is what is judged.
// The weights, in nats, are estimates and not fitted: how much likelier each
// trait is in wanted clients.
func legitimacy(c *client, now flags) float64 {
	f := c.flags | now
	x := -0.3
	add := func(ok bool, w float64) {
		if ok {
			x += w
		}
	}
	total := float64(c.ok + c.refusedBefore() + c.miss + c.auth)
	add(f&fTrueBot != 0, 5)
	add(f&fFakeBot != 0, -5)
	add(c.userOK || c.home, 3)
	add(c.hours >= seldomHours && float64(c.ok) >= 0.9*total, 2)
	x += 1.5 * min(1, math.Log1p(float64(c.ok))/math.Log(50))
	add(c.loads() && c.assets <= 60*c.pages, 1)
	add(c.follows(total), 1)
	add(f&fBrowser != 0, 0.5)
	add(f&fTool != 0 && f&fNoAgent == 0, -1)
	add(f&fNoAgent != 0, -1.5)
	add(f&fScanner != 0, -5)
	add(!c.userOK && c.pages > 20 && c.assets == 0 && c.refs == 0 && f&fTrueBot == 0 && !c.repeats(), -1.5)
	if c.fails > 5 {
		x -= 2 * min(1, float64(c.fails)/float64(c.oks+1))
	}
	x -= min(6, 2*float64(c.probes))
	add(now&fProbe != 0, -2)
	add(now&fLogin != 0 && f&fBrowser != 0 && c.assets == 0 && !c.userOK && !c.home, -4) // no browser signs in without a picture or a style
	return max(-6, min(6, x))
}

// loads tells whether a client asks for as many pictures, styles and scripts as
// pages have.
func (c *client) loads() bool { return c.pages > 0 && c.assets >= c.pages }

// follows tells whether most of so many requests say which page led to them.
func (c *client) follows(total float64) bool { return c.refs >= 2 && float64(c.refs) > 0.6*total }

// repeats tells whether a client asks for the same few things hour after hour, as
// jobs and monitors do, and not for thing after thing.
func (c *client) repeats() bool {
	return c.hours >= regularHours && c.ok >= repeatedTimes*uint32(max(1, c.oks)) && c.fails == 0 && bits.OnesCount64(c.objects.ids) < fewThings
}

// What is the same few things: each template is asked for so many times, and the
// one with numbers in it for fewer of these.
const (
	repeatedTimes = 50
	fewThings     = 24
)

// loadsPages tells whether a client does what browsers do, and programs seldom.
func (c *client) loadsPages() bool {
	return c.flags&fBrowser != 0 && c.loads() && c.follows(float64(c.ok+c.refusedBefore()+c.miss+c.auth))
}

// refusedBefore counts the refusals of a client but for those that are being
// judged.
func (c *client) refusedBefore() uint32 {
	if c.turned > 0 {
		return c.baseDenied
	}
	return c.denied
}

// likelyLegit is the log-odds from which a client counts as legitimate;
// surelyLegit (9 to 1) that from which one alone, without a name, is worth a
// report. Who came in more hours than regularHours is known as well as by a name.
const (
	seldomHours  = 3
	regularHours = 6
	likelyLegit  = 1.0
	surelyLegit  = 2.2
	freshLegit   = 0.35 // at most that of a browser never seen before
)

// hostile tells whether a client is known to attack, so that its refusals are
// right and teach no cohort anything.
func (c *client) hostile() bool {
	return c.scanAt >= 0 || c.habits.caught != 0 || c.flags&fScanner != 0 || c.probes >= 2 && c.fails >= c.oks
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
