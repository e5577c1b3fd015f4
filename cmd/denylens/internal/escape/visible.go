// Package escape makes text that strangers wrote safe to show. A log line is
// written by whoever sends the request, so it may hold terminal commands,
// overrides of the writing direction, invisible letters, mentions and links.
//
// Each sink has a type of its own (TermText, SlackText) that only this package
// can make, so that text which was not escaped for the sink does not compile.
package escape

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks is how many combining marks may stand on one letter. Real scripts
// need two or three; more draw over the lines above and below.
const maxMarks = 3

// Visible returns s with everything that does not print made visible: control
// characters and bytes that are not UTF-8 as \xNN, letters that are invisible
// or turn the writing direction as \u{NNNN}, line ends as \n and tabs as \t.
// Floods of combining marks are cut. What prints stays as it is.
func Visible(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	marks := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			hexByte(&b, s[i])
		case unicode.In(r, unicode.Mn, unicode.Me):
			if marks++; marks <= maxMarks && !blank(r) {
				b.WriteRune(r)
			} else if marks == maxMarks+1 {
				b.WriteString("…")
			} else if blank(r) {
				codePoint(&b, r)
			}
			i += n
			continue
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			hexByte(&b, byte(r))
		case blank(r) || r != ' ' && !unicode.IsPrint(r):
			codePoint(&b, r)
		default:
			b.WriteRune(r)
		}
		marks = 0
		i += n
	}
	return b.String()
}

// plain tells whether s is printable ASCII and needs no work.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// blank tells whether r counts as printable for Unicode and yet shows nothing:
// fillers that pass for letters, and selectors that pass for marks.
func blank(r rune) bool {
	switch r {
	case 0x115f, 0x1160, 0x2800, 0x3164, 0xffa0, 0x034f, 0x17b4, 0x17b5:
		return true
	}
	return r >= 0x180b && r <= 0x180f || r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0000 && r <= 0xe0fff
}

const digits = "0123456789abcdef"

func hexByte(b *strings.Builder, c byte) {
	b.WriteString(`\x`)
	b.WriteByte(digits[c>>4])
	b.WriteByte(digits[c&15])
}

func codePoint(b *strings.Builder, r rune) {
	var d [8]byte
	i := len(d)
	for ; r > 0 || i == len(d); r >>= 4 {
		i--
		d[i] = digits[r&15]
	}
	b.WriteString(`\u{`)
	b.Write(d[i:])
	b.WriteByte('}')
}
