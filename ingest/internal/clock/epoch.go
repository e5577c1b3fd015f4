package clock

// Epoch reads a number of seconds, milliseconds, microseconds or nanoseconds
// since 1970; which of them its magnitude tells. Seconds may have a fraction.
// It never goes through a float: 1506702504433000200 stays what it is.
func Epoch(b []byte) (Stamp, bool) {
	var n int64
	i := 0
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		if i >= 19 {
			return Stamp{}, false
		}
		n = n*10 + int64(b[i]-'0')
	}
	if i == 0 || n < 0 {
		return Stamp{}, false
	}
	st := Stamp{Zone: true}
	if i < len(b) {
		nanos, m := fraction(b[i:])
		if i+m != len(b) || n >= 1e11 {
			return Stamp{}, false
		}
		st.Fine, st.Nanos = true, int64(nanos)
	}
	switch {
	case n < 9_214_646_400: // the year 2262
		st.Nanos += n * 1e9
	case n < 1e11:
		return Stamp{}, false
	case n < 1e14:
		if n > 9_214_646_400_000 {
			return Stamp{}, false
		}
		st.Nanos, st.Fine = n*1e6, true
	case n < 1e17:
		if n > 9_214_646_400_000_000 {
			return Stamp{}, false
		}
		st.Nanos, st.Fine = n*1e3, true
	default:
		st.Nanos, st.Fine = n, true
	}
	return st, true
}

// Any reads a stamp of any of the kinds above, square brackets around it
// allowed.
func (c *Clock) Any(b []byte) (Stamp, bool) {
	if len(b) > 1 && b[0] == '[' && b[len(b)-1] == ']' {
		b = b[1 : len(b)-1]
	}
	switch {
	case len(b) < 2:
		return Stamp{}, false
	case len(b) > 10 && (b[4] == '-' || b[4] == '/') && b[0]-'0' <= 9:
		return c.ISO(b)
	case b[1] == '/' || b[2%len(b)] == '/':
		return c.CLF(b)
	case b[0]-'0' <= 9:
		return Epoch(b)
	}
	return c.Ctime(b)
}
