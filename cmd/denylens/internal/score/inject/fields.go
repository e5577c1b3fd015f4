package inject

import (
	"bytes"
	"net/netip"
	"strconv"
	"time"
)

// fields are the places of a plain log line at which what is changed stands:
// half-open ranges of its bytes. A field that the line lacks is empty.
type fields struct {
	addr, user, stamp, request, status, size, referer, agent [2]int
}

// token is a word of a line: bare, in brackets, or in quotes. The range is
// without brackets and quotes.
type token struct {
	kind byte // 'w', '[' or '"'
	at   [2]int
}

// tokens cuts a line of the common log format and its relatives into words.
func tokens(line []byte) (list []token) {
	for i := 0; i < len(line); {
		switch line[i] {
		case ' ':
			i++
		case '[', '"':
			kind, end := line[i], byte('"')
			if kind == '[' {
				end = ']'
			}
			j := i + 1
			for j < len(line) && line[j] != end {
				if line[j] == '\\' && kind == '"' {
					j++
				}
				j++
			}
			j = min(j, len(line))
			list = append(list, token{kind, [2]int{i + 1, j}})
			i = j + 1
		default:
			j := i
			for j < len(line) && line[j] != ' ' {
				j++
			}
			list = append(list, token{'w', [2]int{i, j}})
			i = j
		}
	}
	return list
}

// find locates the fields of a plain log line: an address, a user and a time in
// brackets, the request in quotes, status and size, and the next two quoted
// words. ok is false if the line is built in another way.
func find(line []byte) (f fields, ok bool) {
	list := tokens(line)
	stamp := -1
	for i, t := range list {
		if t.kind == '[' {
			stamp = i
			break
		}
	}
	if stamp < 2 || len(list) < stamp+4 || list[stamp+1].kind != '"' || list[stamp+2].kind != 'w' || list[stamp+3].kind != 'w' {
		return f, false
	}
	f.user, f.stamp, f.request, f.status, f.size = list[stamp-1].at, list[stamp].at, list[stamp+1].at, list[stamp+2].at, list[stamp+3].at
	for _, t := range list[:stamp-1] {
		if _, err := netip.ParseAddr(string(line[t.at[0]:t.at[1]])); err == nil {
			f.addr = t.at
		}
	}
	for _, t := range list[stamp+4:] {
		if t.kind != '"' {
			continue
		}
		if f.referer == [2]int{} {
			f.referer = t.at
		} else if f.agent == [2]int{} {
			f.agent = t.at
		}
	}
	return f, true
}

// change is a new text for a range of a line.
type change struct {
	at   [2]int
	text string
}

// put applies changes, which are in the order of the line and do not overlap.
func put(line []byte, list ...change) []byte {
	out := make([]byte, 0, len(line)+32)
	pos := 0
	for _, c := range list {
		if c.at == [2]int{} {
			continue
		}
		out = append(append(out, line[pos:c.at[0]]...), c.text...)
		pos = c.at[1]
	}
	return append(out, line[pos:]...)
}

const clf = "02/Jan/2006:15:04:05 -0700"

// stampAs writes a time as the old stamp is written, in the same zone.
func stampAs(old []byte, at time.Time) (string, bool) {
	was, err := time.Parse(clf, string(old))
	if err != nil {
		return "", false
	}
	return at.In(was.Location()).Format(clf), true
}

// jsonValue is the range of the value of a key in a line of JSON: a text with
// its quotes, a list, or a bare word.
func jsonValue(line []byte, key string) [2]int {
	i := bytes.Index(line, []byte(`"`+key+`":`))
	if i < 0 {
		return [2]int{}
	}
	i += len(key) + 3
	j := i
	switch line[i] {
	case '"':
		for j++; j < len(line) && line[j] != '"'; j++ {
			if line[j] == '\\' {
				j++
			}
		}
		j++
	case '[':
		j += bytes.IndexByte(line[i:], ']') + 1
	default:
		for j < len(line) && line[j] != ',' && line[j] != '}' {
			j++
		}
	}
	return [2]int{i, min(j, len(line))}
}

func quote(s string) string { return strconv.Quote(s) }
