package detect

import "math/bits"

// meanwhile is what is known of all rows of an event's cohort, refused or not, and of
// everybody else. It is taken in up to the last refusal only: what is served
// when an incident is over says nothing of it.
type meanwhile struct {
	rows, requests      float64
	served              float64
	open                float64           // rows served to nameless clients that were never served anything before
	auth, limited, miss float64           // rows that met a 401, a 429, a 404 or the like
	spared              [numFlags]float64 // served rows by flag
	sparedTurns         turns             // minutes of clients that were not refused in them
	control             control           // everybody else
}

// numFlags is how many flags a row may carry.
const numFlags = 32

// add takes a fact of the cohort in.
func (m *meanwhile) add(x *fact) {
	w := float64(x.weight)
	m.rows += w
	m.requests += w * float64(x.n)
	if x.has(clAuth) {
		m.auth += w
	}
	if x.has(clLimited) {
		m.limited += w
	}
	if x.has(clMiss) {
		m.miss += w
	}
	if !x.has(clOK) {
		return
	}
	m.served += w
	if !x.old && x.denied == 0 && x.attr[axUser-axCountry] == 0 {
		m.open += w
	}
	for b := uint32(x.flags); b != 0; b &= b - 1 {
		m.spared[bits.TrailingZeros32(b)] += w
	}
}

// unrefused counts served rows that carry a flag.
func (m *meanwhile) unrefused(f flags) float64 { return m.spared[bits.TrailingZeros32(uint32(f))] }

// merge adds what is known of other pages.
func (m *meanwhile) merge(o *meanwhile) {
	m.rows, m.requests, m.served, m.open = m.rows+o.rows, m.requests+o.requests, m.served+o.served, m.open+o.open
	m.auth, m.limited, m.miss = m.auth+o.auth, m.limited+o.limited, m.miss+o.miss
	for i, n := range o.spared {
		m.spared[i] += n
	}
	m.sparedTurns.merge(o.sparedTurns)
	m.control.rows, m.control.denied, m.control.auth = m.control.rows+o.control.rows, m.control.denied+o.control.denied, m.control.auth+o.control.auth
}

// control counts rows of whoever is outside an event's cohort.
type control struct{ rows, denied, auth float64 }

func (c *control) add(x *fact) {
	w := float64(x.weight)
	c.rows += w
	if x.has(clAuth) {
		c.auth += w
	}
	if x.denied > 0 {
		c.denied++
	}
}

// rest adds what of everybody is not inside.
func (c *control) rest(everybody, inside control) {
	c.rows += everybody.rows - inside.rows
	c.denied += everybody.denied - inside.denied
	c.auth += everybody.auth - inside.auth
}

// turn is a minute of one client within a cohort.
type turn struct {
	weight, n float64
	refused   bool
	served    bool
}

func (t *turn) add(x *fact) {
	t.n += float64(x.n)
	t.refused = t.refused || x.denied > 0
	t.served = t.served || x.has(clOK)
}

// turns adds minutes of clients up; in both of them something was served too.
type turns struct{ minutes, requests, both float64 }

func (t *turns) add(x *turn) {
	t.minutes += x.weight
	t.requests += x.weight * x.n
	if x.served {
		t.both += x.weight
	}
}

func (t *turns) merge(u turns) {
	t.minutes, t.requests, t.both = t.minutes+u.minutes, t.requests+u.requests, t.both+u.both
}
