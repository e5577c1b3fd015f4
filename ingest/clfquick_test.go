package ingest

import (
	"reflect"
	"strings"
	"testing"
)

var quickLines = []string{
	`203.0.113.7 - - [23/Nov/2026:22:45:04 +0000] "GET /a?b HTTP/1.1" 403 17 "https://x.example/" "Mozilla/5.0"`,
	`203.0.113.7 - bob [23/Nov/2026:22:45:04 +0100] "-" 400 0 "-" "-"`,
	`2001:db8::1 - - [23/Nov/2026:22:45:04 -0530] "GET / HTTP/2.0" 200 1`,
	`203.0.113.7 - - [23/Nov/2026:22:45:04 +0000] "" 408 0 "-" "-"`,
	`203.0.113.7:80 - -- [23/Nov/2026:22:45:61 +0000] "GET /  HTTP/1.1" 200 - "" ""`,
	`203.0.113.7 - - [23/Nov/2026:22:45:04 +0000] "GET / HTTP/1.1" 200 1234567890123456789 "-" "-" rt=1`,
	`203.0.113.7 - a b [23/Nov/2026:22:45:04 +0000] "SSH-2.0" 200 5 "-" "-" "198.51.100.1"`,
	`203.0.113.7 - - [23/Nov/2026:22:45:04 +0000] "GET HTTP/1.1" 200 5 "-" "a"`,
	`203.0.113.7 - - [23/Nov/2026:22:45:04 +0000] "GET x HTTP/11.1" 200 5 "-" "a" `,
	`203.0.113.7 - ] [23/Nov/2026:22:45:04 +0000] "GET / HTTP/1.1" 200 5 "-" "a"`,
}

// sameQuickly parses line by the quick way, if that will have it, and by the
// slow one, which must say the same.
func sameQuickly(t *testing.T, name, line string) bool {
	t.Helper()
	p := newCLF(name)().(*clf)
	var quick, slow Record
	if strings.IndexByte(line, '\\') >= 0 || !p.quick([]byte(line), &quick) {
		return false
	}
	q := newCLF(name)().(*clf)
	if err := q.slow([]byte(line), &slow, false); err != nil {
		t.Fatalf("%s: only the quick way reads %q: %v", name, line, err)
	}
	if !reflect.DeepEqual(quick, slow) {
		t.Fatalf("%s: %q is\n%+v\nby the quick way, and\n%+v\nby the slow one", name, line, quick, slow)
	}
	return true
}

func TestTheQuickWayReadsOrdinaryLines(t *testing.T) {
	for i, line := range quickLines {
		if got, want := sameQuickly(t, "common", line), i < 3 || i == 7; got != want {
			t.Errorf("%q: quick %v, want %v", line, got, want)
		}
		sameQuickly(t, "combined", line)
		sameQuickly(t, "vhost_combined", line)
	}
}

func FuzzTheQuickWaySaysWhatTheSlowOneSays(f *testing.F) {
	for _, line := range quickLines {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, name := range []string{"common", "combined", "vhost_common", "vhost_combined"} {
			sameQuickly(t, name, line)
		}
	})
}
