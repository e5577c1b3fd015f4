package alert

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	maxSent  = 4096     // IDs of delivered notices that are remembered
	maxDead  = 100      // notices kept in the folder of those that no one takes
	maxEntry = 1 << 20  // bytes of one entry
	sentFile = "sent"   // IDs, one a line
	deadDir  = "dead"   // entries that were given up
	lockFile = "lock"   // held by the process that owns the spool
	tmpName  = ".entry" // an entry that is being written
)

// ErrLocked is returned when another process owns a spool.
var ErrLocked = errors.New("another run holds the lock")

// entry is a notice that waits; name is its file, "" in memory.
type entry struct {
	name   string
	notice Notice
}

// spool keeps notices on disk until they are delivered: a file each, written
// beside, synced and renamed, so that a crash leaves whole entries only. The
// IDs of what was delivered are kept too, so that a run that sees the same news
// again does not tell it again. A nil spool keeps nothing.
type spool struct {
	dir  string
	lock *os.File
	sent *os.File
	seq  uint64
}

// openSpool takes the folder dir over and returns what waits in it, the oldest
// first, and the IDs of what was delivered. Entries that cannot be read go to
// the dead ones; bad counts them.
func openSpool(dir string) (s *spool, waiting []entry, sent []string, bad int, err error) {
	if err := os.MkdirAll(filepath.Join(dir, deadDir), 0o700); err != nil {
		return nil, nil, nil, 0, fmt.Errorf("open spool %q: %w", dir, err)
	}
	s = &spool{dir: dir}
	if s.lock, err = os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, nil, nil, 0, fmt.Errorf("open spool %q: %w", dir, err)
	}
	if err := lock(s.lock); err != nil {
		s.lock.Close()
		return nil, nil, nil, 0, fmt.Errorf("open spool %q: %w", dir, err)
	}
	if sent, err = s.openSent(); err == nil {
		waiting, bad, err = s.load()
	}
	if err != nil {
		s.close()
		return nil, nil, nil, 0, fmt.Errorf("open spool %q: %w", dir, err)
	}
	return s, waiting, sent, bad, nil
}

func (s *spool) close() {
	if s == nil {
		return
	}
	if s.sent != nil {
		s.sent.Close()
	}
	s.lock.Close()
}

// openSent reads the IDs of what was delivered and shortens their file.
func (s *spool) openSent() (ids []string, err error) {
	path := filepath.Join(s.dir, sentFile)
	if f, err := os.Open(path); err == nil {
		in := bufio.NewScanner(f)
		for in.Scan() {
			if id := strings.TrimSpace(in.Text()); len(id) == 16 {
				ids = append(ids, id)
			}
		}
		f.Close()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if len(ids) > maxSent {
		ids = ids[len(ids)-maxSent:]
	}
	var text string
	if len(ids) > 0 {
		text = strings.Join(ids, "\n") + "\n"
	}
	if err := s.write(sentFile, []byte(text)); err != nil {
		return nil, err
	}
	s.sent, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600)
	return ids, err
}

func (s *spool) load() (list []entry, bad int, err error) {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, 0, err
	}
	for _, f := range files {
		seq, ok := sequence(f.Name())
		if !ok {
			continue
		}
		s.seq = max(s.seq, seq)
		e := entry{name: f.Name()}
		if st, err := f.Info(); err != nil || st.Size() > maxEntry || !st.Mode().IsRegular() {
			bad++
			s.bury(e.name)
			continue
		}
		text, err := os.ReadFile(filepath.Join(s.dir, f.Name()))
		if err != nil || json.Unmarshal(text, &e.notice) != nil || e.notice.ID == "" {
			bad++
			s.bury(e.name)
			continue
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return list, bad, nil
}

// sequence reads the number that the name of an entry begins with.
func sequence(name string) (uint64, bool) {
	digits, rest, ok := strings.Cut(name, "-")
	if !ok || !strings.HasSuffix(rest, ".json") {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, err == nil
}

// put makes a notice durable and names its entry.
func (s *spool) put(e *entry) error {
	if s == nil {
		return nil
	}
	text, err := json.Marshal(&e.notice)
	if err != nil {
		return fmt.Errorf("spool alert: %w", err)
	}
	if e.name == "" {
		s.seq++
		e.name = fmt.Sprintf("%016d-%s.json", s.seq, e.notice.ID)
	}
	if err := s.write(e.name, text); err != nil {
		e.name = ""
		return fmt.Errorf("spool alert: %w", err)
	}
	return nil
}

// write replaces the file name by one with this text, whole or not at all.
func (s *spool) write(name string, text []byte) error {
	tmp := filepath.Join(s.dir, tmpName)
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp, filepath.Join(s.dir, name))
	}
	if err != nil {
		os.Remove(tmp)
		return err
	}
	return s.syncDir()
}

func (s *spool) syncDir() error {
	d, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// delivered notes durably that ids were delivered, before the entry goes.
func (s *spool) delivered(ids []string) error {
	if s == nil || len(ids) == 0 {
		return nil
	}
	if _, err := s.sent.WriteString(strings.Join(ids, "\n") + "\n"); err != nil {
		return fmt.Errorf("note delivery: %w", err)
	}
	if err := s.sent.Sync(); err != nil {
		return fmt.Errorf("note delivery: %w", err)
	}
	return nil
}

// remove forgets an entry that was delivered or is part of another.
func (s *spool) remove(name string) {
	if s != nil && name != "" {
		os.Remove(filepath.Join(s.dir, name)) // if it stays, its ID keeps it from being sent again
	}
}

// bury moves an entry that nobody takes out of the way, and forgets the oldest
// of them.
func (s *spool) bury(name string) {
	if s == nil || name == "" {
		return
	}
	dead := filepath.Join(s.dir, deadDir)
	if os.Rename(filepath.Join(s.dir, name), filepath.Join(dead, name)) != nil {
		os.Remove(filepath.Join(s.dir, name))
	}
	if files, err := os.ReadDir(dead); err == nil && len(files) > maxDead {
		for _, f := range files[:len(files)-maxDead] {
			os.Remove(filepath.Join(dead, f.Name()))
		}
	}
}
