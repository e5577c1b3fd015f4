package ingest

import (
	"context"
	"fmt"
	"io"
	"os"
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
	return followedFrom(t, sources, discover, false)
}

func followedFrom(t *testing.T, sources []Source, discover func() []Source, await bool) *ledger {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &ledger{t: t, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		l.stats, _ = Run(ctx, sources, Options{Format: newPlain, Workers: 2, Discover: discover, Await: await}, func(b *Batch, lo, hi int) error {
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
