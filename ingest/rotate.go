package ingest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// check looks at what the path names now, and takes up files that have come up
// since.
func (f *follower) check(now time.Time, fromEnd bool) {
	f.checked = now
	info, err := os.Stat(f.path)
	if err != nil {
		f.say("is not there: waiting for it")
		if os.IsNotExist(err) {
			f.ignored = fileID{}
		}
		return
	}
	id := idOf(info)
	if n := len(f.open); n > 0 && f.open[n-1].id == id || id == f.ignored {
		return
	}
	if !info.Mode().IsRegular() {
		f.say("is no regular file: waiting for one")
		return
	}
	if f.mine(id) {
		return // moved back
	}
	// Open it before looking for what came before it: it may be renamed, too.
	file, id, ok := f.openNewest(f.path)
	if !ok {
		return
	}
	if len(f.open) > 0 {
		f.between(id, now)
	}
	off := int64(atEnd)
	if !fromEnd {
		off, _ = f.unread(sibling{path: f.path, info: info}) // it may have been here before
	}
	f.adopt(file, f.path, now, off)
}

// atEnd is the place behind the last whole line.
const atEnd = -1

func (f *follower) openNewest(path string) (*os.File, fileID, bool) {
	file, err := os.Open(path)
	if err != nil {
		f.say("cannot be opened: " + inputError(path, err).Err.Error())
		return nil, fileID{}, false
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil, fileID{}, false
	}
	return file, idOf(info), true
}

// take opens a file as the newest generation, to be read from off on.
func (f *follower) take(path string, now time.Time, off int64) {
	if file, _, ok := f.openNewest(path); ok {
		f.adopt(file, path, now, off)
	}
}

// adopt makes an open file the newest generation, unless someone follows it
// already.
func (f *follower) adopt(file *os.File, path string, now time.Time, off int64) {
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return
	}
	id := idOf(info)
	if !f.claims.claim(id) {
		file.Close()
		if path == f.path && !f.mine(id) {
			f.ignored = id // renamed to here from where another follows it
		}
		return
	}
	f.nums++
	g := &generation{f: file, id: id, num: f.nums, size: info.Size(), grown: now}
	if off != 0 {
		g.changed = info.ModTime()
		g.moveTo(off)
	}
	if n := len(f.open); n > 0 {
		f.open[n-1].replaced = now
		f.say("was rotated: reading " + path)
		f.said = ""
	}
	f.open = append(f.open, g)
}

func (f *follower) mine(id fileID) bool {
	return slices.ContainsFunc(f.open, func(g *generation) bool { return g.id == id })
}

// between takes up the files that the path has named since it was last looked
// at and names no more: those beside it that have been written to after the
// last generation that is known. Oldest first.
func (f *follower) between(newest fileID, now time.Time) {
	known, err := f.open[len(f.open)-1].f.Stat()
	if err != nil {
		return
	}
	for _, s := range f.siblings() {
		if s.id == newest || s.info.ModTime().Before(known.ModTime()) {
			continue
		}
		if off, ok := f.unread(s); ok {
			f.take(s.path, now, off)
		}
	}
}

// recover looks for a copy of g, which has been truncated, that holds more than
// was read of g. It starts g again, and reports whether there is a copy, which
// is then to be read first.
func (f *follower) recover(g *generation, now time.Time) bool {
	f.remember(g)
	was := readUpTo{g.off, slices.Clone(g.anchor)}
	f.nums++
	g.restart(f.nums)
	for _, s := range f.siblings() {
		if s.id == g.id || s.info.Size() <= was.off || !was.matches(s.path) {
			continue
		}
		n := len(f.open)
		if f.take(s.path, now, was.off); len(f.open) == n {
			continue
		}
		copied := f.open[n]
		copied.replaced = now
		g.replaced = time.Time{}
		i := slices.Index(f.open, g)
		f.open = slices.Insert(f.open[:n], i, copied)
		return true
	}
	return false
}

// sibling is a file beside the followed one that may once have been it.
type sibling struct {
	path string
	id   fileID
	info os.FileInfo
}

// siblings returns those that nobody follows, the one changed first first:
// files whose names go on where that of the path ends and, if the path is a
// link, files that differ from its target in numbers only.
func (f *follower) siblings() []sibling {
	dir, base := filepath.Split(f.path)
	found := f.beside(dir, func(name string) bool { return name != base && strings.HasPrefix(name, base) })
	if target, err := filepath.EvalSymlinks(f.path); err == nil && target != f.path {
		dir, base := filepath.Split(target)
		want := withoutDigits(base)
		found = append(found, f.beside(dir, func(name string) bool { return withoutDigits(name) == want })...)
	}
	slices.SortStableFunc(found, func(a, b sibling) int { return a.info.ModTime().Compare(b.info.ModTime()) })
	return found
}

func (f *follower) beside(dir string, like func(name string) bool) []sibling {
	if dir == "" {
		dir = "."
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var found []sibling
	for _, e := range entries {
		if !like(e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
			continue
		}
		s := sibling{filepath.Join(dir, e.Name()), idOf(info), info}
		if !f.claims.has(s.id) && !compressed(headOfFile(s.path)) {
			found = append(found, s)
		}
	}
	return found
}

func withoutDigits(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, name)
}

// readUpTo remembers how far a file was read, by what stands there.
type readUpTo struct {
	off    int64
	anchor []byte
}

const pastKept = 32

func (f *follower) remember(g *generation) {
	if g.off == 0 {
		return
	}
	f.past = append(f.past, readUpTo{g.off, slices.Clone(g.anchor)})
	if n := len(f.past); n > pastKept {
		f.past = slices.Delete(f.past, 0, n-pastKept)
	}
}

// matches tells whether the file holds at the place what was read there.
func (r readUpTo) matches(path string) bool {
	if len(r.anchor) == 0 {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	is := make([]byte, len(r.anchor))
	_, err = f.ReadAt(is, r.off-int64(len(is)))
	return err == nil && bytes.Equal(is, r.anchor)
}

// unread returns from where on a file holds what has not been read under
// another name; not ok if there is nothing.
func (f *follower) unread(s sibling) (off int64, ok bool) {
	seen := slices.Clone(f.past)
	for _, g := range f.open {
		seen = append(seen, readUpTo{g.off, g.anchor})
	}
	for _, r := range seen {
		if r.off > off && r.matches(s.path) {
			off = r.off
		}
	}
	return off, off < s.info.Size()
}

func headOfFile(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	return (&generation{f: f}).head()
}

// claimed are the files that are being followed, whatever they are called now.
type claimed struct {
	mu  sync.Mutex
	ids map[fileID]bool
}

func (c *claimed) claim(id fileID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ids[id] {
		return false
	}
	if c.ids == nil {
		c.ids = make(map[fileID]bool)
	}
	c.ids[id] = true
	return true
}

func (c *claimed) has(id fileID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ids[id]
}

func (c *claimed) release(id fileID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.ids, id)
}
