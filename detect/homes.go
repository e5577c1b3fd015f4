package detect

// homes remembers from which addresses users are served, and since when: a
// program that signs in, or renews its token, often does that without a name, and
// is no stranger if its user is known to come from there.
type homes struct{ since recent[int32] }

const homesLimit = 1 << 16

func newHomes() homes { return homes{newRecent[int32](homesLimit)} }

// serve notes that a user was served.
func (h *homes) serve(c *client, minute int32) {
	if c.valid {
		h.since.keep(hashAddr(c.addr()), minute)
	}
}

// shared tells whether a user was served at the address of a client without a
// name before this minute.
func (h *homes) shared(c *client, minute int32) bool {
	if c.user != 0 || !c.valid {
		return false
	}
	at := h.since.find(hashAddr(c.addr()))
	return at != nil && *at < minute
}
