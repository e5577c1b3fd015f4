package ingest

import (
	"bytes"

	"github.com/denylens/denylens/ingest/internal/clock"
)

// class is the form in which a field is written: it decides where it ends.
type class uint8

const (
	classText   class = iota // anything
	classToken               // anything without blanks
	classList                // nginx' upstream lists: "a, b : c"
	classNumber              // digits, points; "-"; or nothing
	classStatus              // three digits or "-"
	classTime                // a time stamp
)

// slot is a field of a layout and the literal text behind it.
type slot struct {
	name  string // as the layout has it, for messages
	field field
	rank  uint8
	class class
	lit   string
	mode  mode
}

// mode is how the end of a field is found.
type mode uint8

const (
	modeTyped  mode = iota // by its class
	modeQuoted             // at the next quote that is not escaped
	modeByte               // at the next byte that data cannot hold
	modeRest               // at the end of the line
	modeSearch             // where what follows fits; may be ambiguous
)

// template reads lines of a layout that the operator wrote as a list of
// fields and literals.
type template struct {
	name   string
	prefix string // literal in front of the first field
	slots  []slot
	none   bool // escape=none: nothing is escaped
	json   bool // escape=json
	clock  clock.Clock

	line  []byte
	ends  [maxSlots][2]int
	best  [maxSlots][2]int
	steps int
	found int
}

const (
	maxSlots = 64
	maxSteps = 256 // tries per line; more means the line is ambiguous on purpose
)

func (t *template) Name() string { return t.name }

func (t *template) Parse(line []byte, r *Record) error {
	if len(line) < len(t.prefix) || string(line[:len(t.prefix)]) != t.prefix {
		return FlawFormat
	}
	t.line, t.steps, t.found = line, 0, 0
	t.match(0, len(t.prefix))
	t.line = nil
	if t.found != 1 {
		return FlawColumns // none fits, or more than one reading does
	}
	var m found
	for i := range t.slots {
		p := &t.slots[i]
		if p.field == jfNone {
			continue
		}
		m.put(p.field, p.rank, jsonValue{line[t.best[i][0]:t.best[i][1]], jsonString})
	}
	d := decoding{escapes: bytes.IndexByte(line, '\\') >= 0, none: t.none, json: t.json, dash: t.json}
	if flaw := m.fill(r, &t.clock, d); flaw != NoFlaw {
		return flaw
	}
	return nil
}

// match reads the slots from k on at line[i:] and returns whether the search
// is over: one reading was found that is sure to be the only one, or two.
func (t *template) match(k, i int) bool {
	for ; k < len(t.slots); k++ {
		p := &t.slots[k]
		if p.mode == modeSearch {
			return t.search(k, i)
		}
		end := t.end(p, i)
		if end < 0 || len(t.line)-end < len(p.lit) || string(t.line[end:end+len(p.lit)]) != p.lit {
			return false
		}
		t.ends[k] = [2]int{i, end}
		i = end + len(p.lit)
	}
	if i != len(t.line) && !blank(t.line[i:]) {
		return false
	}
	if t.found++; t.found == 1 {
		copy(t.best[:len(t.slots)], t.ends[:len(t.slots)])
	}
	return true
}

// search tries every place where the literal behind a text field occurs. A
// second place at which the line goes on as it should makes it ambiguous,
// unless what follows holds a byte that data cannot.
func (t *template) search(k, start int) bool {
	p := &t.slots[k]
	sure := t.anchored(k)
	for i := start; ; {
		n := bytes.Index(t.line[i:], []byte(p.lit))
		if n < 0 {
			return false
		}
		if t.steps++; t.steps > maxSteps {
			t.found = 2
			return true
		}
		t.ends[k] = [2]int{start, i + n}
		done := t.match(k+1, i+n+len(p.lit))
		if done && sure || t.found > 1 {
			return true
		}
		i += n + 1
	}
}

