package detect

// self finds out which referring site is the site itself: where the log does
// not name the host, it is the one that most requests with a referer come from.
// It is no cohort then: nearly every visitor has it.
type self struct {
	counts map[uint32]int64
	total  int64
	sym    uint32
}

const (
	selfShare  = 0.4
	selfLeast  = 50
	selfLimit  = 4096
	selfNobody = 1<<32 - 1
)

func (s *self) add(ref uint32, n int64) {
	if ref == 0 {
		return
	}
	if _, ok := s.counts[ref]; !ok && len(s.counts) >= selfLimit {
		return
	}
	s.counts[ref] += n
	s.total += n
}

// count takes the referers of a window in.
func (s *self) count(w *window, ls *leaves) {
	last, n := uint32(0), int64(0)
	for i := 1; i < len(w.rows); i++ {
		if w.rows[i].flags&fSelf != 0 { // known by the host that the log names
			s.total += int64(w.rows[i].n)
			continue
		}
		ref := ls.list.at(w.rows[i].leaf).refer
		if ref != last { // mostly it is the same one again
			s.add(last, n)
			last, n = ref, 0
		}
		n += int64(w.rows[i].n)
	}
	s.add(last, n)
	s.sym = selfNobody
	if s.total < selfLeast {
		return
	}
	best := int64(0)
	for k, n := range s.counts {
		if n > best || n == best && k < s.sym {
			best, s.sym = n, k
		}
	}
	if float64(best) < selfShare*float64(s.total) {
		s.sym = selfNobody
	}
}
