package ingest

import (
	"fmt"
	"strings"
)

// layout is a format string, taken apart but not yet judged.
type layout struct {
	name     string
	prefix   string
	slots    []slot
	escape   string // nginx: default, json, none
	apache   bool
	warnings []string
}

func (l *layout) literal(s string) {
	if n := len(l.slots); n > 0 {
		l.slots[n-1].lit += s
	} else {
		l.prefix += s
	}
}

func (l *layout) add(name string, f field, rank uint8, c class) {
	l.slots = append(l.slots, slot{name: name, field: f, rank: rank, class: c})
}

func (l *layout) warn(format string, args ...any) {
	l.warnings = append(l.warnings, fmt.Sprintf(format, args...))
}

// compile turns a layout into Formats.
func (l *layout) compile() (func() Format, []string, error) {
	l.mergeTimes()
	if err := l.mergeAdjacent(); err != nil {
		return nil, nil, err
	}
	if len(l.slots) == 0 {
		return nil, nil, fmt.Errorf("%s: it names no field", l.name)
	}
	if len(l.slots) > maxSlots {
		return nil, nil, fmt.Errorf("%s: more than %d fields", l.name, maxSlots)
	}
	l.missing()
	if l.escape == "none" {
		l.warn("escape=none: clients can forge fields and lines; lines with more than one reading are rejected")
	}
	if f := l.asJSON(); f != nil {
		return f, l.warnings, nil
	}
	if name := l.asCLF(); name != "" {
		return newCLF(name), l.warnings, nil
	}
	l.modes()
	proto := template{name: l.name, prefix: l.prefix, slots: l.slots, none: l.escape == "none", json: l.escape == "json"}
	return func() Format { t := proto; return &t }, l.warnings, nil
}

// missing warns of what the analysis will lack.
func (l *layout) missing() {
	var have uint64
	for _, p := range l.slots {
		have |= 1 << p.field
	}
	if have&bitStatus == 0 {
		l.warn("no status among the fields: refusals cannot be seen")
	}
	if have&bitTime == 0 {
		l.warn("no time among the fields: nothing can be said about when")
	}
	if have&(bitAddr|1<<jfBinaryAddr) == 0 {
		l.warn("no client address among the fields: clients cannot be told apart")
	}
}

// modes decides how the end of each field is found, and warns where it can be
// ambiguous.
func (l *layout) modes() {
	for i := range l.slots {
		p := &l.slots[i]
		switch {
		case p.lit == "" && i == len(l.slots)-1 && p.class != classNumber && p.class != classStatus:
			p.mode = modeRest
		case p.class == classNumber, p.class == classStatus, p.class == classTime:
			p.mode = modeTyped
		case p.lit != "" && p.lit[0] == '"' && l.escape != "none":
			p.mode = modeQuoted
		case p.lit != "" && p.lit[0] == '\t':
			p.mode = modeByte
		case p.class == classText:
			p.mode = modeSearch
		}
	}
	l.words()
	l.ambiguities()
}

// words takes text fields for single words where only a blank parts them from
// the next text: all but the last of them then end at the blank.
func (l *layout) words() {
	for i := range len(l.slots) - 1 {
		p, next := &l.slots[i], l.slots[i+1]
		if p.mode == modeSearch && p.lit == " " && (next.mode == modeSearch || next.mode == modeRest) {
			p.mode, p.class = modeTyped, classToken
			if p.field == jfNone && next.field == jfNone {
				continue
			}
			l.warn("%s and %s are not quoted and only a blank parts them: %s is read up to the first blank", p.name, next.name, p.name)
		}
	}
}

// ambiguities warns of text fields whose end data can imitate: those with
// another text field, or the end of the line, behind them before any literal
// that data cannot hold.
func (l *layout) ambiguities() {
	t := template{slots: l.slots, none: l.escape == "none"}
	for i, p := range l.slots {
		if p.mode != modeSearch || t.anchored(i) {
			continue
		}
		next := "the end of the line"
		for _, q := range l.slots[i+1:] {
			if q.mode == modeSearch || q.mode == modeRest {
				next = q.name
				break
			}
		}
		l.warn("%s is not quoted: where it ends and %s begins cannot always be told; lines with two readings are rejected", p.name, next)
	}
}

// mergeAdjacent joins fields with nothing between them where that makes one
// field, and refuses those that cannot be told apart.
func (l *layout) mergeAdjacent() error {
	var out []slot
	for _, p := range l.slots {
		if n := len(out); n > 0 && out[n-1].lit == "" {
			q := &out[n-1]
			switch {
			case q.field == jfURI && (p.field == jfQuery || p.name == "$is_args"):
			case q.field == jfHost && p.field == jfURI:
				q.field, q.class = jfHostURI, classText
			case q.class == classStatus || q.class == classNumber && p.class != classNumber && p.class != classTime && p.field == jfNone:
				out = append(out, p)
				continue
			default:
				return fmt.Errorf("%s: nothing stands between %s and %s: they cannot be told apart", l.name, q.name, p.name)
			}
			q.name, q.lit = q.name+p.name, p.lit
			continue
		}
		out = append(out, p)
	}
	l.slots = out
	return nil
}

// mergeTimes joins the parts of a time that a layout has in slots, such as
// %d:%t or %{%T}t.%{usec_frac}t.
func (l *layout) mergeTimes() {
	var out []slot
	for _, p := range l.slots {
		if n := len(out); n > 0 {
			q := &out[n-1]
			date := q.field == jfDate && p.field == jfClock
			part := q.field == jfTime && p.field == jfTime && strings.Contains(q.name, "}t") && strings.Contains(p.name, "}t")
			zone := q.field == jfTime && q.class == classTime && p.name == "%^" && q.lit == " " && strings.HasPrefix(p.lit, "]")
			if date || part && len(q.lit) <= 1 || zone {
				*q = slot{name: q.name + q.lit + p.name, field: jfTime, class: classTime, lit: p.lit}
				continue
			}
		}
		out = append(out, p)
	}
	l.slots = out
}

// asCLF returns the name of the format of the common family that the layout
// is, "" if it is none: those readers are faster, and tolerate more.
func (l *layout) asCLF() string {
	if l.prefix != "" || l.escape == "none" || l.escape == "json" {
		return ""
	}
	var b strings.Builder
	for _, p := range l.slots {
		fmt.Fprintf(&b, "%d%s", p.field, p.lit)
	}
	s := b.String()
	core := fmt.Sprintf("%d [%d] \"%d\" %d %d", jfUser, jfTime, jfRequest, jfStatus, jfBytes)
	name := ""
	for _, ident := range []string{" - ", fmt.Sprintf(" %d ", jfNone)} {
		head := fmt.Sprint(int(jfAddr)) + ident + core
		if rest, ok := strings.CutPrefix(s, head); ok {
			name, s = "", rest
		} else if rest, ok := strings.CutPrefix(s, fmt.Sprintf("%d:%d ", jfHost, jfNone)+head); ok {
			name, s = "vhost_", rest
		} else if rest, ok := strings.CutPrefix(s, fmt.Sprintf("%d ", jfHost)+head); ok {
			name, s = "vhost_", rest
		} else {
			continue
		}
		refs := fmt.Sprintf(" \"%d\" \"%d\"", jfReferer, jfAgent)
		switch s {
		case "":
			return name + "common"
		case refs, refs + fmt.Sprintf(" \"%d\"", jfForwarded):
			return name + "combined"
		}
		return ""
	}
	return ""
}
