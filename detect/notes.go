package detect

import "github.com/denylens/denylens/ingest"

// notes are reasons that other lines than the access log's state: an error log
// says at the same second why a client was refused. They are joined to refused
// rows by client address, template and minute; failing the template, by client
// and minute alone.
type notes struct {
	at      map[uint64]note
	any     bool // an error log was read
	refused int64
}

type note struct {
	minute int32
	rule   uint32
	why    ingest.Why
}

const maxNotes = 1 << 16

func (n *notes) init() { n.at = make(map[uint64]note) }

func noteKey(addr, tmpl uint64, minute int32) uint64 { return mix(addr^uint64(uint32(minute)), tmpl) }

// noted is a note on its way to the half of the engine that judges.
type noted struct {
	note
	addr, tmpl uint64
	path       bool // the template is known
}

// explainRecord takes in a record that explains refusals.
func (e *Engine) explainRecord(o *obs, rec *ingest.Record) {
	if rec.Why == ingest.WhyUnknown || !rec.Client.IsValid() {
		return
	}
	if len(e.noted) >= maxNotes {
		e.total.unread++
		return
	}
	v := note{minute: minuteOf(o.t), why: rec.Why, rule: e.syms.id(DimRule, rec.Rule, 0)}
	e.noted = append(e.noted, noted{v, hashAddr(rec.Client), o.tmpl, len(rec.Path) > 0})
}

func (n *notes) add(x *noted) {
	n.any = true
	if len(n.at) >= maxNotes-1 {
		n.refused++
		return
	}
	if x.path {
		n.put(noteKey(x.addr, x.tmpl, x.minute), x.note)
	}
	n.put(noteKey(x.addr, 0, x.minute), x.note)
}

func (n *notes) put(key uint64, v note) {
	if old, ok := n.at[key]; !ok || v.why < old.why {
		n.at[key] = v
	}
}

// join adds to a refused row the reason noted for it. A request that ends just
// after the minute may have been noted in the one before.
func (n *notes) join(r *row, c *client, minute int32) {
	if len(n.at) == 0 || !c.valid {
		return
	}
	a := hashAddr(c.addr())
	for _, tmpl := range [2]uint64{r.tmpl, 0} {
		for m := minute; m >= minute-1; m-- {
			if v, ok := n.at[noteKey(a, tmpl, m)]; ok {
				r.because(v.why)
				r.rule = v.rule
				return
			}
		}
	}
}

func (n *notes) purge(minute int32) {
	for k, v := range n.at {
		if v.minute < minute-2 {
			delete(n.at, k)
		}
	}
}
