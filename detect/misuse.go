package detect

import "math/bits"

// Single clients that misuse a site in other ways than by guessing paths. Each
// way is one file with one habit; a habit looks at what a client did in this
// window and today. The first habit that holds names the event.
var habitList = [...]habit{bruteForce, enumeration, fakeCrawler, flooding, scraping}

// habit is one way of misuse.
type habit struct {
	cause string
	title string // what the client does, before "by address ..."
	why   string // the evidence in words
	holds func(c *client, s *sum) bool
}

// habits is what a client did today, as far as habits ask for it.
type habits struct {
	tries, signins uint32 // sign-ins that failed, that succeeded
	pages, assets  uint32 // requests
	refs           uint32 // requests with a referer
	read, readRefs uint32 // pages and referers of a browser, by its name
	busy           uint16 // minutes in a row with more requests than a person makes
	minute         int32  // the one now, ...
	now            uint32 // ... and the requests in it
	caught         uint8  // 1-based number of the habit that held
}

// habits adds a row up; owned says that its refusals are an open incident's: a
// wrong password is not what they are for.
func (s *sum) habits(r *row, owned bool) {
	if r.flags&(fLogin|fAsset) == fLogin {
		s.doors = add32(s.doors, r.n)
	}
	if r.flags&(fLogin|fWrite) == fLogin|fWrite {
		if s.door == 0 || r.tmpl < s.door {
			s.door, s.doorLeaf, s.doorMiss = r.tmpl, r.leaf, uint32(r.by[clMiss]) == r.n
		}
		if s.tries += uint32(r.by[clAuth]) + uint32(r.by[clMiss]) + uint32(r.by[clLimited]); !owned {
			s.tries += uint32(r.by[clDenied])
		}
		s.signins += uint32(r.by[clOK])
	}
	if r.flags&(fBrowser|fAsset) == fBrowser {
		s.read = add32(s.read, r.n)
		if r.flags&fReferer != 0 {
			s.readRefs = add32(s.readRefs, r.n)
		}
	}
	if r.n > s.same {
		s.same, s.looped = r.n, r.flags&fAsset != 0
	}
}

func (h *habits) learn(s *sum, minute int32) {
	h.tries, h.signins = add32(h.tries, s.tries), add32(h.signins, s.signins)
	h.pages, h.assets, h.refs = add32(h.pages, uint32(s.pages)), add32(h.assets, uint32(s.assets)), add32(h.refs, uint32(s.refs))
	h.read, h.readRefs = add32(h.read, s.read), add32(h.readRefs, s.readRefs)
	if minute != h.minute {
		if h.now < floodRate {
			h.busy = 0
		}
		h.minute, h.now = minute, 0
	}
	if was := h.now; was < floodRate && was+s.n >= floodRate {
		h.busy = add16(h.busy, 1)
	}
	h.now = add32(h.now, s.n)
}

// objects follows the template of which a client asks for most different
// things, as order numbers.
type objects struct {
	tmpl     uint64
	ids      uint64 // a linear counter
	requests uint32
	failed   uint32
}

// add takes a row in; owned says that its refusals are an open incident's.
func (o *objects) add(r *row, owned bool) {
	if r.flags&fObject == 0 || r.flags&fAsset != 0 {
		return
	}
	if o.tmpl != r.tmpl {
		if bits.OnesCount64(r.paths) <= bits.OnesCount64(o.ids) {
			return
		}
		*o = objects{tmpl: r.tmpl}
	}
	o.ids |= r.paths
	o.requests = add32(o.requests, r.n)
	o.failed = add32(o.failed, uint32(r.by[clMiss]))
	if !owned {
		o.failed = add32(o.failed, uint32(r.by[clDenied]))
	}
}

// misuse tells the tracker of a client with a bad habit.
func (e *Engine) misuse(c *client, id uint32, minute int32, s *sum) {
	c.doors = add16(c.doors, s.doors)
	if s.door != 0 {
		e.knock(c, id, minute, s)
	}
	if c.habits.caught != 0 {
		e.track.scanning(e, id, minute)
		return
	}
	if c.scanAt >= 0 || c.flags&fTrueBot != 0 {
		return
	}
	for i := range habitList {
		if habitList[i].holds(c, s) {
			c.habits.caught = uint8(i + 1)
			e.track.scanning(e, id, minute)
			return
		}
	}
}
