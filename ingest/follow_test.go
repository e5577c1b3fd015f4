package ingest

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

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
		// The next rotation deletes the older file: let it be read before.
		for end := time.Now().Add(5 * time.Second); l.count() < n && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
	}
	l.wants(300)
	time.Sleep(30 * time.Millisecond)
	if after := fds(); after > before+4 {
		t.Errorf("%d files open, %d before", after, before)
	}
}
