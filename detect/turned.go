package detect

import (
	"math"

	"github.com/denylens/denylens/detect/internal/stat"
)

// A turned client was served for a while and is refused now. Its own history
// gives the null: the upper 95 % bound of its rate of refusals, doubled; the
// alternative is 90 % refused. The sum of log ratios, floored
// at zero, is a CUSUM.
//
// Sees: one user, partner or crawler locked out while everybody else is served.
// Blind: clients without a history, and those whose address changes.
const (
	turnedRate    = 0.9
	turnedHistory = 20 // requests served before
	turnedMinutes = 5  // between first seen and the first refusal, but for a browser that loads what pages show
	turnedDenials = 5
	turnedUser    = 3   // the same for a client with a user name or key
	namedHistory  = 100 // requests served to a program that says its name
)

// servedFirst tells whether all that a client was served in a window came
// before what it was refused.
func (s *sum) servedFirst() bool {
	return s.denied > 0 && s.ok > 0 && int(s.okLast) <= int(s.deniedFirst)+1
}

// turn takes a client's window in and flags it when the evidence is enough for
// the number of clients watched (Bonferroni over those with a history).
func (e *Engine) turn(c *client, id uint32, minute int32, s sum, legit float64) {
	denied := s.denied - s.always
	if c.turned == 0 {
		if denied == 0 {
			return
		}
		c.baseOK, c.baseDenied, c.turnStart = c.ok-s.ok, c.denied-s.denied, minute
		if s.servedFirst() {
			c.baseOK, s.ok = c.ok, 0
		}
	}
	if c.baseOK < turnedHistory || c.turnStart-c.first < turnedMinutes && !(c.flags&fBrowser != 0 && c.loads()) {
		return
	}
	p0 := min(0.5, 2*stat.BetaQuantile(0.95, float64(c.baseDenied)+0.5, float64(c.baseOK)+0.5))
	w := float64(c.turned) + float64(denied)*math.Log(turnedRate/p0) + float64(s.ok)*math.Log((1-turnedRate)/(1-p0))
	c.turned = float32(min(200, max(0, w)))
	if c.turned == 0 || denied == 0 {
		return
	}
	need := uint32(turnedDenials)
	if c.userOK || c.flags&fTrueBot != 0 {
		need = turnedUser
	}
	limit := math.Log(max(1000, float64(e.clients.list.n)/0.05))
	if float64(c.turned) < limit || c.denied-c.baseDenied < need || c.hostile() {
		return
	}
	if legit > surelyLegit || legit > likelyLegit && (c.userOK || c.flags&fTrueBot != 0 || c.hours >= regularHours) || c.namesItself() {
		e.track.turned(e, id, minute)
	}
}

// namesItself tells whether a client is a program that says its own name, as
// crawlers and partners' jobs do, and was served for long and had nearly all that
// it asked for. Nobody can confirm the name, but that it was let in and is no
// longer is worth a line.
func (c *client) namesItself() bool {
	return c.flags&(fBrowser|fTool|fScanner|fNoAgent|fFakeBot) == 0 && c.baseOK >= namedHistory && 10*c.baseDenied <= c.baseOK && 5*c.fails <= c.oks
}
