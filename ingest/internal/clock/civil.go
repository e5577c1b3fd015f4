// Package clock reads the time stamps of access and error logs: CLF, RFC 3339,
// epoch numbers, nginx's and Apache's error-log stamps. It allocates nothing,
// and a Clock remembers the last minute it saw, because thousands of lines
// share it.
package clock

// Stamp is a time stamp, read.
type Stamp struct {
	Nanos int64 // Unix nanoseconds, UTC
	Fine  bool  // finer than one second
	Zone  bool  // the text stated its zone (or is an epoch number)
	// East is how many minutes the clock that was read is ahead of UTC, if
	// Local: the text has an offset. "Z" is none: it is what programs write
	// that know UTC and not the place (RFC 9557, 2.2).
	East  int16
	Local bool
}

// Clock reads time stamps. The zero Clock is ready. It takes stamps without a
// zone for UTC and says so (Stamp.Zone). A Clock is a cache: give each
// goroutine its own.
type Clock struct {
	clf minute
	iso minute
}

// minute is the last minute a layout of fixed width was seen in.
type minute struct {
	key  [24]byte // the text up to the minute, and the zone
	base int64    // Unix seconds at its start
	east int16    // minutes ahead of UTC
	set  bool
}

// civil is a broken-down time.
type civil struct {
	year, month, day, hour, min, sec int
	nanos                            int
}

var cumulative = [13]int{0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334}
var lengths = [13]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func leap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

// valid accepts the years that Unix nanoseconds can hold, and a leap second.
func (c civil) valid() bool {
	if c.year < 1970 || c.year > 2261 || c.month < 1 || c.month > 12 || c.day < 1 {
		return false
	}
	last := lengths[c.month]
	if c.month == 2 && leap(c.year) {
		last++
	}
	return c.day <= last && c.hour < 24 && c.min < 60 && c.sec <= 60
}

// unix returns c, taken for UTC, in Unix seconds.
func (c civil) unix() int64 {
	y := c.year - 1
	days := y*365 + y/4 - y/100 + y/400 - 719162 // days before this year, since 1970
	days += cumulative[c.month] + c.day - 1
	if c.month > 2 && leap(c.year) {
		days++
	}
	return int64(days)*86400 + int64(c.hour*3600+c.min*60+c.sec)
}

func two(b []byte) (int, bool) {
	if len(b) < 2 {
		return 0, false
	}
	h, l := b[0]-'0', b[1]-'0'
	return int(h)*10 + int(l), h <= 9 && l <= 9
}

func four(b []byte) (int, bool) {
	if len(b) < 4 {
		return 0, false
	}
	h, ok1 := two(b)
	l, ok2 := two(b[2:])
	return h*100 + l, ok1 && ok2
}

// month reads an English month name of three letters, in any case.
func month(b []byte) int {
	if len(b) < 3 {
		return 0
	}
	switch [3]byte{b[0] | 0x20, b[1] | 0x20, b[2] | 0x20} {
	case [3]byte{'j', 'a', 'n'}:
		return 1
	case [3]byte{'f', 'e', 'b'}:
		return 2
	case [3]byte{'m', 'a', 'r'}:
		return 3
	case [3]byte{'a', 'p', 'r'}:
		return 4
	case [3]byte{'m', 'a', 'y'}:
		return 5
	case [3]byte{'j', 'u', 'n'}:
		return 6
	case [3]byte{'j', 'u', 'l'}:
		return 7
	case [3]byte{'a', 'u', 'g'}:
		return 8
	case [3]byte{'s', 'e', 'p'}:
		return 9
	case [3]byte{'o', 'c', 't'}:
		return 10
	case [3]byte{'n', 'o', 'v'}:
		return 11
	case [3]byte{'d', 'e', 'c'}:
		return 12
	}
	return 0
}

// fraction reads "." or "," and digits in front of b, if they are there, and
// returns nanoseconds and the number of bytes read. Digits behind the ninth
// are dropped.
func fraction(b []byte) (nanos, n int) {
	if len(b) < 2 || b[0] != '.' && b[0] != ',' || b[1]-'0' > 9 {
		return 0, 0
	}
	scale := 100_000_000
	for n = 1; n < len(b) && b[n]-'0' <= 9; n++ {
		nanos += int(b[n]-'0') * scale
		scale /= 10
	}
	return nanos, n
}

// zone reads "Z", "+hhmm", "+hh:mm" or "+hh", the whole of b. East is positive.
func zone(b []byte) (seconds int, ok bool) {
	if len(b) == 1 && (b[0] == 'Z' || b[0] == 'z') {
		return 0, true
	}
	if len(b) < 3 || len(b) > 6 || b[0] != '+' && b[0] != '-' {
		return 0, false
	}
	h, ok := two(b[1:])
	m := 0
	rest := b[3:]
	if ok && len(rest) > 0 {
		if rest[0] == ':' {
			rest = rest[1:]
		}
		if len(rest) != 2 {
			return 0, false
		}
		m, ok = two(rest)
	}
	if !ok || h > 18 || m > 59 {
		return 0, false
	}
	seconds = h*3600 + m*60
	if b[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}
