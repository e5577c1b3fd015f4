package simulate

import (
	"net/netip"
	"slices"
	"time"
)

// Term is one conjunct of a cohort, in the words of the report: country BR,
// path /docs, ua Chrome/144.
type Term struct {
	Dim   string `json:"dim"`
	Value string `json:"value"`
}

// Incident is something that went wrong in a simulated log, as its maker knows it.
type Incident struct {
	Kind          string     `json:"kind"`             // overblock, misuse
	Cause         string     `json:"cause"`            // as in a report
	Cohort        []Term     `json:"cohort"`           // the smallest conjunction that describes the event
	Or            [][]Term   `json:"or,omitempty"`     // further conjunctions of the same event
	Accept        [][]Term   `json:"accept,omitempty"` // other descriptions that are as right as Cohort
	AcceptCause   []string   `json:"accept_cause,omitempty"`
	Start         time.Time  `json:"start"`         // the first request that shows it
	End           *time.Time `json:"end,omitempty"` // absent: it lasts to the end of the log
	Denied        int64      `json:"denied"`        // requests refused by it
	DeniedClients int        `json:"denied_clients"`
	Clients       []string   `json:"clients"` // addresses of the clients it touched, sorted; at most 100,000
}

// Truth is what is known about a simulated log.
type Truth struct {
	Scenario  string     `json:"scenario"`
	Seed      uint64     `json:"seed"`
	From      time.Time  `json:"from"`
	To        time.Time  `json:"to"`
	Requests  int64      `json:"requests"` // lines written
	Denied    int64      `json:"denied"`   // of those, answered 403
	Incidents []Incident `json:"incidents"`
	Ambient   []string   `json:"ambient,omitempty"` // addresses that probe the site in passing, as they do every site: to report one of them as misuse is no error, to miss it none either
}

// maxClients bounds the address lists of a Truth.
const maxClients = 100_000

// mark collects what one incident does while the log is written.
type mark struct {
	incident Incident
	clients  map[netip.Addr]bool // true = refused at least once
	first    int64
	last     int64
	ends     int64 // when it is over by plan; 0 = with the log
}

// touch notes that a request of addr at time t belongs to the incident.
func (m *mark) touch(addr netip.Addr, t int64, refused bool) {
	if m.first == 0 {
		m.first = t
	}
	m.last = t
	if refused {
		m.incident.Denied++
	}
	if was, known := m.clients[addr]; known && (was || !refused) {
		return
	} else if !known && len(m.clients) >= maxClients {
		return
	}
	m.clients[addr] = refused
}

// tell returns the incident as it happened; ok is false if nothing of it did.
func (m *mark) tell() (Incident, bool) {
	if m.first == 0 {
		return Incident{}, false
	}
	in := m.incident
	in.Start = time.Unix(0, m.first).UTC()
	if m.ends != 0 {
		t := time.Unix(0, m.last).UTC()
		in.End = &t
	}
	if in.Cohort == nil {
		in.Cohort = []Term{} // everyone
	}
	addrs := make([]netip.Addr, 0, len(m.clients))
	for a, refused := range m.clients {
		addrs = append(addrs, a)
		if refused {
			in.DeniedClients++
		}
	}
	in.Clients = sorted(addrs)
	return in, true
}

func sorted(addrs []netip.Addr) []string {
	slices.SortFunc(addrs, netip.Addr.Compare)
	out := make([]string, len(addrs))
	for i, a := range addrs {
		out[i] = a.String()
	}
	return out
}
