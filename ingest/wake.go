package ingest

import (
	"path/filepath"
	"sync"

	"github.com/fsnotify/fsnotify"
)

// wakes turns the operating system's notices into a nudge. Whatever goes wrong
// with them, followers look by themselves.
type wakes struct {
	w    *fsnotify.Watcher
	mu   sync.Mutex
	dirs map[string]bool
	out  []chan struct{}
	ch   chan struct{}
}

func newWakes() *wakes {
	w := &wakes{dirs: make(map[string]bool), ch: make(chan struct{}, 1)}
	var err error
	if w.w, err = fsnotify.NewWatcher(); err != nil {
		return w
	}
	go func() {
		for {
			select {
			case _, ok := <-w.w.Events:
				if !ok {
					return
				}
				w.nudge()
			case _, ok := <-w.w.Errors:
				if !ok {
					return
				}
				w.nudge() // events may have been lost
			}
		}
	}()
	return w
}

// watch asks for notices of changes in the directory of path.
func (w *wakes) watch(path string) {
	if w == nil || w.w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if dir := filepath.Dir(path); !w.dirs[dir] && w.w.Add(dir) == nil {
		w.dirs[dir] = true
	}
}

// join returns wakes that are nudged together with w.
func (w *wakes) join() *wakes {
	if w == nil {
		return nil
	}
	j := &wakes{ch: make(chan struct{}, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out = append(w.out, j.ch)
	return j
}

func (w *wakes) nudge() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ch := range append(w.out, w.ch) {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// c returns the channel of nudges; nil, which never yields, without any.
func (w *wakes) c() <-chan struct{} {
	if w == nil {
		return nil
	}
	return w.ch
}

func (w *wakes) close() {
	if w != nil && w.w != nil {
		w.w.Close()
	}
}
