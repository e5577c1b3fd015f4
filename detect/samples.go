package detect

import (
	"bytes"
	"slices"

	"github.com/denylens/denylens/ingest"
)

// samples are lines kept for evidence, as one text: most are thrown away with
// their page, and only those that an event shows become Samples.
type samples struct {
	list []sample
	text []byte
}

type sample struct {
	source int
	pos    int64
	lo, hi uint32 // in text
	parts  [5]within
}

// within is where a part of the request is in a line. Each of its parts is cut, so
// that a line is never as long as 64 KiB.
type within struct{ lo, hi uint16 }

func (s *samples) reset() { s.list, s.text = s.list[:0], s.text[:0] }

// add keeps a record and returns its number, from 1 on; 0 if there are enough.
func (s *samples) add(source int, rec *ingest.Record) uint16 {
	if len(s.list) >= maxSamples {
		return 0
	}
	lo := len(s.text)
	s.text = render(s.text, rec)
	line := s.text[lo:]
	find := func(b []byte) within { // anywhere: its text is all that is wanted
		i := bytes.Index(line, b)
		if i < 0 || len(b) == 0 || len(b) > maxPart {
			return within{}
		}
		return within{uint16(i), uint16(i + len(b))}
	}
	s.list = append(s.list, sample{source: source, pos: rec.Pos, lo: uint32(lo), hi: uint32(len(s.text)), parts: [...]within{
		find(rec.Method), find(rec.URI), find(rec.Referer), find(rec.Agent), find(rec.Host),
	}})
	return uint16(len(s.list))
}

// take keeps sample number n of other samples as well, as add does.
func (s *samples) take(other *samples, n uint16) uint16 {
	if len(s.list) >= maxSamples {
		return 0
	}
	x := other.list[n-1]
	lo := len(s.text)
	s.text = append(s.text, other.text[x.lo:x.hi]...)
	x.lo, x.hi = uint32(lo), uint32(len(s.text))
	s.list = append(s.list, x)
	return uint16(len(s.list))
}

// clone copies the samples into no more memory than they need.
func (s *samples) clone() samples { return samples{slices.Clone(s.list), slices.Clone(s.text)} }

// at is sample number n, whose sources are called by name.
func (s *samples) at(n uint16, name func(int) string) Sample {
	x := &s.list[n-1]
	line := string(s.text[x.lo:x.hi])
	p := func(k int) string { return line[x.parts[k].lo:x.parts[k].hi] }
	return Sample{Source: name(x.source), Offset: x.pos, Line: line, asked: asked{method: p(0), uri: p(1), referer: p(2), agent: p(3), host: p(4)}}
}
