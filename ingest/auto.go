package ingest

// auto reads lines of several formats, told apart by their first bytes and
// then by trying.
type auto struct {
	name    string
	byShape [4][]Format // best-ranked first
	last    string
	u       unwrapper
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
	err := a.u.read(a, line, r, 0)
	if err == nil || err == FlawOther {
		return err
	}
	if len(line) > 0 && line[0] == '#' {
		return FlawDirective
	}
	return err
}

func (a *auto) readLine(line []byte, r *Record) error {
	sh := shapeOf(line)
	err := a.try(a.byShape[sh], line, r)
	if err == nil || err == FlawOther || sh == shapeText || sh == shapeJSON {
		return err
	}
	if text := a.try(a.byShape[shapeText], line, r); text == nil {
		return nil // [2001:db8::1] - - [time] ...
	}
	return err
}

// try parses line by the first format in list that can, and otherwise returns
// what the best-ranked one found wrong.
func (a *auto) try(list []Format, line []byte, r *Record) error {
	var first error = FlawFormat
	for i, f := range list {
		err := f.Parse(line, r)
		if err == nil || err == FlawOther {
			a.last = f.Name()
			return err
		}
		r.Reset()
		if err == FlawDuplicate {
			return err // someone added a key: nothing in the line is to be trusted
		}
		if i == 0 {
			first = err
		}
	}
	return first
}
