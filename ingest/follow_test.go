package ingest

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// ledger is what a follower has delivered.
type ledger struct {
	t      *testing.T
	mu     sync.Mutex
	seen   []int64
	cancel context.CancelFunc
	done   chan struct{}
	stats  []SourceStats
}

func quick(o FollowOptions) FollowOptions {
	o.Poll, o.Linger = 3*time.Millisecond, 120*time.Millisecond
	return o
}

// followed runs sources until the test ends.
func followed(t *testing.T, sources []Source, discover func() []Source) *ledger {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &ledger{t: t, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		l.stats, _ = Run(ctx, sources, Options{Format: newPlain, Workers: 2, Discover: discover}, func(b *Batch, lo, hi int) error {
			l.mu.Lock()
			defer l.mu.Unlock()
			for _, r := range b.Records[lo:hi] {
				l.seen = append(l.seen, r.Time/1e9)
			}
			return nil
		})
	}()
	t.Cleanup(l.stop)
	return l
}

func (l *ledger) stop() {
	l.cancel()
	<-l.done
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.seen)
}

// wants waits until the numbers 0..n-1 have been delivered, each once.
func (l *ledger) wants(n int) {
	l.t.Helper()
	end := time.Now().Add(10 * time.Second)
	for l.count() < n && time.Now().Before(end) {
		time.Sleep(2 * time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond) // what should not come may come now
	l.mu.Lock()
	defer l.mu.Unlock()
	got := slices.Clone(l.seen)
	slices.Sort(got)
	for i := range n {
		if i >= len(got) || got[i] != int64(i) {
			l.t.Fatalf("%d lines of %d; at %d there is %v", len(got), n, i, got[min(i, len(got)):min(i+3, len(got))])
		}
	}
	if len(got) != n {
		l.t.Fatalf("%d lines, want %d: %v", len(got), n, got[n:min(n+5, len(got))])
	}
}

// writer writes numbered lines.
type writer struct {
	t    *testing.T
	f    *os.File
	next *int
}

func appendTo(t *testing.T, path string, next *int) *writer {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &writer{t, f, next}
}

func (w *writer) lines(n int) {
	for range n {
		fmt.Fprintf(w.f, "%d line %s\n", *w.next, strings.Repeat("x", *w.next%90))
		*w.next++
	}
}

func (w *writer) raw(s string) { io.WriteString(w.f, s) }

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// bothWays runs a test by looking alone, and with the system's notices.
func bothWays(t *testing.T, f func(t *testing.T, o FollowOptions)) {
	t.Run("looking", func(t *testing.T) { f(t, quick(FollowOptions{Silent: true})) })
	t.Run("notices", func(t *testing.T) { f(t, quick(FollowOptions{})) })
}

func TestFault_001_TheOldFileIsReadWhileItIsWrittenTo(t *testing.T) {
	bothWays(t, func(t *testing.T, o FollowOptions) {
		path := filepath.Join(t.TempDir(), "access.log")
		n := 0
		old := appendTo(t, path, &n)
		l := followed(t, []Source{Follow(path, o)}, nil)
		time.Sleep(20 * time.Millisecond)
		old.lines(1000)
		rename(t, path, path+".1")
		for range 10 {
			old.lines(50)
			time.Sleep(10 * time.Millisecond)
		}
		young := appendTo(t, path, &n)
		young.lines(300)
		l.wants(1800)
		old.lines(100) // it still is: a worker that closes late
		young.lines(100)
		l.wants(2000)
	})
}

func TestFault_002_AMissingFileIsWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	var mu sync.Mutex
	var said []string
	o := quick(FollowOptions{Silent: true, Notice: func(_, what string) { mu.Lock(); said = append(said, what); mu.Unlock() }})
	l := followed(t, []Source{Follow(path, o)}, nil)
	time.Sleep(60 * time.Millisecond)
	n := 0
	appendTo(t, path, &n).lines(10)
	l.wants(10)
	rename(t, path, path+".1")
	time.Sleep(60 * time.Millisecond)
	appendTo(t, path, &n).lines(10)
	l.wants(20)
	mu.Lock()
	defer mu.Unlock()
	if len(said) < 2 || len(said) > 4 || !strings.Contains(said[0], "waiting") {
		t.Errorf("it said %q", said)
	}
}

