package ingest

// lineReader is a Format that knows nothing of wrappers.
type lineReader interface {
	readLine(line []byte, r *Record) error
}

// unwrapper takes wrappers off lines. It is part of a Format.
type unwrapper struct {
	order   keyOrder
	scratch []byte // holds a decoded message while it is tried
}

// read parses line by f, and if it is wrapped, what is in it.
func (u *unwrapper) read(f lineReader, line []byte, r *Record, wraps int) error {
	for wraps < maxWrappers {
		inner, ok := peelText(line)
		if !ok {
			break
		}
		line = inner
		wraps++
	}
	err := f.readLine(line, r)
	if err != FlawMissing && err != FlawFormat || wraps == maxWrappers || shapeOf(line) != shapeJSON {
		return err // never look for a message in an object that was tampered with
	}
	if inner := u.message(f, line, r); inner != nil {
		return u.read(f, inner, r, wraps+1)
	}
	return err
}

// message returns the message in a JSON object, decoded in place, if f can
// read it; nil if not, and then line is as it was.
func (u *unwrapper) message(f lineReader, line []byte, r *Record) []byte {
	msg, ok := jsonMessage(line, &u.order)
	if !ok || len(msg) == 0 {
		return nil
	}
	u.scratch = append(u.scratch[:0], msg...)
	inner := peelMessage(unescapeJSON(u.scratch))
	for range maxWrappers - 1 {
		inner, _ = peelText(inner)
	}
	r.Reset()
	err := f.readLine(inner, r)
	r.Reset()
	if cap(u.scratch) > maxScratch {
		u.scratch = nil
	}
	if err != nil && err != FlawOther {
		return nil
	}
	return peelMessage(unescapeJSON(msg))
}

const maxScratch = 256 << 10

// wrapped reads lines of one format, wrapped or not.
type wrapped struct {
	Format
	u unwrapper
}

func (w *wrapped) Parse(line []byte, r *Record) error { return w.u.read(w, line, r, 0) }

func (w *wrapped) readLine(line []byte, r *Record) error { return w.Format.Parse(line, r) }

// wrap makes a Format that also reads its lines where they are wrapped.
func wrap(f func() Format) func() Format {
	return func() Format { return &wrapped{Format: f()} }
}

// Either makes a Format that reads each line by the first of several that
// can, whatever read the lines before: a source may be cut into blocks
// anywhere and is read alike. It is for servers that write in several formats.
func Either(name string, formats ...func() Format) func() Format {
	return func() Format {
		f := &firstOf{name: name}
		for _, g := range formats {
			f.list = append(f.list, g())
		}
		return f
	}
}

// firstOf reads a line by the first of several layouts that fits.
type firstOf struct {
	name string
	list []Format
}

func (f *firstOf) Name() string { return f.name }

func (f *firstOf) Parse(line []byte, r *Record) error {
	var first error
	for i, g := range f.list {
		err := g.Parse(line, r)
		if err == nil || err == FlawOther {
			return err
		}
		r.Reset()
		if err == FlawDuplicate {
			return err
		}
		if i == 0 {
			first = err
		}
	}
	return first
}
