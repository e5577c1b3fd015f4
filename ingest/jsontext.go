package ingest

import (
	"bytes"
	"unicode/utf8"
)

// unescapeJSON decodes, in place, the escapes of a JSON string, and those that
// nginx (escape=default) and Apache write into what looks like one: \xHH, \v.
// A surrogate without its other half becomes U+FFFD. Any other backslash stays
// as it is.
func unescapeJSON(b []byte) []byte {
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
		switch {
		case e == 'u' && hex4(b[i+2:]) >= 0:
			r := rune(hex4(b[i+2:]))
			i += 6
			if r >= 0xD800 && r < 0xE000 {
				r, i = surrogate(b, r, i)
			}
			w += utf8.EncodeRune(b[w:], r)
		case e == 'x' && i+3 < len(b) && hexValue[b[i+2]] <= 15 && hexValue[b[i+3]] <= 15:
			b[w] = hexValue[b[i+2]]<<4 | hexValue[b[i+3]]
			w++
			i += 4
		case e == '/' || e == 'f' || plainEscape(e) != 0:
			b[w] = e
			if e == 'f' {
				b[w] = '\f'
			} else if e != '/' {
				b[w] = plainEscape(e)
			}
			w++
			i += 2
		default:
			b[w], b[w+1] = c, e
			w += 2
			i += 2
		}
	}
	return b[:w]
}

// surrogate joins the surrogate r with the one that may follow at b[i].
func surrogate(b []byte, r rune, i int) (rune, int) {
	if r < 0xDC00 && i+6 <= len(b) && b[i] == '\\' && b[i+1] == 'u' {
		if low := rune(hex4(b[i+2:])); low >= 0xDC00 && low < 0xE000 {
			return 0x10000 + (r-0xD800)<<10 + (low - 0xDC00), i + 6
		}
	}
	return utf8.RuneError, i
}

// hex4 reads four hexadecimal digits, -1 if they are none.
func hex4(b []byte) int {
	if len(b) < 4 {
		return -1
	}
	v := 0
	for _, c := range b[:4] {
		d := hexValue[c]
		if d > 15 {
			return -1
		}
		v = v<<4 | int(d)
	}
	return v
}
