package ingest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

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

func TestAPatternThatMatchesNothingYetIsWaitedFor(t *testing.T) {
	dir := t.TempDir()
	w, sources, err := NewWatch([]string{filepath.Join(dir, "*.log")}, quick(FollowOptions{}))
	if err != nil || len(sources) != 0 || !w.Awaits() {
		t.Fatal(err, len(sources))
	}
	defer w.Close()
	l := followedFrom(t, sources, w.Discover, w.Awaits())
	time.Sleep(50 * time.Millisecond)
	n := 0
	appendTo(t, filepath.Join(dir, "new.log"), &n).lines(10)
	l.wants(10)
}