// anchored tells whether, before the next field of unknown end, a literal
// comes that no data can imitate.
func (t *template) anchored(k int) bool {
	for j := k; j < len(t.slots); j++ {
		if j > k && t.slots[j].mode == modeSearch {
			return false
		}
		if !t.none && unforgeable(t.slots[j].lit) {
			return true
		}
	}
	return false
}

// unforgeable tells whether lit has a byte that escaping keeps out of data.
func unforgeable(lit string) bool {
	for i := range len(lit) {
		if lit[i] == '"' || lit[i] == '\t' {
			return true
		}
	}
	return false
}

func blank(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}

// end returns where the field p that starts at i ends, -1 if it is none.
func (t *template) end(p *slot, i int) int {
	rest := t.line[i:]
	switch p.mode {
	case modeRest:
		return len(t.line)
	case modeQuoted:
		if n := closingQuote(rest, true); n >= 0 {
			return i + n
		}
		return -1
	case modeByte:
		if n := bytes.IndexByte(rest, p.lit[0]); n >= 0 {
			return i + n
		}
		return -1
	}
	return t.typedEnd(p, i)
}

func (t *template) typedEnd(p *slot, i int) int {
	b := t.line
	switch p.class {
	case classNumber:
		j := i
		for j < len(b) && (b[j]-'0' <= 9 || b[j] == '.') {
			j++
		}
		if j == i && j < len(b) && b[j] == '-' {
			j++
		}
		return j
	case classStatus:
		if i < len(b) && b[i] == '-' {
			return i + 1
		}
		if i+3 > len(b) || b[i]-'0' > 9 || b[i+1]-'0' > 9 || b[i+2]-'0' > 9 {
			return -1
		}
		return i + 3
	case classTime:
		return t.timeEnd(p, i)
	case classList:
		return listEnd(b, i)
	}
	return tokenClassEnd(b, i, p.lit)
}

// timeEnd takes the 26 bytes of a CLF time, or what there is up to the next
// literal.
func (t *template) timeEnd(p *slot, i int) int {
	b := t.line
	if i+26+len(p.lit) <= len(b) && string(b[i+26:i+26+len(p.lit)]) == p.lit {
		if _, ok := t.clock.CLF(b[i : i+26]); ok {
			return i + 26
		}
	}
	end := len(b)
	if p.lit != "" {
		n := bytes.Index(b[i:min(len(b), i+48+len(p.lit))], []byte(p.lit))
		if n >= 0 && p.lit[0] == ' ' && n == 10 && len(b) > i+19 { // a blank between date and time
			if m := bytes.Index(b[i+19:min(len(b), i+48+len(p.lit))], []byte(p.lit)); m >= 0 {
				if _, ok := t.clock.Any(b[i : i+19+m]); ok {
					return i + 19 + m
				}
			}
		}
		if n < 0 {
			return -1
		}
		end = i + n
	}
	if _, ok := t.clock.Any(b[i:end]); !ok {
		return -1
	}
	return end
}

// listEnd goes over items parted by ", " or " : ".
func listEnd(b []byte, i int) int {
	for {
		for i < len(b) && b[i] != ' ' && b[i] != '\t' && b[i] != '"' {
			i++
		}
		switch {
		case i+1 < len(b) && i > 0 && b[i] == ' ' && b[i-1] == ',':
			i++
		case i+2 < len(b) && b[i] == ' ' && b[i+1] == ':' && b[i+2] == ' ':
			i += 3
		default:
			return i
		}
	}
}

// tokenClassEnd goes to the next blank, or to the literal if that comes
// first. A colon counts only if it is the last: IPv6 has them too.
func tokenClassEnd(b []byte, i int, lit string) int {
	j := i
	for j < len(b) && b[j] != ' ' && b[j] != '\t' {
		j++
	}
	if lit == "" || lit[0] == ' ' || lit[0] == '\t' {
		return j
	}
	var n int
	if lit[0] == ':' {
		n = bytes.LastIndexByte(b[i:j], ':')
	} else {
		n = bytes.IndexByte(b[i:j], lit[0])
	}
	if n < 0 {
		return -1
	}
	return i + n
}
