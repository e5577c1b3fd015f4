package ingest

import (
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// FollowOptions say how a file is followed. The zero value of each field means
// its default.
type FollowOptions struct {
	FromStart bool          // read what is there already; default: only what is written from now on
	Poll      time.Duration // how often files are looked at; default 250 ms
	// Linger is how long a rotated file that no longer grows is kept open: a
	// server goes on writing to it until it is told of the rotation. It is also
	// how long an unfinished line is waited for. Default 60 s.
	Linger time.Duration
	// Silent: do without the operating system's notices of changes, which only
	// make things faster. Looking is what counts: notices get lost, and
	// network file systems send none.
	Silent bool
	// Notice is called with what happens to a file, in words: it rotates, it
	// vanishes, it cannot be opened. It may be called on any goroutine.
	Notice func(path, what string)
}

func (o FollowOptions) withDefaults() FollowOptions {
	if o.Poll <= 0 {
		o.Poll = 250 * time.Millisecond
	}
	if o.Linger <= 0 {
		o.Linger = time.Minute
	}
	if o.Notice == nil {
		o.Notice = func(string, string) {}
	}
	return o
}

// Follow returns a Source that reads the file at path and then what is written
// to it, through every kind of rotation: renaming and creating (the old file
// is read on while something still writes to it), copying and truncating, and
// the switching of a symbolic link. The file need not exist yet. Lines of a
// new file are not held back for an old one.
//
// With copying and truncating, lines can be lost that are written between the
// two; SourceStats count the truncations, and as Lost what is known to be
// gone.
func Follow(path string, o FollowOptions) Source {
	return newFollower(path, o, &claimed{}, nil).source()
}

// follower reads one path, whatever file it names.
type follower struct {
	path   string
	o      FollowOptions
	claims *claimed
	wakes  *wakes // may be nil
	own    bool   // wakes is ours alone

	open    []*generation // oldest first; the last is what path named last
	last    *generation   // read from last
	at      [2]int64      // where the last Read came from
	nums    int           // generations so far
	checked time.Time     // when path was looked at
	ignored fileID        // what path names, and is none of ours
	past    []readUpTo    // what has been read, of the last few generations
	said    string        // what Notice was told last
	fails   int           // reads in a row that failed

	closing sync.Once
	closed  chan struct{}

	lost, truncated atomic.Int64
}

func newFollower(path string, o FollowOptions, c *claimed, w *wakes) *follower {
	return &follower{path: path, o: o.withDefaults(), claims: c, wakes: w, closed: make(chan struct{})}
}

// source fixes where the file is read from, which is where it ends now.
func (f *follower) source() Source {
	f.check(time.Now(), !f.o.FromStart)
	return Source{Name: f.path, Once: true, Live: true, Endless: true, lossy: f,
		Open:   func() (io.ReadCloser, error) { return f, f.start() },
		Sample: func() []byte { return sampleOf(f.path) }}
}

// start begins to wait for what is written.
func (f *follower) start() error {
	if f.wakes == nil && !f.o.Silent {
		f.wakes, f.own = newWakes(), true
		f.wakes.watch(f.path)
	}
	if len(f.open) > 0 {
		if head := f.open[0].head(); compressed(head) {
			f.Close()
			return &InputError{Name: f.path, Err: errCompressed, Hint: "scan it, or follow the file that is being written"}
		}
	}
	return nil
}

// Read returns what has been written, and waits until there is something. It
// returns io.EOF after Close.
func (f *follower) Read(p []byte) (int, error) {
	for {
		select {
		case <-f.closed:
			f.closeAll()
			return 0, io.EOF
		default:
		}
		n, err := f.step(p, time.Now())
		if n > 0 || err != nil {
			return n, err
		}
		f.pause()
	}
}

// At says which generation of the file the last Read came from, and where.
func (f *follower) At() (generation int, offset int64) { return int(f.at[0]), f.at[1] }

// Losses counts the bytes that are known to have been lost, and the
// truncations seen.
func (f *follower) Losses() (lost, truncated int64) { return f.lost.Load(), f.truncated.Load() }

// Close ends a Read that waits.
func (f *follower) Close() error {
	f.closing.Do(func() { close(f.closed) })
	return nil
}

func (f *follower) closeAll() {
	for _, g := range f.open {
		f.drop(g)
	}
	f.open, f.last = nil, nil
	if f.own {
		f.wakes.close()
	}
}

func (f *follower) drop(g *generation) {
	f.remember(g)
	f.claims.release(g.id)
	g.f.Close()
}

// step reads from the first generation that has something.
func (f *follower) step(p []byte, now time.Time) (int, error) {
	if now.Sub(f.checked) >= f.o.Poll {
		f.check(now, false)
	}
	for _, g := range f.open {
		if l := f.last; l != nil && l != g && l.partial && now.Sub(l.grown) < f.o.Linger {
			continue // it may finish its line
		}
		n, err := f.readFrom(g, p, now)
		if err != nil {
			return 0, f.failed(g, err)
		}
		f.fails = 0
		if n > 0 {
			return n, nil
		}
	}
	f.retire(now)
	return 0, nil
}

// failed lets go of a file that cannot be read (a stale handle of a network
// file system, a bad block). It will be opened anew by its path, and read on
// from where it matches what has been read; the third failure in a row ends
// the source.
func (f *follower) failed(g *generation, err error) error {
	if f.fails++; f.fails >= 3 {
		return err
	}
	f.say("cannot be read, opening it again: " + err.Error())
	f.drop(g)
	f.open = slices.DeleteFunc(f.open, func(o *generation) bool { return o == g })
	if f.last == g {
		f.last = nil
	}
	return nil
}

func (f *follower) readFrom(g *generation, p []byte, now time.Time) (int, error) {
	cut, lost, err := g.truncated()
	if err != nil {
		return 0, err
	}
	if cut {
		f.truncated.Add(1)
		f.say("was truncated: reading it from the start")
		if f.recover(g, now) {
			return 0, nil // the copy first
		}
		f.lost.Add(lost)
	}
	off, n, err := g.read(p, now)
	if n > 0 {
		f.last, f.at = g, [2]int64{int64(g.num), off}
	}
	return n, err
}

// retire closes old generations that have been quiet for long enough.
func (f *follower) retire(now time.Time) {
	for len(f.open) > 1 {
		g, newest := f.open[0], f.open[len(f.open)-1]
		if now.Sub(g.grown) < f.o.Linger || now.Sub(g.replaced) < f.o.Linger || newest.size == 0 {
			return
		}
		if f.last == g {
			f.last = nil
		}
		f.drop(g)
		f.open = f.open[1:]
	}
}

// pause waits until it is time to look again.
func (f *follower) pause() {
	t := time.NewTimer(f.o.Poll)
	defer t.Stop()
	select {
	case <-t.C:
	case <-f.wakes.c():
		f.checked = time.Time{}
	case <-f.closed:
	}
}

// say tells what happens, once.
func (f *follower) say(what string) {
	if what != f.said {
		f.said = what
		f.o.Notice(f.path, what)
	}
}
