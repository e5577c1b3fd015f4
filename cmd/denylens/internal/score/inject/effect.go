package inject

import "math"

// Effect is what an injected incident amounts to.
type Effect struct {
	Lines   int     // rewritten, inserted or taken away
	Refused int     // distinct clients
	Newly   int     // of those, clients that had been served before
	Active  int     // distinct clients of the cohort while it lasted
	Before  float64 // share of the cohort's clients that were refused in an hour before it
	Minutes float64 // how long it lasted
	Single  bool    // one client or user, not a cohort
	Earlier int     // requests of the cohort that were served before
	Sound   float64 // share of the cohort's requests before that were served
	Denied  int     // refusals
	Shared  float64 // of one client, the share of its requests served before that somebody else was served as well, or 1 if it came in many hours, see Plan.shared
}

// Nats is the information that the refusals hold against the share before: the
// number of active clients times the divergence of the two shares. The share
// before is taken to be half a percent at least.
func (e Effect) Nats() float64 {
	if e.Active == 0 {
		return 0
	}
	p, q := float64(e.Refused)/float64(e.Active), max(.005, e.Before)
	if p <= q {
		return 0
	}
	q = min(q, .99)
	d := p * math.Log(p/q)
	if p < 1 {
		d += (1 - p) * math.Log((1-p)/(1-q))
	}
	return float64(e.Active) * d
}

// Below the floor an incident cannot be told from chance among ten thousand
// cohorts at a false one in ten days: six distinct clients that had been served
// before, and 20.9 nats, are the least.
const (
	floorClients = 6
	floorNats    = 20.9
)

// A single client can be told to have turned if twenty of its requests had been
// served, four in five of all, and five are refused. It is worth telling if it
// used the site as others do, for half of its requests, or came in twelve hours:
// sites that answer everything with 200, or with a redirect, serve those who look
// for holes as well, and to refuse these is right.
const (
	floorServed  = 20
	floorSound   = .8
	floorRefused = 5
	floorShared  = .5
	floorHours   = 12
)

// Above tells whether there is enough to be seen.
func (e Effect) Above() bool {
	if e.Single {
		return e.Earlier >= floorServed && e.Sound >= floorSound && e.Denied >= floorRefused && e.Shared >= floorShared
	}
	return e.Newly >= floorClients && e.Nats() >= floorNats
}
