package detect

import (
	"github.com/denylens/denylens/ingest"
)

// features is what is known of the refusals of an event and of everybody else
// meanwhile; the table of causes reads nothing else. Counts are of rows: one
// client's use of one leaf in one minute.
type features struct {
	meanwhile
	refusals
	turns     turns // minutes of clients that were refused in them
	peakShare float64
	doors     counter // paths at which refused clients signed in
}

// refusals is what is known of refused rows.
type refusals struct {
	denied, deniedReq float64 // refused rows, refused requests
	mixed             float64 // rows both served and refused: the same client, path and minute
	why               map[ingest.Why]float64
	sizes             counter
	statuses          counter
	values            [numAxes]counter
	flagged           map[flags]float64
	user, noUser      float64 // rows with and without a user
	hostile           float64 // rows of known attackers
	noReferer         float64
}

// counted flags: shares of refused rows that carry them.
var countedFlags = [...]flags{fAsset, fSlash, fProbe, fLogin, fTool, fBot, fTrueBot, fFakeBot, fBrowser, fReferer, fForeign, fSelf, fWrite, fNoAgent, fEdge, fUpstream, fUp403, fScanner, fRobots, fQuery, fUnasked, fOrigin, fIIS, fCloudFront, fALB, fTrick}

func (f *features) init() {
	*f = features{}
	f.refusals.init()
}

func (f *refusals) init() {
	*f = refusals{why: map[ingest.Why]float64{}, flagged: map[flags]float64{}}
}

// counter counts few distinct values; beyond its limit they are one.
type counter struct {
	n     map[int64]float64
	other float64
	total float64
}

const counterLimit = 512

func (c *counter) add(v int64, w float64) {
	c.total += w
	if c.n == nil {
		c.n = map[int64]float64{}
	}
	if _, ok := c.n[v]; !ok && len(c.n) >= counterLimit {
		c.other += w
		return
	}
	c.n[v] += w
}

// top is the most frequent value and its share, ties to the smaller value.
func (c *counter) top() (v int64, share float64) {
	best := -1.0
	for k, n := range c.n {
		if n > best || n == best && k < v {
			v, best = k, n
		}
	}
	if c.total == 0 {
		return 0, 0
	}
	return v, best / c.total
}

// distinct is how many different values were counted.
func (c *counter) distinct() int {
	if c.other > 0 {
		return len(c.n) + 1
	}
	return len(c.n)
}

// refused takes a refused fact of the cohort in.
func (f *refusals) refused(e *Engine, x *fact) {
	v := e.axes(x)
	f.denied++
	f.deniedReq += float64(x.denied)
	if x.has(clOK) {
		f.mixed++
	}
	for _, y := range x.why {
		if y != 0 {
			f.why[y]++
		}
	}
	if x.size >= 0 {
		f.sizes.add(int64(x.size), 1)
	} else {
		f.sizes.add(-1, 1)
	}
	f.statuses.add(int64(x.status), 1)
	for a := range v {
		f.values[a].add(int64(v[a]), 1)
	}
	if v[axUser] != 0 {
		f.user++
	} else {
		f.noUser++
	}
	if v[axReferer] == 0 {
		f.noReferer++
	}
	if x.hostile {
		f.hostile++
	}
	for _, b := range countedFlags {
		if x.flags&b != 0 {
			f.flagged[b]++
		}
	}
}

func (f *features) share(b flags) float64 { return ratio(f.flagged[b], f.denied) }

// contrast is how much larger the share of what is flagged with b (or, if not
// with, is not flagged) is among refused rows than among the served rows of the
// same cohort, times the share of it that is refused: 1 if b decides. It is 0
// where too little is served to tell.
func (f *features) contrast(b flags, with bool) float64 {
	if f.served < 5 {
		return 0
	}
	refused, spared := f.flagged[b], f.unrefused(b)
	if !with {
		refused, spared = f.denied-refused, f.served-spared
	}
	return max(0, ratio(refused, f.denied)-ratio(spared, f.served)) * ratio(refused, refused+spared)
}

// heaviness is how many times as much clients ask in a minute in which they are
// refused as clients of the cohort do in others.
func (f *features) heaviness() float64 {
	return ratio(ratio(f.turns.requests, f.turns.minutes), max(1, ratio(f.sparedTurns.requests, f.sparedTurns.minutes)))
}

func (f *features) whyShare(ws ...ingest.Why) float64 {
	sum := 0.0
	for _, w := range ws {
		sum += f.why[w]
	}
	return ratio(sum, f.denied)
}

func (f *features) outside() float64 { return ratio(f.control.denied, f.control.rows) }

// purity is the share of the cohort's rows that were refused.
func (f *features) purity() float64 { return ratio(f.denied, f.rows) }

func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}
