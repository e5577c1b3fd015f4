package alert

import (
	"cmp"
	"slices"
	"time"

	"github.com/denylens/denylens/detect"
)

// merge puts a new notice into the waiting ones: news of an incident that was
// not told yet replaces older news of it. It returns the entries that it makes
// superfluous. An incident that opened and only changed since is still news as
// one that opened.
func merge(waiting []entry, n Notice) (rest []entry, gone []entry, out Notice) {
	out = n
	if n.Incident == nil {
		return waiting, nil, out
	}
	for _, e := range waiting {
		old := &e.notice
		if old.Incident == nil || old.Incident.ID != n.Incident.ID || old.Tries > 0 {
			rest = append(rest, e)
			continue
		}
		gone = append(gone, e)
		if old.Change == detect.Opened && n.Change == detect.Changed {
			out.Change, out.ID = old.Change, old.ID
		}
		out.First = out.First || old.First || old.Change == detect.Opened
	}
	return rest, gone, out
}

// digest makes one notice of many, the most harmful first.
func digest(list []entry, at time.Time, dropped int64) Notice {
	d := Notice{Change: Digest, At: at, Dropped: dropped}
	for _, e := range list {
		n := &e.notice
		d.Covers = append(d.Covers, n.ID)
		d.Covers = append(d.Covers, n.Covers...)
		d.More += n.More
		d.Dropped += n.Dropped
		if n.Incident != nil {
			in := n.Incident
			d.Lines = append(d.Lines, Line{in.ID, n.Change, in.Severity, in.Kind, in.Start, in.Title})
		}
		d.Lines = append(d.Lines, n.Lines...)
	}
	slices.SortStableFunc(d.Lines, func(a, b Line) int {
		return cmp.Or(-cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), a.Start.Compare(b.Start), cmp.Compare(a.Incident, b.Incident))
	})
	if over := len(d.Lines) - maxLines; over > 0 {
		d.Lines, d.More = d.Lines[:maxLines], d.More+over
	}
	d.ID = identify(append([]string{string(Digest)}, d.Covers...)...)
	return d
}

// maxLines bounds a digest in the spool; messages show fewer.
const maxLines = 100

// shed chooses the entry that must go when there is no room: the oldest of the
// lowest severity.
func shed(waiting []entry) int {
	least := 0
	for i := range waiting {
		if waiting[i].notice.severity().Rank() < waiting[least].notice.severity().Rank() {
			least = i
		}
	}
	return least
}
