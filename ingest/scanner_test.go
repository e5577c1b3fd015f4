package ingest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// scanned is what a scan of some bytes is worth comparing by.
func scanned(t testing.TB, src io.Reader, block, maxLine int, live bool) string {
	t.Helper()
	c := newChunker(src, block, maxLine, live)
	p := newParser(maxLine, time.Time{}, time.Time{}, nil, nil)
	var out strings.Builder
	var b Batch
	var lines, size int64
	for c.next(&b) {
		p.parse(&b, plainFormat{})
		for _, r := range b.Records {
			fmt.Fprintf(&out, "%d@%d:%d %.20q\n", r.Line, r.Pos, r.Time/1e9, r.Path)
		}
		for _, r := range b.Rejects {
			fmt.Fprintf(&out, "%d@%d %s %.20q\n", r.Line, r.Pos, r.Flaw.String(), r.Text)
		}
		if got := int64(len(b.Records)+len(b.Rejects)) + b.Blank + b.Outside; got != b.Lines {
			t.Fatalf("%d lines, but %d records, rejects and blanks", b.Lines, got)
		}
		lines += b.Lines
		size += b.Bytes
	}
	if c.err != nil {
		fmt.Fprintf(&out, "error %v\n", c.err)
	}
	fmt.Fprintf(&out, "%d lines, %d bytes\n", lines, size)
	return out.String()
}

func TestLinesAreCutAtLineFeedsOnly(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", "0 lines, 0 bytes\n"},
		{"one line", "1 a\n", "1@0:1 \"a\"\n1 lines, 4 bytes\n"},
		{"no line end", "1 a\n2 b", "1@0:1 \"a\"\n2@4:2 \"b\"\n2 lines, 7 bytes\n"},
		{"CRLF and lone CR", "1 a\r\n2 b\rc\n", "1@0:1 \"a\"\n2@5:2 \"b\\rc\"\n2 lines, 11 bytes\n"},
		{"other line ends", "1 a\v\f\u2028\u0085b\n", "1@0:1 \"a\\v\\f\\u2028\\u0085b\"\n1 lines, 12 bytes\n"},
		{"byte order mark", "\ufeff1 a\n2 b\n", "1@3:1 \"a\"\n2@7:2 \"b\"\n2 lines, 11 bytes\n"},
		{"blank lines", "\n\r\n  \t\n1 a\n\n", "4@7:1 \"a\"\n5 lines, 12 bytes\n"},
		{"only blank", "\n\n", "2 lines, 2 bytes\n"},
		{"cut off", "1 a\n22", "1@0:1 \"a\"\n2@4 cut_off \"22\"\n2 lines, 6 bytes\n"},
		{"bad line", "x\n1 a\n", "2@2:1 \"a\"\n1@0 no_format \"x\"\n2 lines, 6 bytes\n"},
		{"hole", "1 a\n\x00\x00\x002 b\n", "1@0:1 \"a\"\n2@7:2 \"b\"\n2@4 binary \"\"\n3 lines, 11 bytes\n"},
		{"hole to the end", "1 a\n\x00\x00\x00", "1@0:1 \"a\"\n2@4 binary \"\"\n2 lines, 7 bytes\n"},
		{"NUL in a field", "1 a\x00b\n", "1@0:1 \"a\\x00b\"\n1 lines, 6 bytes\n"},
		{"binary", "x\x00y\x01\n", "1@0 binary \"x\\x00y\\x01\"\n1 lines, 5 bytes\n"},
		{"over the limit", "1 a\n2 " + strings.Repeat("x", 600) + "\n3 c\n", "1@0:1 \"a\"\n3@607:3 \"c\"\n2@4 too_long \"\"\n3 lines, 611 bytes\n"},
		{"over the limit at the end", "1 a\n2 " + strings.Repeat("x", 600), "1@0:1 \"a\"\n2@4 too_long \"\"\n2 lines, 606 bytes\n"},
	} {
		if got := scanned(t, strings.NewReader(c.in), 0, 500, false); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestUTF16IsNamed(t *testing.T) {
	wide := func(mark string, s string, big bool) string {
		out := []byte(mark)
		for _, c := range []byte(s) {
			if big {
				out = append(out, 0, c)
			} else {
				out = append(out, c, 0)
			}
		}
		return string(out)
	}
	for _, in := range []string{
		wide("\xff\xfe", "1 a\n2 bbbb\n", false), wide("\xfe\xff", "1 a\n2 bbbb\n", true),
		wide("", "1 aaaa\n", false), wide("", "x aaaa\n", true),
	} {
		if got := scanned(t, strings.NewReader(in), 0, 500, false); !strings.Contains(got, "utf16") || strings.Contains(got, ":1") {
			t.Errorf("%q gives\n%s", in, got)
		}
	}
}

// TestBlocksDoNotShow scans hostile bytes in blocks of many sizes, through
// readers that return as little as they may: the result is always the same.
func TestBlocksDoNotShow(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		in := hostile(rng)
		want := sortedLines(scanned(t, bytes.NewReader(in), 1<<20, 700, false))
		for _, block := range []int{512, 513, 600, 701, 1024, 4096} {
			for _, live := range []bool{false, true} {
				got := sortedLines(scanned(t, bytes.NewReader(in), block, 700, live))
				if got != want {
					t.Fatalf("round %d, block %d, live %v:\ngot\n%.1500s\nwant\n%.1500s", round, block, live, got, want)
				}
			}
		}
		for _, r := range []io.Reader{iotest.OneByteReader(bytes.NewReader(in)), iotest.HalfReader(bytes.NewReader(in)), iotest.DataErrReader(bytes.NewReader(in))} {
			if got := sortedLines(scanned(t, r, 512, 700, true)); got != want {
				t.Fatalf("round %d, slow reader:\ngot\n%.1500s\nwant\n%.1500s", round, got, want)
			}
		}
	}
}