func TestFault_003_SeveralRotationsBetweenTwoLooks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	n := 0
	w := appendTo(t, path, &n)
	o := quick(FollowOptions{Silent: true})
	o.Poll = 400 * time.Millisecond
	src := Follow(path, o)
	l := followed(t, []Source{src}, nil)
	time.Sleep(50 * time.Millisecond)
	w.lines(100)
	for gen := 3; gen > 0; gen-- {
		time.Sleep(15 * time.Millisecond) // so that the times of change differ
		rename(t, path, fmt.Sprintf("%s.%d", path, gen))
		w = appendTo(t, path, &n)
		w.lines(100)
	}
	l.wants(400)
}

func TestFault_007_TruncationToLess(t *testing.T) {
	bothWays(t, func(t *testing.T, o FollowOptions) {
		path := filepath.Join(t.TempDir(), "access.log")
		n := 0
		w := appendTo(t, path, &n)
		l := followed(t, []Source{Follow(path, o)}, nil)
		time.Sleep(20 * time.Millisecond)
		w.lines(500)
		l.wants(500)
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		w.lines(20)
		l.wants(520)
		l.stop()
		if l.stats[0].Truncated != 1 {
			t.Errorf("%d truncations", l.stats[0].Truncated)
		}
	})
}

func TestFault_008_TruncatedAndRegrownPastTheOldPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	n := 0
	w := appendTo(t, path, &n)
	o := quick(FollowOptions{Silent: true})
	o.Poll = 150 * time.Millisecond
	l := followed(t, []Source{Follow(path, o)}, nil)
	time.Sleep(30 * time.Millisecond)
	w.lines(50)
	l.wants(50)
	os.Truncate(path, 0) // between two looks
	w.lines(500)
	l.wants(550)
}

func TestFault_010_AHoleLeftByAWriterThatKeepsItsPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	f, err := os.Create(path) // without O_APPEND
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	w := &writer{t, f, &n}
	l := followed(t, []Source{Follow(path, quick(FollowOptions{Silent: true}))}, nil)
	time.Sleep(20 * time.Millisecond)
	w.lines(50)
	l.wants(50)
	f.Seek(2<<30, io.SeekStart) // as if 2 GiB had been written
	os.Truncate(path, 0)
	before := heap()
	start := time.Now()
	w.lines(50)
	l.wants(100)
	if grown := heap() - before; grown > 16<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("the hole took %v", d)
	}
}

func TestFault_011_AnInodeThatIsUsedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	n := 0
	w := appendTo(t, path, &n)
	l := followed(t, []Source{Follow(path, quick(FollowOptions{Silent: true}))}, nil)
	time.Sleep(20 * time.Millisecond)
	for range 10 {
		w.lines(20)
		l.wants(n)
		w.f.Close()
		os.Remove(path)
		w = appendTo(t, path, &n)
	}
	w.lines(20)
	l.wants(n)
}

func TestFault_013_EmptyAndShortFilesThatGrow(t *testing.T) {
	dir := t.TempDir()
	n := 0
	var ws []*writer
	for i := range 5 {
		ws = append(ws, appendTo(t, filepath.Join(dir, fmt.Sprintf("%d.log", i)), &n))
	}
	w, sources, err := NewWatch([]string{filepath.Join(dir, "*.log")}, quick(FollowOptions{}))
	if err != nil || len(sources) != 5 {
		t.Fatal(err, len(sources))
	}
	defer w.Close()
	l := followed(t, sources, w.Discover)
	time.Sleep(20 * time.Millisecond)
	rng := rand.New(rand.NewPCG(1, 1))
	for range 60 {
		ws[rng.IntN(5)].lines(1 + rng.IntN(3))
	}
	l.wants(n)
}

func TestFault_014_ASymbolicLinkIsSwitched(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "access.log")
	n := 0
	var w *writer
	for day := range 6 {
		target := filepath.Join(dir, fmt.Sprintf("day-%d.log", day))
		next := appendTo(t, target, &n)
		os.Symlink(target, link+".tmp")
		rename(t, link+".tmp", link)
		if w != nil {
			w.lines(7) // a little late
		}
		w = next
		if day == 0 {
			l := followed(t, []Source{Follow(link, quick(FollowOptions{Silent: true}))}, nil)
			time.Sleep(20 * time.Millisecond)
			defer func() { l.wants(n) }()
		}
		w.lines(30)
		time.Sleep(15 * time.Millisecond)
	}
}

