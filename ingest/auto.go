package ingest

import "bytes"

// auto reads lines of several formats, told apart by their first bytes and
// then by trying.
type auto struct {
	name    string
	byShape [4][]Format // best-ranked first
	last    string
}

// NewAuto returns a Format that finds the format of each line by itself. To
// detect per source, which reads a few layouts more surely, use Guess.
func NewAuto() Format {
	a := Ranking{}.New().(*auto)
	a.name = "auto"
	return a
}

// IsAuto tells whether f is what NewAuto returns: a source read by it should
// be read by Guess(first lines).New() instead.
func IsAuto(f Format) bool {
	a, ok := f.(*auto)
	return ok && a.name == "auto"
}

// Name is the name of the format in which most of the source is, "auto" if
// that is not known.
func (a *auto) Name() string { return a.name }

// Last is the name of the format that read the last line.
func (a *auto) Last() string { return a.last }

func (a *auto) Parse(line []byte, r *Record) error {
	flaw := a.parse(line, r)
	for depth := 0; flaw != nil && flaw != FlawOther && depth < maxWrappers; depth++ {
		inner, ok := peel(line)
		if !ok {
			break
		}
		line = inner
		flaw = a.parse(line, r)
	}
	if flaw == nil || flaw == FlawOther {
		return flaw
	}
	if len(line) > 0 && line[0] == '#' {
		return FlawDirective
	}
	if bytes.IndexByte(line, 0) >= 0 {
		return FlawBinary
	}
	return flaw
}

func (a *auto) parse(line []byte, r *Record) error {
	var first error = FlawFormat
	for i, f := range a.byShape[shapeOf(line)] {
		err := f.Parse(line, r)
		if err == nil || err == FlawOther {
			a.last = f.Name()
			return err
		}
		r.Reset()
		if i == 0 {
			first = err
		}
	}
	return first
}
