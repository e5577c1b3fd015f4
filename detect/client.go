package detect

// client is what is remembered of one client. It changes only when a window
// closes, so the order within a window cannot matter.
type client struct {
	ident
	deniedAt   int32  // minute of the latest refusal, -1 never
	seen       int32  // minute of the latest request
	ok         uint32 // requests served, refused, ...
	denied     uint32
	auth       uint32
	miss       uint32
	limited    uint32
	minutes    uint32 // minutes in which it was active
	lastHour   int32
	hours      uint16
	assets     uint16
	pages      uint16
	refs       uint16  // requests with a referer
	day        int32   // minute from which the next five are counted, for a day
	probes     uint16  // distinct probe paths
	fails      uint16  // distinct templates missed or refused that nobody else is served
	oks        uint16  // distinct templates served
	okSketch   bits128 // which of them were counted
	failSketch bits128
	flags      flags  // union over its requests
	baseOK     uint32 // history before the refusals that turned counts
	baseDenied uint32
	doors      uint16  // requests of paths that sign people in
	turnStart  int32   // minute in which these began
	walk       float32 // threshold random walk, natural log; for a day
	turned     float32 // evidence that it turned from served to refused
	scanAt     int32   // minute flagged as scanner, -1 no
	userOK     bool    // the user name was accepted at least once
	home       bool    // it has no name, but a user was served at its address before
	habits     habits  // of the day
	objects    objects
	kept       int32 // window of its latest facts ...
	facts      span  // ... and where they are
}

// clients holds what is remembered, by the number of the ident.
type clients struct {
	list   chunks[client]
	denied hll
}

// of returns the memory of client id, empty if the number is now another's.
func (cs *clients) of(id uint32, who *ident) *client {
	for int(id) >= cs.list.n {
		cs.list.add()
	}
	c := cs.list.at(id)
	if c.hash != who.hash {
		*c = client{ident: *who, day: who.first, deniedAt: -1, seen: never, scanAt: -1, lastHour: -1, kept: -1}
	}
	return c
}

// known returns the client of a key among facts, nil if it is forgotten.
func (cs *clients) known(key uint64) *client {
	if id := uint32(key); int(id) < cs.list.n {
		if c := cs.list.at(id); uint32(c.hash) == uint32(key>>32) {
			return c
		}
	}
	return nil
}

// value ranks clients when some must be forgotten.
func (cs *clients) value(id uint32) uint32 {
	if int(id) >= cs.list.n {
		return 0
	}
	c := cs.list.at(id)
	v := min(c.ok, 1<<16)
	if c.denied > 0 {
		v += 1 << 16
	}
	return v
}
