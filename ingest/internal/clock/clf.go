package clock

// CLF reads "02/Jan/2006:15:04:05 -0700". It also takes a day of one digit, a
// fraction behind the seconds, a zone written +00:00 or Z, and no zone at all.
func (c *Clock) CLF(b []byte) (Stamp, bool) {
	if len(b) == 26 && b[17] == ':' && b[20] == ' ' {
		m := &c.clf
		if m.set && [16]byte(b[:16]) == [16]byte(m.key[:16]) && b[16] == m.key[16] && [5]byte(b[21:26]) == [5]byte(m.key[17:22]) {
			if s, ok := two(b[18:]); ok && s <= 60 {
				return Stamp{Nanos: (m.base + int64(s)) * 1e9, Zone: true, East: m.east, Local: true}, true
			}
			return Stamp{}, false
		}
	}
	return c.clfSlow(b)
}

func (c *Clock) clfSlow(b []byte) (Stamp, bool) {
	t, rest, ok := clfFields(b)
	if !ok || !t.valid() {
		return Stamp{}, false
	}
	st := Stamp{}
	if nanos, n := fraction(rest); n > 0 {
		t.nanos, st.Fine, rest = nanos, true, rest[n:]
	}
	if len(rest) == 0 {
		st.Nanos = t.unix()*1e9 + int64(t.nanos)
		return st, true
	}
	if rest[0] == ' ' {
		rest = rest[1:]
	}
	off, ok := zone(rest)
	if !ok {
		return Stamp{}, false
	}
	st.Zone, st.East, st.Local = true, int16(off/60), len(rest) > 1
	st.Nanos = (t.unix()-int64(off))*1e9 + int64(t.nanos)
	if len(b) == 26 && b[17] == ':' && b[20] == ' ' {
		c.clf.base = t.unix() - int64(off) - int64(t.sec)
		c.clf.east = st.East
		copy(c.clf.key[:17], b[:17])
		copy(c.clf.key[17:22], b[21:26])
		c.clf.set = true
	}
	return st, true
}

// clfFields reads up to the seconds and returns what is behind them.
func clfFields(b []byte) (t civil, rest []byte, ok bool) {
	if len(b) < 2 {
		return t, nil, false
	}
	if b[1] == '/' {
		t.day, ok = int(b[0]-'0'), b[0]-'0' <= 9
		b = b[1:]
	} else {
		t.day, ok = two(b)
		b = b[2:]
	}
	if !ok || len(b) < 18 || b[0] != '/' || b[4] != '/' || b[9] != ':' || b[12] != ':' || b[15] != ':' {
		return t, nil, false
	}
	var oks [4]bool
	t.month = month(b[1:])
	t.year, oks[0] = four(b[5:])
	t.hour, oks[1] = two(b[10:])
	t.min, oks[2] = two(b[13:])
	t.sec, oks[3] = two(b[16:])
	return t, b[18:], oks == [4]bool{true, true, true, true}
}
