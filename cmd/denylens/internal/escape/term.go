package escape

import (
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"
)

// TermText is text that a terminal may be given. Outside this package it is
// made by Term, which escapes, and by Lit, which takes constants only.
type TermText struct{ s string }

// Term escapes text of unknown origin for a terminal.
func Term(untrusted string) TermText { return TermText{Visible(untrusted)} }

// literal is what only a constant of the program's own text converts to.
type literal string

// Lit makes TermText of a constant of ours. A variable does not compile.
func Lit(constant literal) TermText { return TermText{string(constant)} }

// Int writes a number with thousands separated, so that six digits can be told
// from seven.
func Int(n int64) TermText { return TermText{Thousands(n)} }

// Thousands writes n with a comma between groups of three digits.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// String returns the escaped text.
func (t TermText) String() string { return t.s }

// Empty tells whether there is nothing to show.
func (t TermText) Empty() bool { return t.s == "" }

// Width is the number of terminal cells that t takes.
func (t TermText) Width() int { return lipgloss.Width(t.s) }

// Join puts texts one behind the other.
func Join(parts ...TermText) TermText {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.s)
	}
	return TermText{b.String()}
}

// List puts sep between the texts that are not empty.
func List(sep literal, parts ...TermText) TermText {
	var b strings.Builder
	for _, p := range parts {
		if p.s == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(string(sep))
		}
		b.WriteString(p.s)
	}
	return TermText{b.String()}
}

// Cut shortens t to width cells; what was cut shows as an ellipsis.
func (t TermText) Cut(width int) TermText {
	if width < 1 {
		return TermText{}
	}
	if len(t.s) <= width || t.Width() <= width {
		return t
	}
	used := 0
	for i, r := range t.s {
		w := lipgloss.Width(string(r))
		if used+w > width-1 {
			return TermText{t.s[:i] + "…"}
		}
		used += w
	}
	return t
}

// Pad fills t with blanks up to width cells.
func (t TermText) Pad(width int) TermText {
	if n := width - t.Width(); n > 0 {
		return TermText{t.s + strings.Repeat(" ", n)}
	}
	return t
}

// PadLeft puts blanks in front of t up to width cells.
func (t TermText) PadLeft(width int) TermText {
	if n := width - t.Width(); n > 0 {
		return TermText{strings.Repeat(" ", n) + t.s}
	}
	return t
}

// Wrap breaks t at blanks into lines of at most width cells; a word longer
// than a line is broken where the line ends.
func (t TermText) Wrap(width int) []TermText {
	width = max(width, 8)
	var lines []TermText
	line, used := "", 0
	for _, word := range strings.Fields(t.s) {
		w := lipgloss.Width(word)
		if used > 0 && used+1+w > width {
			lines = append(lines, TermText{line})
			line, used = "", 0
		}
		for w > width {
			head, tail := splitCells(word, width)
			lines = append(lines, TermText{head})
			word, w = tail, lipgloss.Width(tail)
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+w
	}
	if line != "" || lines == nil {
		lines = append(lines, TermText{line})
	}
	return lines
}

func splitCells(s string, width int) (head, tail string) {
	used := 0
	for i, r := range s {
		w := lipgloss.Width(string(r))
		if used+w > width && i > 0 {
			return s[:i], s[i:]
		}
		used += w
	}
	return s, ""
}
