package ingest

import "bytes"

// unescape decodes, in place, what nginx (escape=default) and Apache write for
// bytes that could disturb a log: \xHH, \b \n \r \t \v, \\ and \". Any other
// backslash stays as it is. The result is a front part of b.
func unescape(b []byte) []byte {
	i := bytes.IndexByte(b, '\\')
	if i < 0 {
		return b
	}
	w := i
	for i < len(b) {
		c := b[i]
		if c != '\\' || i+1 >= len(b) {
			b[w] = c
			w++
			i++
			continue
		}
		e := b[i+1]
		if e == 'x' && i+3 < len(b) && hexValue[b[i+2]] <= 15 && hexValue[b[i+3]] <= 15 {
			b[w] = hexValue[b[i+2]]<<4 | hexValue[b[i+3]]
			w++
			i += 4
			continue
		}
		if d := plainEscape(e); d != 0 {
			b[w] = d
			w++
			i += 2
			continue
		}
		b[w], b[w+1] = c, e
		w += 2
		i += 2
	}
	return b[:w]
}

// plainEscape returns the byte that backslash e stands for, 0 if it stands for
// none.
func plainEscape(e byte) byte {
	switch e {
	case '"', '\\':
		return e
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case 'v':
		return '\v'
	case 'b':
		return '\b'
	}
	return 0
}

// closingQuote returns the index of the first quote in b that no backslash
// escapes, -1 if there is none. escapes says whether b may hold backslashes.
func closingQuote(b []byte, escapes bool) int {
	i := bytes.IndexByte(b, '"')
	if !escapes {
		return i
	}
	for i >= 0 {
		back := i
		for back > 0 && b[back-1] == '\\' {
			back--
		}
		if (i-back)%2 == 0 {
			return i
		}
		n := bytes.IndexByte(b[i+1:], '"')
		if n < 0 {
			return -1
		}
		i += 1 + n
	}
	return -1
}
