package ingest

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
)

// Watch follows files and patterns. Files that come to match a pattern later
// are read from their start.
type Watch struct {
	o        FollowOptions
	patterns []string
	claims   claimed
	wakes    *wakes
	known    map[string]bool
	refused  map[string]bool // copies of what is followed
	all      []*follower
}

// NewWatch returns a Watch and its first sources. Plain names need not exist
// yet. What cannot be followed is in the error, joined, one *InputError each;
// the rest is followed all the same. The caller gives its Discover method to
// Run, and closes it after.
func NewWatch(args []string, o FollowOptions) (*Watch, []Source, error) {
	w := &Watch{o: o.withDefaults(), known: make(map[string]bool), refused: make(map[string]bool)}
	if !o.Silent {
		w.wakes = newWakes()
	}
	var errs []error
	var out []Source
	for _, arg := range args {
		if arg == Stdin {
			if src, err := Files([]string{Stdin}); err == nil && !w.known[Stdin] {
				w.known[Stdin] = true
				out = append(out, src...)
			}
			continue
		}
		info, err := os.Stat(arg)
		switch {
		case err == nil && info.IsDir():
			errs = append(errs, directoryError(arg))
		case err == nil && info.Mode()&os.ModeNamedPipe != 0:
			w.known[arg] = true
			out = append(out, fileSource(arg, info))
		case err == nil && !info.Mode().IsRegular():
			errs = append(errs, &InputError{Name: arg, Err: errSpecial, Hint: "name a file, a pipe or -"})
		case err != nil && strings.ContainsAny(arg, "*?["):
			if _, err := filepath.Match(arg, ""); err != nil {
				errs = append(errs, &InputError{Name: arg, Err: err, Hint: "a pattern is made of * ? [a-z]"})
				continue
			}
			if found, _ := filepath.Glob(arg); len(found) == 0 {
				if why := unmatched(arg); errors.Is(why, os.ErrPermission) {
					errs = append(errs, why)
					continue
				}
				w.o.Notice(arg, "no file matches: waiting for one")
			}
			w.patterns = append(w.patterns, arg)
			w.wakes.watch(arg)
		case err != nil && !os.IsNotExist(err):
			errs = append(errs, inputError(arg, err))
		default:
			if err == nil {
				if f, oerr := os.Open(arg); oerr != nil {
					errs = append(errs, inputError(arg, oerr))
					continue
				} else {
					f.Close()
				}
			}
			out = w.follow(out, arg, w.o)
		}
	}
	return w, append(out, w.match(w.o)...), errors.Join(errs...)
}

// Discover returns sources for files that have come to match a pattern.
func (w *Watch) Discover() []Source {
	if len(w.patterns) == 0 {
		return nil
	}
	o := w.o
	o.FromStart = true
	return w.match(o)
}

// Awaits tells whether files may yet come up, so that there is something to
// wait for though none is there: Options.Await.
func (w *Watch) Awaits() bool { return len(w.patterns) > 0 }

// Close ends the notices of the operating system.
func (w *Watch) Close() { w.wakes.close() }

func (w *Watch) follow(out []Source, path string, o FollowOptions) []Source {
	if w.known[path] {
		return out
	}
	w.known[path] = true
	w.wakes.watch(path)
	f := newFollower(path, o, &w.claims, w.wakes.join())
	if w.wakes == nil {
		f.o.Silent = true
	}
	w.all = append(w.all, f)
	return append(out, f.source())
}

// match returns the files that patterns match and that are not known: neither
// rotated away from one that is, nor compressed, nor copies.
func (w *Watch) match(o FollowOptions) []Source {
	var names []string
	for _, p := range w.patterns {
		found, _ := filepath.Glob(p)
		names = append(names, found...)
	}
	sort.Strings(names)
	names = slices.Compact(names)
	var out []Source
	for _, name := range names {
		if w.known[name] || w.refused[name] {
			continue
		}
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() || w.claims.has(idOf(info)) {
			continue
		}
		if live := rotatedFrom(name); live != "" && (w.known[live] || slices.Contains(names, live)) {
			w.refused[name] = true
			continue
		}
		if compressed(headOfFile(name)) {
			w.refused[name] = true
			continue
		}
		out = w.follow(out, name, o)
	}
	return out
}

var rotatedName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(.+?)(?:[.-](?:\d{1,4}|\d{8}(?:[-_T]?\d{2,6})?|\d{4}-\d{2}-\d{2}))(?:\.(?:gz|zst|bz2|xz))?$`)
})

// rotatedFrom returns the name of the live file that a rotation has given name
// to, as far as the name tells; "" if it does not.
func rotatedFrom(name string) string {
	dir, base := filepath.Split(name)
	m := rotatedName().FindStringSubmatch(base)
	if m == nil {
		return ""
	}
	return dir + m[1]
}
