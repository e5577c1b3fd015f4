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

// count takes the referers of a window in.
func (s *self) count(w *window, ls *leaves) {
	for i := 1; i < len(w.rows); i++ {
		ref := ls.list.at(w.rows[i].leaf).refer
		if ref == 0 {
			continue
		}
		if _, ok := s.counts[ref]; !ok && len(s.counts) >= selfLimit {
			continue
		}
		s.counts[ref] += int64(w.rows[i].n)
		s.total += int64(w.rows[i].n)
	}
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
