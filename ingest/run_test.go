package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func memory(name string, b []byte) Source {
	return Source{Name: name, Size: int64(len(b)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

type seen struct {
	source int
	line   int64
	time   int64
}

func runAll(t testing.TB, sources []Source, o Options) ([]seen, []SourceStats) {
	t.Helper()
	if o.Format == nil {
		o.Format = newPlain
	}
	var out []seen
	stats, err := Run(context.Background(), sources, o, func(b *Batch, lo, hi int) error {
		if lo >= hi {
			t.Fatalf("empty run [%d,%d)", lo, hi)
		}
		for i := lo; i < hi; i++ {
			out = append(out, seen{b.Source, b.Records[i].Line, b.Records[i].Time / 1e9})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, stats
}

// reference merges in the simplest way there is.
func reference(logs [][]byte) []seen {
	heads := make([][]seen, len(logs))
	for i, log := range logs {
		for n, l := range strings.Split(string(log), "\n") {
			var r Record
			if l != "" && (plainFormat{}).Parse([]byte(l), &r) == nil {
				heads[i] = append(heads[i], seen{i, int64(n + 1), r.Time / 1e9})
			}
		}
	}
	key := func(i int) int64 {
		h := heads[i]
		if len(h) > 1 {
			return min(h[0].time, h[1].time)
		}
		return h[0].time
	}
	var out []seen
	for {
		best := -1
		for i := range heads {
			if len(heads[i]) > 0 && (best < 0 || key(i) < key(best)) {
				best = i
			}
		}
		if best < 0 {
			return out
		}
		out = append(out, heads[best][0])
		heads[best] = heads[best][1:]
	}
}

func randomLog(rng *rand.Rand, n int) []byte {
	var b []byte
	at := int64(1000 + rng.IntN(3000))
	for range n {
		switch rng.IntN(40) {
		case 0:
			b = append(b, "not a line of any log\n"...)
		case 1:
			b = fmt.Appendf(b, "%d far ahead\n", at+1e6)
		case 2:
			b = fmt.Appendf(b, "%d late\n", at-int64(rng.IntN(50)))
		case 3:
			b = append(b, '\n')
		default:
			at += int64(rng.IntN(3))
			b = fmt.Appendf(b, "%d %0*d\n", at, 1+rng.IntN(150), 1)
		}
	}
	return b
}

func TestSourcesAreMergedByTimeHoweverTheyAreRead(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for round := range 12 {
		var logs [][]byte
		for range 1 + rng.IntN(7) {
			logs = append(logs, randomLog(rng, rng.IntN(1500)))
		}
		want := reference(logs)
		var stats1 string
		for _, o := range []Options{{Workers: 1}, {Workers: 2, BlockSize: 600}, {Workers: 5, BlockSize: 4096}, {Workers: 3, BlockSize: 1 << 20}} {
			var sources []Source
			for i, l := range logs {
				sources = append(sources, memory(fmt.Sprint(i), l))
			}
			got, stats := runAll(t, sources, o)
			if !slices.Equal(got, want) {
				t.Fatalf("round %d, %d workers, blocks of %d: %d records %s", round, o.Workers, o.BlockSize, len(got), firstDifference(got, want))
			}
			s := fmt.Sprintf("%+v", stats)
			if stats1 == "" {
				stats1 = s
			}
			if s != stats1 {
				t.Fatalf("round %d: stats differ\n%.600s\n%.600s", round, s, stats1)
			}
		}
	}
}

func firstDifference(got, want []seen) string {
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			return fmt.Sprintf("of %d, at %d: got %v want %v", len(want), i, got[i:min(i+3, len(got))], want[i:min(i+3, len(want))])
		}
	}
	return "too many"
}

// TestRotatedLogsAreOpenedOneAfterAnother gives a hundred consecutive files and
// counts how many are open at a time.
func TestRotatedLogsAreOpenedOneAfterAnother(t *testing.T) {
	var open, most atomic.Int64
	var sources []Source
	for i := range 100 {
		log := plainLog(100, int64(1000+i*100), "r")
		sources = append([]Source{{Name: fmt.Sprint(i), Open: func() (io.ReadCloser, error) {
			most.Store(max(most.Load(), open.Add(1)))
			return closing{bytes.NewReader(log), func() { open.Add(-1) }}, nil
		}}}, sources...)
	}
	got, _ := runAll(t, sources, Options{Workers: 2, BlockSize: 1000})
	if len(got) != 10_000 || !slices.IsSortedFunc(got, func(a, b seen) int { return int(a.time - b.time) }) {
		t.Fatalf("%d records, or not in order", len(got))
	}
	if most.Load() > 3 {
		t.Fatalf("%d files were open at a time", most.Load())
	}
}

type closing struct {
	io.Reader
	f func()
}

func (c closing) Close() error {
	c.f()
	return nil
}

func TestSinceAndUntilLeaveRecordsOut(t *testing.T) {
	log := plainLog(1000, 1000, "a")
	got, stats := runAll(t, []Source{memory("a", log), memory("b", log)}, Options{Since: time.Unix(1500, 0), Until: time.Unix(1600, 0), BlockSize: 1000})
	if len(got) != 200 || got[0].time != 1500 || got[199].time != 1599 {
		t.Fatalf("%d records from %v", len(got), got[:1])
	}
	if s := stats[0]; s.Outside != 900 || s.Parsed != 100 || s.Lines != 1000 || s.First != 1500e9 || s.Last != 1599e9 {
		t.Fatalf("%+v", s)
	}
}

func TestEveryFlawIsCountedWithASample(t *testing.T) {
	log := "1 a\nbad line one\nx 2\n\n2 b\nbad-one\n" + strings.Repeat("y", 5000) + "\n3"
	_, stats := runAll(t, []Source{memory("a", []byte(log))}, Options{MaxLine: 1000})
	s := stats[0]
	if s.Flaws[FlawTime] != 2 || string(s.Samples[FlawTime]) != "bad line one" || s.Flaws[FlawFormat] != 1 ||
		s.Flaws[FlawTooLong] != 1 || s.Flaws[FlawInterrupted] != 1 || s.Parsed != 2 || s.Blank != 1 || s.Lines != 8 ||
		s.Bytes != int64(len(log)) || s.Rejected() != 5 {
		t.Fatalf("%+v", s)
	}
}

func TestMapSeesEveryBatchBeforeItIsDelivered(t *testing.T) {
	o := Options{Format: newPlain, Workers: 3, BlockSize: 2000, Map: func() func(*Batch) {
		calls := 0 // of this goroutine alone
		return func(b *Batch) {
			calls++
			b.Aux = len(b.Records)
		}
	}}
	n := 0
	_, err := Run(context.Background(), []Source{memory("a", plainLog(3000, 1, "a"))}, o, func(b *Batch, lo, hi int) error {
		if b.Aux != len(b.Records) {
			t.Fatalf("Aux is %v", b.Aux)
		}
		n += hi - lo
		return nil
	})
	if err != nil || n != 3000 {
		t.Fatal(n, err)
	}
}

func TestAnErrorOfDeliverEndsTheRun(t *testing.T) {
	stop := errors.New("enough")
	n := 0
	_, err := Run(context.Background(), []Source{memory("a", plainLog(30_000, 1, "a"))}, Options{Format: newPlain, BlockSize: 1000}, func(b *Batch, lo, hi int) error {
		if n += hi - lo; n > 50 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n > 100 {
		t.Fatal(err, n)
	}
}

func TestAPipeDeliversEachLineAtOnce(t *testing.T) {
	pr, pw := io.Pipe()
	got := make(chan int64, 100)
	idle := make(chan struct{}, 100)
	done := make(chan error)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		o := Options{Format: newPlain, Idle: func(time.Time) { idle <- struct{}{} }}
		_, err := Run(ctx, []Source{NewStream("pipe", pr)}, o, func(b *Batch, lo, hi int) error {
			for _, r := range b.Records[lo:hi] {
				got <- r.Time / 1e9
			}
			return nil
		})
		done <- err
	}()
	for i := range int64(5) {
		fmt.Fprintf(pw, "%d x\n%d half", i, i+100)
		select {
		case v := <-got:
			if v != i {
				t.Fatalf("got %d, want %d", v, i)
			}
		case <-time.After(3 * time.Second):
			t.Fatal("the line does not come")
		}
		fmt.Fprint(pw, " line\n")
		if v := <-got; v != i+100 {
			t.Fatalf("got %d, want %d", v, i+100)
		}
	}
	select {
	case <-idle:
	case <-time.After(3 * time.Second):
		t.Fatal("Idle is not called")
	}
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	case <-time.After(3 * time.Second):
		t.Fatal("Run hangs in a read")
	}
}

func TestManyInterleavedSourcesStayInOrder(t *testing.T) {
	var sources []Source
	for i := range 40 {
		sources = append(sources, memory(fmt.Sprint(i), plainLog(500, 1000+int64(i%7), "m")))
	}
	got, _ := runAll(t, sources, Options{Workers: 2})
	h := fnv.New64a()
	for i, s := range got {
		fmt.Fprint(h, s)
		if i > 0 && (s.time < got[i-1].time || s.time == got[i-1].time && s.source < got[i-1].source) {
			t.Fatalf("%v after %v", s, got[i-1])
		}
	}
	if len(got) != 20_000 {
		t.Fatal(len(got))
	}
}

// BenchmarkRun reads a log from memory on two goroutines.
func BenchmarkRun(b *testing.B) {
	log := plainLog(200_000, 1_700_000_000, "a")
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		Run(context.Background(), []Source{memory("a", log)}, Options{Format: newPlain}, func(_ *Batch, lo, hi int) error {
			n += hi - lo
			return nil
		})
		if n != 200_000 {
			b.Fatal(n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/200_000, "ns/line")
}
