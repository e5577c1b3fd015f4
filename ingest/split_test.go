package ingest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

const logged = "2026-03-14T09:26:53.123456789Z"

// dockerLines writes a line as Docker's json-file driver does.
func dockerLines(line, stream string) string {
	var b strings.Builder
	for line += "\n"; line != ""; {
		n := min(len(line), dockerPart)
		text, _ := json.Marshal(line[:n])
		fmt.Fprintf(&b, `{"log":%s,"stream":"%s","time":"%s"}`+"\n", text, stream, logged)
		line = line[n:]
	}
	return b.String()
}

// criLines writes a line as containerd and CRI-O do.
func criLines(line, stream string, size int) string {
	var b strings.Builder
	for len(line) > size {
		fmt.Fprintf(&b, "%s %s P %s\n", logged, stream, line[:size])
		line = line[size:]
	}
	fmt.Fprintf(&b, "%s %s F %s\n", logged, stream, line)
	return b.String()
}

// longLine is an access line whose path has n letters, escapes among them.
func longLine(n int) string {
	path := "/" + strings.Repeat(`\x22quoted`, n/11)
	return `203.0.113.7 - - [14/Mar/2026:09:26:53 +0000] "GET ` + path + strings.Repeat("e", n-len(path)) + ` HTTP/1.1" 403 9 "-" "agent"`
}

func TestPartsOfLongLinesAreJoined(t *testing.T) {
	lengths := []int{10, 5000, 16_300, 16_384, 17_000, 40_000, 200_000, 300_000, 10}
	logs := map[string]func(line string) string{
		"docker":     func(l string) string { return dockerLines(l, "stdout") },
		"containerd": func(l string) string { return criLines(l, "stdout", 16<<10) },
		"crio":       func(l string) string { return criLines(l, "stderr", 8<<10) },
	}
	for name, write := range logs {
		var log bytes.Buffer
		var starts []int
		for _, n := range lengths {
			starts = append(starts, log.Len())
			log.WriteString(write(longLine(n)))
		}
		for _, block := range []int{minBlock, 20_000, 100_000, 1 << 20} {
			for _, live := range []bool{false, true} {
				lines := splitRun(t, log.Bytes(), block, live)
				if len(lines) != len(lengths) {
					t.Errorf("%s in blocks of %d: %d records, want %d", name, block, len(lines), len(lengths))
					continue
				}
				for i, r := range lines {
					want := strings.ReplaceAll(longLine(lengths[i]), `\x22`, `"`)
					if got := string(r.URI); !strings.Contains(want, "GET "+got+" HTTP") || r.Status != 403 {
						t.Errorf("%s in blocks of %d: line of %d read as a path of %d", name, block, lengths[i], len(got))
					}
					num := int64(bytes.Count(log.Bytes()[:starts[i]], newline) + 1)
					if r.Pos != int64(starts[i]) || r.Line != num {
						t.Errorf("%s in blocks of %d: record %d is line %d at %d, want %d at %d", name, block, i, r.Line, r.Pos, num, starts[i])
					}
				}
			}
		}
	}
}

// splitRun reads log in blocks and returns copies of its records, having
// checked that all bytes and lines are accounted for.
func splitRun(t *testing.T, log []byte, block int, live bool) (list []Record) {
	t.Helper()
	var src io.Reader = bytes.NewReader(log)
	if live {
		src = iotest.HalfReader(src)
	}
	c := newChunker(src, block, 0, live)
	f := NewAuto()
	p := newParser(0, time.Time{}, time.Time{}, nil, nil)
	var b Batch
	lines, size := int64(0), int64(0)
	for c.next(&b) {
		p.parse(&b, f)
		for i := range b.Records {
			list = append(list, b.Records[i].Clone())
		}
		lines, size = lines+b.Lines, size+b.Bytes
		if len(b.Rejects) > 0 {
			t.Errorf("blocks of %d: rejected: %v %.80q", block, b.Rejects[0].Flaw, b.Rejects[0].Text)
		}
	}
	if want := int64(bytes.Count(log, newline)); lines != want || size != int64(len(log)) {
		t.Errorf("blocks of %d: %d lines and %d bytes, want %d and %d", block, lines, size, want, len(log))
	}
	return list
}

func TestPartsThatDoNotBelongTogetherStayApart(t *testing.T) {
	long, short := longLine(20_000), longLine(10)
	cut := criLines(long, "stdout", 16<<10)
	first, rest, _ := strings.Cut(cut, "\n")
	f := func(want string, lines ...string) {
		t.Helper()
		var b Batch
		s := NewScanner(strings.NewReader(strings.Join(lines, "\n")), "x", NewAuto())
		got := ""
		for s.Scan(&b) {
			got += fmt.Sprint(len(b.Records), " read, ", len(b.Rejects), " not")
		}
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	f("2 read, 0 not", first, rest+criLines(short, "stdout", 1e6))
	f("1 read, 2 not", first, criLines(short, "stderr", 1e6)+rest)
	f("1 read, 1 not", first, dockerLines(short, "stdout"))
	f("0 read, 1 not", first) // the log ends
	f("1 read, 1 not", strings.TrimSuffix(criLines(short, "stdout", 1e6), "\n"), first)
	docker := dockerLines(long, "stdout")
	half, _, _ := strings.Cut(docker, "\n")
	f("2 read, 0 not", strings.TrimSuffix(docker, "\n"), dockerLines(short, "stderr"))
	f("1 read, 1 not", half, dockerLines(short, "stderr"))
}

func TestALineThatNeverEndsIsNotHeldForEver(t *testing.T) {
	part := logged + " stdout P " + strings.Repeat("x", 16<<10) + "\n"
	n := 400
	c := newChunker(strings.NewReader(strings.Repeat(part, n)), 0, 0, true)
	var b Batch
	size := int64(0)
	for c.next(&b) {
		if cap(b.buf) > 3*defaultMaxLine {
			t.Fatalf("a block of %d bytes", cap(b.buf))
		}
		size += b.Bytes
	}
	if want := int64(n * len(part)); size != want {
		t.Errorf("%d bytes, want %d", size, want)
	}
}

func TestEscapedLineEndsAreKnown(t *testing.T) {
	for text, want := range map[string]bool{`a\n`: true, `a\\n`: false, `a\\\n`: true, `\n`: true, `n`: false, ``: false, `a`: false} {
		if endsLine([]byte(text)) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
}
