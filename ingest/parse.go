package ingest

import (
	"bytes"
	"math"
	"time"
)

// shortLine is a length that hardly any line of an access log falls below.
const shortLine = 48

// parser reads the lines of blocks. Each goroutine has its own.
type parser struct {
	maxLine      int
	since, until int64 // Unix nanoseconds, inclusive and exclusive
	proxies      *proxies
	zone         zone
}

func newParser(maxLine int, since, until time.Time, p *proxies, loc *time.Location) *parser {
	ps := &parser{maxLine: maxLine, since: math.MinInt64, until: math.MaxInt64, proxies: p, zone: zone{loc: loc}}
	if maxLine <= 0 {
		ps.maxLine = defaultMaxLine
	}
	if !since.IsZero() {
		ps.since = since.UnixNano()
	}
	if !until.IsZero() {
		ps.until = until.UnixNano()
	}
	return ps
}

// parse turns the bytes of b into Records and Rejects.
func (p *parser) parse(b *Batch, f Format) {
	b.first, b.last = math.MaxInt64, math.MinInt64
	at := &b.place
	if at.overHole > 0 {
		b.reject(FlawBinary, at.overAt-at.overHole, at.line-1, nil)
	}
	if at.over > 0 {
		b.reject(FlawTooLong, at.overAt, at.line-1, nil)
	}
	if at.hole > 0 {
		b.reject(FlawBinary, at.pos-at.hole, at.line, nil)
	}
	// Room for all records at once, unless the lines are too short to be any.
	if n := min(at.lines, len(b.buf)/shortLine); n > cap(b.Records) {
		b.Records = make([]Record, 0, n+n/8)
	}
	pos, num := at.pos, at.line
	for rest := b.buf; len(rest) > 0; num++ {
		line, cut := rest, at.cut
		n := len(rest)
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			if i >= leastPart {
				i = joinParts(rest, i, p.maxLine/2)
			}
			line, n, cut = rest[:i:i], i+1, false
		}
		p.line(b, f, line, pos, num, cut)
		rest, pos = rest[n:], pos+int64(n)
	}
	b.Format = f.Name()
}

// line reads one line into b.
func (p *parser) line(b *Batch, f Format, line []byte, pos, num int64, cut bool) {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	if len(line) == 0 {
		if b.place.hole == 0 || pos != b.place.pos { // else it is the hole
			b.Lines++
			b.Blank++
		}
		return
	}
	if line[0] <= ' ' && !b.place.wide {
		if n := leadingNULs(line); n > 0 {
			// The hole is a flaw of its own; the line behind it is a line.
			if b.place.hole == 0 || pos != b.place.pos {
				b.reject(FlawBinary, pos, num, nil)
			}
			if line, pos = line[n:], pos+int64(n); len(line) == 0 {
				return
			}
		}
		if len(bytes.TrimSpace(line)) == 0 {
			b.Lines++
			b.Blank++
			return
		}
	}
	if len(line) > p.maxLine {
		b.reject(FlawTooLong, pos, num, nil)
		return
	}
	if b.place.wide {
		b.reject(FlawUTF16, pos, num, line)
		return
	}
	r := b.add()
	if err := f.Parse(line, r); err != nil {
		b.Records = b.Records[:len(b.Records)-1]
		b.reject(flawOf(err, line, cut), pos, num, line)
		return
	}
	b.Lines++
	r.Pos, r.Line = pos, num
	p.finish(b, r)
}

// finish adds to r what no format knows: the zone of the log, the client
// behind proxies, and whether r is wanted at all.
func (p *parser) finish(b *Batch, r *Record) {
	if p.zone.loc != nil && r.Has&HasZone == 0 {
		r.Time = p.zone.utc(r.Time)
	}
	if r.Time < p.since || r.Time >= p.until {
		b.Records = b.Records[:len(b.Records)-1]
		b.Outside++
		return
	}
	b.first, b.last = min(b.first, r.Time), max(b.last, r.Time)
	if p.proxies != nil {
		r.Client = p.proxies.client(r)
	} else if !r.Client.IsValid() {
		r.Client = plain(r.Remote)
	}
}

// add returns an empty Record at the end of b.
func (b *Batch) add() *Record {
	n := len(b.Records)
	if n == cap(b.Records) {
		b.Records = append(b.Records, Record{})
		return &b.Records[n]
	}
	b.Records = b.Records[:n+1]
	r := &b.Records[n]
	r.Reset()
	return r
}

func (b *Batch) reject(f Flaw, pos, line int64, text []byte) {
	b.Lines++
	b.Rejects = append(b.Rejects, Reject{Flaw: f, Pos: pos, Line: line, Text: text})
}

// flawOf names what is wrong with line, of which a format only knows that it
// is none of its own.
func flawOf(err error, line []byte, cut bool) Flaw {
	f, ok := err.(Flaw)
	if !ok || f == NoFlaw || f >= NumFlaws {
		f = FlawFormat
	}
	if !f.Loss() {
		return f
	}
	if nul := bytes.Count(line, []byte{0}); nul > 0 {
		if 2*nul >= len(line)-1 && alternates(line) {
			return FlawUTF16
		}
		return FlawBinary
	}
	if cut {
		return FlawInterrupted
	}
	return f
}

// alternates tells whether every second byte of line is NUL, as in UTF-16 text
// in a Latin script.
func alternates(line []byte) bool {
	odd, even := 0, 0
	for i, c := range line {
		if c == 0 {
			odd += i & 1
			even += 1 - i&1
		}
	}
	half := len(line) / 2
	return len(line) > 3 && max(odd, even) >= half-1 && min(odd, even) == 0
}
