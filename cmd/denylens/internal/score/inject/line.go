package inject

import (
	"bytes"
	"net/netip"
	"slices"
	"time"

	"github.com/denylens/denylens/ingest"
)

// Line is one line of a log with what it says. Strings repeat from line to
// line, so they are shared.
type Line struct {
	Text    []byte // without the line end
	Time    int64  // Unix nanoseconds
	Client  netip.Addr
	Bytes   int64
	ASN     uint32
	Status  uint16
	Country [2]byte // as the log states it, or as the built-in data know it
	Edge    bool    // the client's address is that of a proxy
	Request bool    // the line holds a request that could be read; else the rest is empty

	Method, Path, Query, Host, User, Agent, Referer, Rule string
}

// Refused tells whether the answer was a refusal: 403, or 429, which sites give
// instead of it.
func (l *Line) Refused() bool { return l.Status == 403 || l.Status == 429 }

// Served tells whether the client got what it asked for.
func (l *Line) Served() bool { return l.Status >= 200 && l.Status < 400 }

// Log is a log in memory.
type Log struct {
	Lines  []Line
	Format string // name of the format that its lines are in
}

// Read reads a log. An empty format is guessed. Lines that hold no request are
// kept as they are, at the time of the line before.
func Read(text []byte, format string) (*Log, error) {
	var f ingest.Format
	if spec, ok := ingest.Lookup(format); ok {
		f = spec.New()
	}
	log := &Log{Lines: make([]Line, 0, bytes.Count(text, []byte("\n"))+1)}
	s := ingest.NewScanner(bytes.NewReader(text), "log", f)
	shared := sharer{map[string]string{}, map[netip.Addr]place{}}
	var b ingest.Batch
	pos := int64(0)
	last := int64(0)
	plain := func(to int64) { // lines in front of to that are no records
		for pos < to {
			t, next := cut(text, pos)
			log.Lines = append(log.Lines, Line{Text: t, Time: last})
			pos = next
		}
	}
	for s.Scan(&b) {
		if log.Format == "" {
			log.Format = b.Format
		}
		for i := range b.Records {
			r := &b.Records[i]
			plain(r.Pos)
			l := shared.line(r)
			l.Text, pos = cut(text, r.Pos)
			last = l.Time
			log.Lines = append(log.Lines, l)
		}
	}
	plain(int64(len(text)))
	return log, s.Err()
}

// cut returns the line at pos, without its end, and where the next one begins.
func cut(text []byte, pos int64) ([]byte, int64) {
	line, _, found := bytes.Cut(text[pos:], []byte("\n"))
	next := pos + int64(len(line))
	if found {
		next++
	}
	return bytes.TrimSuffix(line, []byte("\r")), next
}

// sharer keeps one copy of each text, and what is known of each address.
type sharer struct {
	texts  map[string]string
	places map[netip.Addr]place
}

type place struct {
	country [2]byte
	edge    bool
}

func (s *sharer) text(b []byte) string {
	if t, ok := s.texts[string(b)]; ok {
		return t
	}
	t := string(b)
	if len(t) < 200 {
		s.texts[t] = t
	}
	return t
}

func (s *sharer) place(a netip.Addr) place {
	p, ok := s.places[a]
	if !ok {
		copy(p.country[:], CountryOf(a))
		p.edge = isProxy(a)
		s.places[a] = p
	}
	return p
}

func (s *sharer) line(r *ingest.Record) Line {
	p := s.place(r.Client)
	l := Line{Time: r.Time, Client: r.Client, Bytes: r.Bytes, ASN: r.ASN, Status: r.Status, Country: r.Country, Edge: p.edge,
		Request: r.Kind == ingest.Access && r.Client.IsValid(), Method: s.text(r.Method), Path: s.text(r.Path), Query: s.text(r.Query),
		Host: s.text(r.Host), User: s.text(r.User), Agent: s.text(r.Agent), Referer: s.text(r.Referer), Rule: s.text(r.Rule)}
	if l.Country == [2]byte{} {
		l.Country = p.country
	}
	return l
}

// Bytes is the log as a file.
func (g *Log) Bytes() []byte {
	n := 0
	for i := range g.Lines {
		n += len(g.Lines[i].Text) + 1
	}
	out := make([]byte, 0, n)
	for i := range g.Lines {
		out = append(append(out, g.Lines[i].Text...), '\n')
	}
	return out
}

// Sort puts the lines in order of time; lines of one moment keep their order.
func (g *Log) Sort() {
	slices.SortStableFunc(g.Lines, func(a, b Line) int {
		switch {
		case a.Time < b.Time:
			return -1
		case a.Time > b.Time:
			return 1
		}
		return 0
	})
}

// Between returns the lines from one moment up to another, of a sorted log.
func (g *Log) Between(from, to time.Time) *Log {
	at := func(t time.Time) int {
		n := t.UnixNano()
		i, _ := slices.BinarySearchFunc(g.Lines, n, func(l Line, n int64) int {
			if l.Time < n {
				return -1
			}
			return 1
		})
		return i
	}
	return &Log{Lines: g.Lines[at(from):at(to)], Format: g.Format}
}

// Span returns the first and the last moment of a sorted log.
func (g *Log) Span() (from, to time.Time) {
	if len(g.Lines) == 0 {
		return
	}
	return time.Unix(0, g.Lines[0].Time).UTC(), time.Unix(0, g.Lines[len(g.Lines)-1].Time).UTC()
}
