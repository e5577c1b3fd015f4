package ingest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestFault_021_APipeThatEndsEndsTheRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	go func() {
		w, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return
		}
		w.Write(plainLog(300, 1, "f"))
		io.WriteString(w, "301 last line without an end")
		w.Close()
	}()
	sources, err := Files([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	if got, stats := runAll(t, sources, Options{}); len(got) != 301 || stats[0].Err != nil {
		t.Fatal(len(got), stats[0].Err)
	}
}

func TestFault_025_ABacklogDoesNotHoldBackALiveFile(t *testing.T) {
	dir := t.TempDir()
	big := write(t, dir, "big.log", bytes.Repeat(plainLog(50_000, 1_000_000, "old"), 4))
	live := filepath.Join(dir, "live.log")
	n := 0
	w := appendTo(t, live, &n)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	came := make(chan time.Time, 100)
	o := FollowOptions{FromStart: true, Poll: 5 * time.Millisecond}
	done := make(chan struct{})
	go func() {
		defer close(done)
		Run(ctx, []Source{Follow(big, o), Follow(live, o)}, Options{Format: newPlain}, func(b *Batch, lo, hi int) error {
			if b.Source == 1 {
				came <- time.Now()
			} else {
				time.Sleep(time.Millisecond) // a slow reader, so that there is a backlog
			}
			return nil
		})
	}()
	time.Sleep(100 * time.Millisecond)
	for range 3 {
		sent := time.Now()
		w.lines(1)
		select {
		case at := <-came:
			if d := at.Sub(sent); d > 2*time.Second {
				t.Errorf("it took %v", d)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("the live file is held back")
		}
	}
	cancel()
	<-done
}

func TestFault_029_ControlBytesInFieldsCutNothingOff(t *testing.T) {
	var b bytes.Buffer
	n := 0
	for c := range 256 {
		if c == '\n' || c == '\r' {
			continue
		}
		fmt.Fprintf(&b, "%d a%cb\n", n, c)
		b.WriteString(fmt.Sprint(n) + " a" + string([]byte{byte(c)}) + "z\n")
		n += 2
	}
	var total int
	_, err := Run(context.Background(), []Source{memory("a", b.Bytes())}, Options{Format: newPlain}, func(b *Batch, lo, hi int) error {
		for _, r := range b.Records[lo:hi] {
			if r.Path[0] != 'a' || r.Path[len(r.Path)-1] != 'b' && r.Path[len(r.Path)-1] != 'z' {
				t.Errorf("%q", r.Path)
			}
			total++
		}
		return nil
	})
	if err != nil || total != n {
		t.Fatal(total, n, err)
	}
}

func TestFault_031_LineEndsOfOtherSystems(t *testing.T) {
	in := "\ufeff1 a\r\n2 b\n3 c\r\r\n4 d\re\n"
	got, stats := runAll(t, []Source{memory("a", []byte(in))}, Options{})
	if len(got) != 4 || stats[0].Rejected() != 0 {
		t.Fatal(got, stats[0].Flaws)
	}
	wide := "\xff\xfe" + strings.ReplaceAll("1 a|2 b|", "|", "\n")
	wide = wide[:2] + widen(wide[2:])
	if got, stats := runAll(t, []Source{memory("w", []byte(wide))}, Options{}); len(got) != 0 || stats[0].Flaws[FlawUTF16] == 0 {
		t.Fatal(got, stats[0].Flaws)
	}
}

// TestFault_063_ARunKnowsNoClock reads the same file at two times: everything
// that is known of it is the same.
func TestFault_063_ARunKnowsNoClock(t *testing.T) {
	p := write(t, t.TempDir(), "a.log", plainLog(3000, 1000, "a"))
	var first string
	for range 2 {
		sources, _ := Files([]string{p})
		got, stats := runAll(t, sources, Options{})
		s := fmt.Sprint(got, stats)
		if first == "" {
			first = s
		}
		if s != first {
			t.Fatal("two runs differ")
		}
		later := time.Now().Add(1000 * time.Hour)
		os.Chtimes(p, later, later)
	}
}

func TestARunKeepsAFixedSetOfBlocks(t *testing.T) {
	log := plainLog(60_000, 1000, "a")
	run := func(times int) uint64 {
		var in []byte
		for range times {
			in = append(in, log...)
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		n := 0
		if _, err := Run(context.Background(), []Source{memory("a", in)}, Options{Format: newPlain, Workers: 2}, func(_ *Batch, lo, hi int) error {
			n += hi - lo
			return nil
		}); err != nil || n != times*60_000 {
			t.Fatal(n, err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	run(1)
	once, eight := run(1), run(8)
	if eight > once+once/2+(2<<20) {
		t.Errorf("%d KiB allocated for a log, %d KiB for one of eight times the length", once>>10, eight>>10)
	}
}

func FuzzBlocks(f *testing.F) {
	f.Add([]byte("1 a\n\x00\x00\n2 b\r\n33"), uint16(3))
	f.Add(append(bytes.Repeat([]byte{'x'}, 900), "\n1 a\n"...), uint16(512))
	f.Fuzz(func(t *testing.T, in []byte, block uint16) {
		want := sortedLines(scanned(t, bytes.NewReader(in), 1<<20, 700, false))
		got := sortedLines(scanned(t, bytes.NewReader(in), int(block), 700, true))
		if got != want {
			t.Fatalf("in blocks of %d\n%s\nwhole\n%s", block, got, want)
		}
	})
}

// widen returns UTF-16, the lower byte first.
func widen(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		b.WriteByte(0)
	}
	return b.String()
}
