package clock

// ISO reads RFC 3339 and its relatives: "2006-01-02T15:04:05.999Z",
// "+00:00", "+0000" or no zone, a space for the T, a comma for the point, "/"
// for "-".
func (c *Clock) ISO(b []byte) (Stamp, bool) {
	if len(b) < 19 {
		return Stamp{}, false
	}
	m := &c.iso
	var base int64
	tail := b[19:]
	nanos, n := fraction(tail)
	z := tail[n:]
	if len(z) > 0 && z[0] == ' ' {
		z = z[1:]
	}
	s, ok := two(b[17:])
	if !ok || s > 60 || b[16] != ':' || len(z) > 6 {
		return Stamp{}, false
	}
	var key [24]byte
	copy(key[:16], b[:16])
	copy(key[16:], z)
	if m.set && m.key == key {
		base = m.base
	} else {
		var off int
		if base, off, ok = isoMinute(b, z); !ok {
			return Stamp{}, false
		}
		m.key, m.base, m.east, m.set = key, base, int16(off/60), true
	}
	return Stamp{Nanos: (base+int64(s))*1e9 + int64(nanos), Fine: n > 0, Zone: len(z) > 0, East: m.east, Local: len(z) > 1}, true
}

// isoMinute returns the Unix seconds at the start of the minute, and the
// offset in seconds.
func isoMinute(b, z []byte) (base int64, off int, ok bool) {
	if b[4] != '-' && b[4] != '/' || b[7] != b[4] || b[10] != 'T' && b[10] != ' ' && b[10] != 't' || b[13] != ':' {
		return 0, 0, false
	}
	var t civil
	var oks [5]bool
	t.year, oks[0] = four(b)
	t.month, oks[1] = two(b[5:])
	t.day, oks[2] = two(b[8:])
	t.hour, oks[3] = two(b[11:])
	t.min, oks[4] = two(b[14:])
	if oks != [5]bool{true, true, true, true, true} || !t.valid() {
		return 0, 0, false
	}
	if len(z) == 0 {
		return t.unix(), 0, true
	}
	off, ok = zone(z)
	return t.unix() - int64(off), off, ok
}

// Slash reads nginx's error-log stamp "2006/01/02 15:04:05", which has no zone.
func (c *Clock) Slash(b []byte) (Stamp, bool) {
	if len(b) != 19 || b[4] != '/' || b[10] != ' ' {
		return Stamp{}, false
	}
	return c.ISO(b)
}

// Ctime reads Apache's error-log stamp "Mon Jan _2 15:04:05[.999999] 2006",
// which has no zone.
func (c *Clock) Ctime(b []byte) (Stamp, bool) {
	if len(b) < 24 || b[3] != ' ' || b[7] != ' ' || b[10] != ' ' || b[13] != ':' || b[16] != ':' {
		return Stamp{}, false
	}
	var t civil
	var oks [5]bool
	t.month = month(b[4:])
	if b[8] == ' ' {
		t.day, oks[0] = int(b[9]-'0'), b[9]-'0' <= 9
	} else {
		t.day, oks[0] = two(b[8:])
	}
	t.hour, oks[1] = two(b[11:])
	t.min, oks[2] = two(b[14:])
	t.sec, oks[3] = two(b[17:])
	nanos, n := fraction(b[19:])
	rest := b[19+n:]
	if len(rest) != 5 || rest[0] != ' ' {
		return Stamp{}, false
	}
	t.year, oks[4] = four(rest[1:])
	if oks != [5]bool{true, true, true, true, true} || !t.valid() {
		return Stamp{}, false
	}
	return Stamp{Nanos: t.unix()*1e9 + int64(nanos), Fine: n > 0}, true
}
