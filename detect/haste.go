package detect

import "math"

// haste tells when a minute should not be waited for: a window that is judged
// as soon as a few clients are newly refused says half a minute earlier that
// they are. What a window adds to the evidence is a likelihood ratio, and a
// product of these may be looked at whenever one likes, so parts of minutes
// are as valid as minutes. It is decided by the records alone, so that a live
// run and a nightly one judge the same windows.
type haste struct {
	slots [hasteSlots]uint16 // clients newly refused, by slice
	at    int32              // the latest slice
	sum   int
	usual float64 // newly refused clients a minute
}

const (
	hasteSlots = 180 / slice
	never      = -1 << 30
)

// hasteKeep lets what is usual fade with a half-life of ten minutes. It ends the
// haste of an incident that goes on.
var hasteKeep = math.Exp2(-slice / 600.)

// count takes a sealed slice in and returns how many clients are newly refused.
func (h *haste) count(w *window, who *idents) int {
	h.pass(w.slot)
	n := 0
	for _, c := range w.refused {
		if w.minute-who.refused[c] > epoch {
			n++
		}
		who.refused[c] = w.minute
	}
	h.slots[uint32(w.slot)%hasteSlots] = uint16(min(n, 1<<15))
	h.sum += min(n, 1<<15)
	h.usual += float64(n) * (1 - hasteKeep) * bucket / slice
	return n
}

// pass lets the slices up to slot go by.
func (h *haste) pass(slot int32) {
	if slot-h.at > 1<<16 {
		*h = haste{}
	} else {
		for s := h.at + 1; s <= slot; s++ {
			i := uint32(s) % hasteSlots
			h.sum -= int(h.slots[i])
			h.slots[i] = 0
			h.usual *= hasteKeep
		}
	}
	h.at = slot
}

// need tells whether so many are refused in three minutes that it might be an
// incident: six suffice among many cohorts, and four where little is followed.
func (h *haste) need() bool { return float64(h.sum) >= 4+6*h.usual }