func sortedLines(s string) string {
	lines := strings.Split(s, "\n")
	// Records and rejects of a block are listed apart: compare as a set.
	m := map[string]int{}
	for _, l := range lines {
		m[l]++
	}
	return fmt.Sprint(m)
}

func hostile(rng *rand.Rand) []byte {
	var b []byte
	if rng.IntN(4) == 0 {
		b = append(b, bomUTF8...)
	}
	for range rng.IntN(40) {
		switch rng.IntN(9) {
		case 0:
			b = append(b, make([]byte, rng.IntN(1500))...)
		case 1:
			b = append(b, bytes.Repeat([]byte{'x'}, rng.IntN(2500))...)
		case 2:
			b = append(b, '\n')
		case 3:
			b = append(b, "\r\n"...)
		case 4:
			b = append(b, bytes.Repeat([]byte{'9'}, 695+rng.IntN(10))...)
			b = append(b, '\n')
		default:
			b = fmt.Appendf(b, "%d %0*d\n", rng.IntN(1000), rng.IntN(200), 7)
		}
	}
	return b
}

func TestAReadErrorKeepsWhatCameBefore(t *testing.T) {
	in := io.MultiReader(strings.NewReader("1 a\n2 b\n3"), iotest.ErrReader(io.ErrUnexpectedEOF))
	s := NewScanner(in, "x.log", plainFormat{})
	var b Batch
	n := 0
	for s.Scan(&b) {
		n += len(b.Records)
	}
	if n != 2 || s.Err() == nil || s.Err().Error() != "read x.log: unexpected EOF" {
		t.Fatalf("%d records, error %v", n, s.Err())
	}
}

func TestBadLinesCostNothing(t *testing.T) {
	log := plainLog(20_000, 1000, "a")
	bad := bytes.ReplaceAll(log, []byte(" a-"), []byte("_a-"))
	for name, in := range map[string][]byte{"good": log, "bad": bad} {
		var b Batch
		rd := bytes.NewReader(in)
		once := func() {
			rd.Reset(in)
			s := NewScanner(rd, name, plainFormat{})
			n := int64(0)
			for s.Scan(&b) {
				n += b.Lines
			}
			if n != 20_000 {
				t.Fatal(n)
			}
		}
		once()
		// The Scanner itself, its carry and its parser; nothing for a line.
		if a := testing.AllocsPerRun(3, once); a > 12 {
			t.Errorf("%s lines: %.0f allocations for 20,000 lines", name, a)
		}
	}
}

func TestAWallClockWithoutAZoneIsMovedToUTC(t *testing.T) {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	z := zone{loc: loc}
	for wall, want := range map[string]string{
		"2026-01-15 12:00:00": "2026-01-15T11:00:00Z",
		"2026-07-15 12:00:00": "2026-07-15T10:00:00Z",
		"2026-03-29 01:59:59": "2026-03-29T00:59:59Z",
		"2026-03-29 03:00:00": "2026-03-29T01:00:00Z",
		"2026-10-25 02:30:00": "2026-10-25T00:30:00Z", // the first time round
		"2026-10-25 03:00:00": "2026-10-25T02:00:00Z",
		"1969-12-31 23:59:59": "1969-12-31T22:59:59Z",
	} {
		w, err := time.Parse(time.DateTime, wall)
		if err != nil {
			t.Fatal(err)
		}
		if got := time.Unix(0, z.utc(w.UnixNano())).UTC().Format(time.RFC3339); got != want {
			t.Errorf("%s in Berlin is %s, want %s", wall, got, want)
		}
	}
}

// BenchmarkScan measures everything but the format: a line costs what is
// reported less what plainFormat takes (about 12 ns).
func BenchmarkScan(b *testing.B) {
	log := plainLog(50_000, 1_700_000_000, "a")
	rd := bytes.NewReader(log)
	var batch Batch
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	for b.Loop() {
		rd.Reset(log)
		s := NewScanner(rd, "bench", plainFormat{})
		for s.Scan(&batch) {
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/50_000, "ns/line")
}
