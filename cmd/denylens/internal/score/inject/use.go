package inject

// use is what one client was served before it was refused.
type use struct {
	asked []string                  // host and path of each request but for redirects
	hours map[int64]bool            // in which it came
	sizes map[int64]map[string]bool // paths answered with 200, by the size of the answer
	paths map[string]bool           // those paths
	edge  bool                      // the address is a proxy's
}

func (u *use) add(l *Line) {
	u.hours[l.Time/3600e9] = true
	u.edge = u.edge || l.Edge
	if l.Status >= 300 && l.Status != 304 {
		return // a redirect is no page
	}
	u.asked = append(u.asked, l.Host+l.Path)
	if l.Status != 200 {
		return
	}
	if u.sizes[l.Bytes] == nil {
		u.sizes[l.Bytes] = map[string]bool{}
	}
	u.sizes[l.Bytes][l.Path], u.paths[l.Path] = true, true
}

// manyPaths with one answer are no chance.
const manyPaths = 10

// onePage tells whether most of many paths were answered with a page of one size:
// so some sites say that there is nothing.
func (u *use) onePage() bool {
	most := 0
	for _, same := range u.sizes {
		most = max(most, len(same))
	}
	return len(u.paths) >= manyPaths && float64(most) > floorShared*float64(len(u.paths))
}

// shared is the share of what one client was served before that somebody else
// was served as well; 1 if it came in many hours; 0 if its address is a proxy's, if
// it was told that there is nothing, or too few answers were more than redirects.
func (p *Plan) shared(log *Log, cohort Cohort) float64 {
	others := map[string]bool{}
	u := use{hours: map[int64]bool{}, sizes: map[int64]map[string]bool{}, paths: map[string]bool{}}
	for i := range log.Lines {
		l := &log.Lines[i]
		switch {
		case !l.Request || !l.Served():
		case !cohort.Has(l):
			others[l.Host+l.Path] = true
		case l.Time < p.Onset.UnixNano():
			u.add(l)
		}
	}
	switch {
	case u.edge || len(u.asked) < floorServed || u.onePage():
		return 0
	case len(u.hours) >= floorHours:
		return 1
	}
	n := 0
	for _, what := range u.asked {
		if others[what] {
			n++
		}
	}
	return float64(n) / float64(max(1, len(u.asked)))
}
