package ingest

import "bytes"

// maxDepth is how deep JSON may be nested.
const maxDepth = 32

// jsonKind is what a JSON value is.
type jsonKind uint8

const (
	jsonAbsent jsonKind = iota // not there, null, or an unquoted nothing ("k":,)
	jsonString                 // val is what stands between the quotes, escaped
	jsonBare                   // a number, true, false, or what is written as one
	jsonNested                 // an object or array, val is the whole of it
)

// jsonValue is a member's value: a view into the line.
type jsonValue struct {
	text []byte
	kind jsonKind
}

// keyOrder remembers which keys the last object had, in which order. The next
// object most often has the same ones, and then a comparison of bytes replaces
// the search for the key's end and the look-up. It never changes a result.
type keyOrder struct {
	keys [96]knownKey
}

type knownKey struct {
	text [38]byte
	n    uint8 // length of text; 0 = none
	id   uint8
}

// jsonScan walks the members of one object. It reads JSON as log writers make
// it, which is not always JSON: values may be unquoted nothings and lists
// ("us":502, 200,), two quotes in quotes ("u":""""), \x and \v escapes, raw
// bytes that are no UTF-8, and a comma behind the last member. What is valid
// it reads as encoding/json does.
type jsonScan struct {
	b      []byte
	i      int
	n      int // members seen
	order  *keyOrder
	lookup func([]byte) uint8 // id of a key, 0 for one that is not wanted
	val    jsonValue
	flaw   Flaw
}

// begin starts at the opening brace of line.
func (s *jsonScan) begin(line []byte) bool {
	s.b = line
	s.i = skipSpace(line, 0)
	if s.i >= len(line) || line[s.i] != '{' {
		s.flaw = FlawJSON
		return false
	}
	s.i++
	return true
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// next reads one member and returns the id of its key. At the end of the
// object, and at a flaw, it returns false.
func (s *jsonScan) next() (id uint8, ok bool) {
	b := s.b
	i := s.i
	if i < len(b) && b[i] != '"' {
		i = skipSpace(b, i)
	}
	if i >= len(b) {
		s.flaw = FlawJSON
		return 0, false
	}
	if b[i] != '"' {
		return 0, s.end(i)
	}
	i++
	if s.n < len(s.order.keys) {
		if k := &s.order.keys[s.n]; k.n > 0 && len(b)-i > int(k.n)+2 && b[i+int(k.n)] == '"' && string(b[i:i+int(k.n)]) == string(k.text[:k.n]) {
			id, i, ok = k.id, i+int(k.n)+1, true
		}
	}
	if !ok {
		if id, i = s.key(i); i < 0 {
			s.flaw = FlawJSON
			return 0, false
		}
	}
	s.n++
	if i < len(b) && b[i] != ':' {
		i = skipSpace(b, i)
	}
	if i >= len(b) || b[i] != ':' {
		s.flaw = FlawJSON
		return 0, false
	}
	return id, s.value(i + 1)
}

// end takes the closing brace at i.
func (s *jsonScan) end(i int) bool {
	if s.b[i] != '}' || skipSpace(s.b, i+1) != len(s.b) {
		s.flaw = FlawJSON
	}
	return false
}

// key finds the end of the key that starts at i, and its id.
func (s *jsonScan) key(i int) (id uint8, after int) {
	n := closingQuote(s.b[i:], true)
	if n < 0 {
		return 0, -1
	}
	key := s.b[i : i+n]
	if bytes.IndexByte(key, '\\') >= 0 {
		var scratch [64]byte
		if len(key) > len(scratch) {
			return 0, i + n + 1
		}
		return s.lookup(unescapeJSON(append(scratch[:0], key...))), i + n + 1
	}
	id = s.lookup(key)
	if s.n < len(s.order.keys) && n > 0 && n <= len(s.order.keys[0].text) {
		k := &s.order.keys[s.n]
		copy(k.text[:], key)
		k.n, k.id = uint8(n), id
	}
	return id, i + n + 1
}

// value reads the value at i into s.val, and the comma behind it.
func (s *jsonScan) value(i int) bool {
	b := s.b
	if i < len(b) && b[i] == ' ' {
		i = skipSpace(b, i)
	}
	if i >= len(b) {
		s.flaw = FlawJSON
		return false
	}
	switch b[i] {
	case '"':
		n := bytes.IndexByte(b[i+1:], '"')
		if n > 0 && b[i+n] == '\\' {
			n = closingQuote(b[i+1:], true)
		}
		if n < 0 {
			s.flaw = FlawQuote
			return false
		}
		s.val = jsonValue{b[i+1 : i+1+n], jsonString}
		i += n + 2
		if n == 0 && i < len(b) && b[i] == '"' {
			i = emptyUserEnd(b, i)
		}
	case '{', '[':
		end, flaw := skipNested(b, i)
		if flaw != NoFlaw {
			s.flaw = flaw
			return false
		}
		s.val = jsonValue{b[i:end], jsonNested}
		i = end
	default:
		end := bareEnd(b, i)
		if end < 0 {
			s.flaw = FlawJSON
			return false
		}
		s.val = bareValue(b[i:end])
		i = end
	}
	return s.separator(i)
}

// emptyUserEnd goes behind """", which is Apache's empty user within quotes;
// two quotes were read. (Three are written by loggers that drop one.)
func emptyUserEnd(b []byte, i int) int {
	for n := 1; n <= 2 && i+n < len(b) && b[i+n-1] == '"'; n++ {
		if c := b[i+n]; c == ',' || c == '}' {
			return i + n
		}
	}
	return i
}

// separator takes what must follow a value.
func (s *jsonScan) separator(i int) bool {
	b := s.b
	if i < len(b) && b[i] != ',' && b[i] != '}' {
		i = skipSpace(b, i)
	}
	switch {
	case i >= len(b):
		s.flaw = FlawJSON
		return false
	case b[i] == ',':
		i++
	case b[i] != '}':
		s.flaw = FlawJSON
		return false
	}
	s.i = i
	return true
}

// bareEnd returns where the unquoted value at i ends. A comma belongs to it
// unless a key, or the end of the object, follows: nginx writes lists so.
func bareEnd(b []byte, i int) int {
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case c == '}':
			return i
		case c == ',':
			if j := skipSpace(b, i+1); j >= len(b) || b[j] == '"' || b[j] == '}' {
				return i
			}
		case c == '"' || c == '{' || c == '[' || c == ']' || c == '\\':
			return -1
		}
	}
	return -1
}

func bareValue(b []byte) jsonValue {
	if n := len(b); n > 0 && b[n-1] <= ' ' {
		b = bytes.TrimRight(b, " \t\r\n")
	}
	if len(b) == 0 || string(b) == "null" {
		return jsonValue{}
	}
	return jsonValue{b, jsonBare}
}

// skipNested returns the end of the object or array that opens at i.
func skipNested(b []byte, i int) (end int, flaw Flaw) {
	for depth := 0; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			if depth++; depth >= maxDepth {
				return 0, FlawDepth
			}
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, NoFlaw
			}
		case '"':
			n := closingQuote(b[i+1:], true)
			if n < 0 {
				return 0, FlawQuote
			}
			i += n + 1
		}
	}
	return 0, FlawJSON
}