func TestFault_016_ALineThatComesInTwoParts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	n := 0
	w := appendTo(t, path, &n)
	l := followed(t, []Source{Follow(path, quick(FollowOptions{Silent: true}))}, nil)
	time.Sleep(20 * time.Millisecond)
	for cut := 0; cut <= len("10 a whole line\n"); cut++ {
		line := fmt.Sprintf("%d a whole line\n", n)
		k := min(cut, len(line))
		w.raw(line[:k])
		time.Sleep(8 * time.Millisecond)
		if got := l.count(); got != n && k < len(line) {
			t.Fatalf("half a line was counted: %d records, want %d", got, n)
		}
		w.raw(line[k:])
		n++
		l.wants(n)
	}
}

func TestFault_017_AnUnfinishedLineOfAWriterThatDied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	n := 0
	w := appendTo(t, path, &n)
	l := followed(t, []Source{Follow(path, quick(FollowOptions{Silent: true}))}, nil)
	time.Sleep(20 * time.Millisecond)
	w.lines(10)
	w.raw("99999")
	l.wants(10)
	rename(t, path, path+".1")
	appendTo(t, path, &n).lines(10)
	l.wants(20)
	l.stop()
	if l.stats[0].Flaws[FlawInterrupted] != 1 {
		t.Errorf("%+v", l.stats[0].Flaws)
	}
}

func TestFault_020_AFileThatCannotBeOpenedIsTriedAgain(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	path := filepath.Join(t.TempDir(), "access.log")
	n := 0
	appendTo(t, path, &n)
	l := followed(t, []Source{Follow(path, quick(FollowOptions{Silent: true}))}, nil)
	time.Sleep(20 * time.Millisecond)
	rename(t, path, path+".1")
	w := appendTo(t, path, &n)
	os.Chmod(path, 0)
	w.lines(5)
	time.Sleep(40 * time.Millisecond)
	os.Chmod(path, 0o644)
	l.wants(5)
}

func TestFault_022_ManyRotationsKeepFewFilesOpen(t *testing.T) {
	fds := func() int {
		e, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip(err)
		}
		return len(e)
	}
	path := filepath.Join(t.TempDir(), "access.log")
	n := 0
	w := appendTo(t, path, &n)
	o := quick(FollowOptions{Silent: true})
	o.Poll, o.Linger = time.Millisecond, 5*time.Millisecond
	l := followed(t, []Source{Follow(path, o)}, nil)
	time.Sleep(20 * time.Millisecond)
	before := fds()
	for range 150 {
		w.lines(1)
		w.f.Close()
		rename(t, path, path+".1")
		w = appendTo(t, path, &n)
		w.lines(1)
		time.Sleep(4 * time.Millisecond)
	}
	l.wants(300)
	time.Sleep(30 * time.Millisecond)
	if after := fds(); after > before+4 {
		t.Errorf("%d files open, %d before", after, before)
	}
}

func TestFollowingStartsAtTheEndOrAtTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	n := 0
	w := appendTo(t, path, &n)
	w.lines(3000)
	w.raw("3000 unfin")
	end := followed(t, []Source{Follow(path, quick(FollowOptions{}))}, nil)
	start := followed(t, []Source{Follow(path, quick(FollowOptions{FromStart: true}))}, nil)
	time.Sleep(50 * time.Millisecond)
	w.raw("ished\n")
	n++
	start.wants(3001)
	if end.count() != 1 {
		t.Errorf("from the end: %d lines", end.count())
	}
}

func TestNewFilesOfAPatternAreFollowedAndOldNamesAreNot(t *testing.T) {
	dir := t.TempDir()
	n := 0
	a := appendTo(t, filepath.Join(dir, "a.log"), &n)
	a.lines(5)
	write(t, dir, "a.log.1", plainLog(10, 5000, "old"))
	write(t, dir, "a.log.2.gz", gz(plainLog(10, 5000, "old")))
	write(t, dir, "a.log-20261101", plainLog(10, 5000, "old"))
	n = 0
	w, sources, err := NewWatch([]string{filepath.Join(dir, "*.log*"), filepath.Join(dir, "late.txt"), filepath.Join(dir, "a.log")}, quick(FollowOptions{}))
	if err != nil || !slices.Equal(sourceNames(sources), []string{"late.txt", "a.log"}) {
		t.Fatal(err, sourceNames(sources))
	}
	defer w.Close()
	l := followed(t, sources, w.Discover)
	time.Sleep(30 * time.Millisecond)
	a.lines(10)
	// Fault 9: copied and truncated; the copy matches the pattern.
	l.wants(10)
	b, _ := os.ReadFile(filepath.Join(dir, "a.log"))
	write(t, dir, "a.log.3", b)
	os.Truncate(filepath.Join(dir, "a.log"), 0)
	a.lines(10)
	appendTo(t, filepath.Join(dir, "b.log"), &n).lines(10)
	appendTo(t, filepath.Join(dir, "late.txt"), &n).lines(10)
	rename(t, filepath.Join(dir, "a.log"), filepath.Join(dir, "a.log.4"))
	appendTo(t, filepath.Join(dir, "a.log"), &n).lines(10)
	l.wants(50)
	time.Sleep(1100 * time.Millisecond) // a look for new files
	l.wants(50)
	l.stop()
	if len(l.stats) != 3 || filepath.Base(l.stats[2].Name) != "b.log" {
		t.Errorf("%d sources", len(l.stats))
	}
}

