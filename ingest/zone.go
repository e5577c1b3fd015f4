package ingest

import "time"

// StatedZone returns the zone that the first access-log line with an offset
// from UTC states, and the name of its source, in the order of the sources. It
// is what Options.Location is to be for error logs beside them, whose times
// are of the same clock and state nothing. format is as in Options. Pipes are
// left alone; of a followed file it looks at the end, of others at the head.
// ok is false if no line states an offset.
//
// The offset does not know of summer time: over a log that reaches across a
// change of the clock, name the zone.
func StatedZone(sources []Source, format func() Format) (loc *time.Location, source string, ok bool) {
	for i := range sources {
		if east, ok := sources[i].statedEast(format); ok {
			return offsetZone(int(east)), sources[i].Name, true
		}
	}
	return nil, "", false
}

// offsetZone returns the zone that is so many minutes ahead of UTC, called as ISO
// 8601 writes it: +02:00.
func offsetZone(minutes int) *time.Location {
	at := time.Unix(0, 0).In(time.FixedZone("", minutes*60))
	return time.FixedZone(at.Format("-07:00"), minutes*60)
}

func (s *Source) statedEast(format func() Format) (east int16, ok bool) {
	lines := s.firstLines()
	if format == nil {
		format = Guess(lines).New
	}
	f := format()
	for _, line := range lines {
		var r Record
		if f.Parse(line, &r) == nil && r.Kind == Access && r.Has&HasEast != 0 {
			return r.East, true
		}
	}
	return 0, false
}

// firstLines returns lines by which a source can be judged before it is read;
// none if looking would take them away.
func (s *Source) firstLines() [][]byte {
	switch {
	case s.Endless && s.Sample != nil:
		return splitLines(s.Sample())
	case s.Once:
		return nil
	}
	head, _ := headOf(s) // what is wrong with it will be reported when it is read
	return splitLines(head)
}

// zone moves the wall-clock times of a log that states no zone to UTC.
type zone struct {
	loc         *time.Location
	from, shift int64
	known       bool
}

const quarter = int64(15 * time.Minute) // no zone changes its offset between quarters of an hour

// utc returns the instant at which clocks in the zone show what clocks in UTC
// show at t. In the hour that a clock repeats it takes the first time round.
func (z *zone) utc(t int64) int64 {
	from := t - mod(t, quarter)
	if !z.known || from != z.from {
		w := time.Unix(0, from).UTC()
		local := time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), 0, 0, z.loc)
		before := local.Add(-3 * time.Hour) // time.Date may mean either of two repeated hours
		_, old := before.Zone()
		_, now := local.Zone()
		if first := local.Add(time.Duration(now-old) * time.Second); first.Before(local) && first.Hour() == local.Hour() {
			local = first
		}
		z.from, z.shift, z.known = from, from-local.UnixNano(), true
	}
	return t - z.shift
}

func mod(a, b int64) int64 {
	if m := a % b; m < 0 {
		return m + b
	} else {
		return m
	}
}
