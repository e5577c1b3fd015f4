package ingest

import (
	"strconv"
	"strings"
)

// asJSON returns a reader of JSON lines if the layout is a flat JSON object
// whose values are fields, nil if it is not. Reading by key rather than by
// place does not mind an operator who reorders keys.
func (l *layout) asJSON() func() Format {
	if !strings.HasPrefix(strings.TrimSpace(l.prefix), "{") {
		return nil
	}
	// The layout with \x01n\x02 for field n is itself an object to be read.
	var b strings.Builder
	b.WriteString(l.prefix)
	for i, p := range l.slots {
		b.WriteString("\x01" + strconv.Itoa(i) + "\x02" + p.lit)
	}
	var keys []string
	s := jsonScan{order: new(keyOrder), lookup: func(k []byte) uint8 { keys = append(keys, string(k)); return 0 }}
	if !s.begin([]byte(b.String())) {
		return nil
	}
	list := []alias{{}}
	var must uint64
	for {
		if _, ok := s.next(); !ok {
			break
		}
		value := strings.TrimSpace(string(s.val.text))
		if s.val.kind == jsonNested && strings.ContainsRune(value, '\x01') {
			return nil
		}
		key := keys[len(keys)-1]
		switch f, rank := l.jsonField(value); {
		case f != jfNone && len(list) < 255:
			list = append(list, alias{key, f, rank})
			must |= 1 << f
		case strings.Count(value, "\x01") > 1:
			l.warn("the value of %q mixes fields and is not read", key)
		}
	}
	if s.flaw != NoFlaw {
		return nil
	}
	ids := aliasIndex(list)
	lookup := func(k []byte) uint8 { return ids[string(k)] }
	proto := jsonAccess{name: l.name, list: list, lookup: lookup, must: must & (bitTime | bitStatus), dash: l.escape == "json"}
	return func() Format { p := proto; return &p }
}

// jsonField returns the field that a value of the layout stands for.
func (l *layout) jsonField(value string) (field, uint8) {
	var at []int
	literal := value
	for {
		i, j := strings.IndexByte(literal, '\x01'), strings.IndexByte(literal, '\x02')
		if i < 0 || j < i {
			break
		}
		n, _ := strconv.Atoi(literal[i+1 : j])
		at = append(at, n)
		literal = literal[:i] + literal[j+1:]
	}
	switch {
	case len(at) == 1 && literal == "", len(at) == 1 && l.slots[at[0]].field == jfTime && literal == "[]":
		return l.slots[at[0]].field, l.slots[at[0]].rank
	case len(at) >= 2 && strings.TrimSpace(literal) == "" && l.slots[at[0]].field == jfMethod && l.slots[at[1]].field == jfURI:
		return jfRequest, 1
	}
	return jfNone, 0
}
