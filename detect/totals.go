package detect

import "time"

// statuses is a power of two beyond all that is logged as a status: edges use
// codes of their own, up to 1999.
const statuses = 2048

// totals counts what passed through, exactly.
type totals struct {
	requests, denied int64
	late, dropped    int64
	unread           int64 // explanations for which there was no room
	deniedClients    int64
	status           [statuses]int64
	between          [edgeMiddle + 1]uint64 // requests by what their addresses are
	time             timeline
	last             int64
}

func (t *totals) count(o *obs) {
	t.requests++
	t.status[o.status&(statuses-1)]++
	d := int64(0)
	if o.class == clDenied {
		t.denied++
		d = 1
	}
	t.last = max(t.last, o.t)
	t.time.add(o.t, d)
}

// timeline counts over time in at most maxBins bins, which double in width
// when the span outgrows them.
type timeline struct {
	bins  []Minute
	start int64 // Unix seconds of bin 0
	width int64
}

const maxBins = 240

func (tl *timeline) add(t, denied int64) {
	if tl.width == 0 {
		tl.width, tl.start = bucket, floorDiv(t, bucket)*bucket
	}
	for t < tl.start {
		if !tl.shift(t) {
			return
		}
	}
	i := (t - tl.start) / tl.width
	for i >= maxBins {
		tl.double()
		i = (t - tl.start) / tl.width
	}
	for int64(len(tl.bins)) <= i {
		tl.bins = append(tl.bins, Minute{})
	}
	tl.bins[i].Requests++
	tl.bins[i].Denied += denied
}

func (tl *timeline) double() {
	n := (len(tl.bins) + 1) / 2
	for i := range n {
		m := tl.bins[2*i]
		if 2*i+1 < len(tl.bins) {
			m.Requests += tl.bins[2*i+1].Requests
			m.Denied += tl.bins[2*i+1].Denied
		}
		tl.bins[i] = m
	}
	tl.bins = tl.bins[:n]
	tl.width *= 2
}

// shift moves the start back so that t has a bin; false if it is too far back.
func (tl *timeline) shift(t int64) bool {
	k := (tl.start - t + tl.width - 1) / tl.width
	if int(k)+len(tl.bins) > maxBins {
		if len(tl.bins) <= 1 && k > maxBins || k > 1<<20 {
			return false
		}
		tl.double()
		return true
	}
	tl.bins = append(make([]Minute, k), tl.bins...)
	tl.start -= k * tl.width
	return true
}

func (tl *timeline) points() []Minute {
	out := make([]Minute, len(tl.bins))
	for i, m := range tl.bins {
		m.Start = time.Unix(tl.start+int64(i)*tl.width, 0).UTC()
		out[i] = m
	}
	return out
}