func TestRotatedNamesAreKnown(t *testing.T) {
	for name, want := range map[string]string{
		"/x/access.log.1": "/x/access.log", "access.log.12.gz": "access.log", "access.log-20261124": "access.log",
		"access.log-20261124.zst": "access.log", "access.log-2026-11-24": "access.log", "access.log": "", "v1.access.log": "",
		"access.log.old": "", "site-2.log": "",
	} {
		if got := rotatedFrom(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestFault_026_AnythingInAnyOrder rotates, copies and truncates, links and
// deletes at random, always after everything has been read: nothing may be
// lost then, and nothing counted twice.
func TestFault_026_AnythingInAnyOrder(t *testing.T) {
	rounds := 5
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		rng := rand.New(rand.NewPCG(uint64(round), 9))
		path := filepath.Join(t.TempDir(), "access.log")
		n := 0
		w := appendTo(t, path, &n)
		l := followed(t, []Source{Follow(path, quick(FollowOptions{Silent: round%2 == 0}))}, nil)
		time.Sleep(20 * time.Millisecond)
		for range 25 {
			w.lines(rng.IntN(40))
			switch rng.IntN(5) {
			case 0:
				rename(t, path, fmt.Sprintf("%s.%d", path, n))
				w.lines(rng.IntN(5))
				w = appendTo(t, path, &n)
			case 1:
				l.wants(n)
				b, _ := os.ReadFile(path)
				os.WriteFile(path+".copy", b, 0o644)
				os.Truncate(path, 0)
				w.lines(rng.IntN(80))
			case 2:
				l.wants(n)
				os.Remove(path)
				w = appendTo(t, path, &n)
			case 3:
				half := fmt.Sprintf("%d in two", n)
				n++
				w.raw(half)
				time.Sleep(time.Duration(rng.IntN(10)) * time.Millisecond)
				w.raw(" parts\n")
			}
		}
		l.wants(n)
		l.stop()
	}
}

func TestACompressedFileIsNotFollowed(t *testing.T) {
	path := write(t, t.TempDir(), "access.log.gz", gz(plainLog(10, 1, "a")))
	l := followed(t, []Source{Follow(path, quick(FollowOptions{}))}, nil)
	<-l.done
	if l.stats[0].Err == nil || !strings.Contains(l.stats[0].Err.Error(), "is compressed") {
		t.Error(l.stats[0].Err)
	}
}

func TestLinesThatOnlyTheCopyStillHoldsAreReadThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	n := 0
	w := appendTo(t, path, &n)
	o := quick(FollowOptions{Silent: true})
	o.Poll = 200 * time.Millisecond
	l := followed(t, []Source{Follow(path, o)}, nil)
	w.lines(50)
	l.wants(50)
	w.lines(100)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Dir(path), "access.log.1", b)
	os.Truncate(path, 0)
	w.lines(20)
	l.wants(170)
	l.stop()
	if s := l.stats[0]; s.Lost != 0 || s.Truncated != 1 {
		t.Errorf("%d bytes lost, %d truncations", s.Lost, s.Truncated)
	}
}

func TestFault_019_AFileThatCannotBeReadIsOpenedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	n := 0
	w := appendTo(t, path, &n)
	w.lines(20)
	f := newFollower(path, quick(FollowOptions{Silent: true, FromStart: true}), &claimed{}, nil)
	f.source()
	buf := make([]byte, 64<<10)
	got, err := f.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	text := string(buf[:got])
	for range 5 { // not in a row: each time it recovers
		f.open[0].f.Close() // as if the handle had gone stale
		w.lines(20)
		if got, err = f.Read(buf); err != nil {
			t.Fatal(err)
		}
		text += string(buf[:got])
	}
	if want, _ := os.ReadFile(path); text != string(want) {
		t.Fatalf("%d bytes read of %d", len(text), len(want))
	}
	os.Remove(path)
	f.open[0].f.Close()
	f.Close()
}
