package detect

import "slices"

// explained holds what the alarms of a window have been explained by: many have
// one reason, and the explanation of what has come since a minute is the same
// for all of them until an event is opened or widened.
type explained struct {
	all, fresh map[int32]*explanation // by the minute they begin at: of everything, and of what no open surge holds
	latest     *explanation
	made       int
}

// Bounds of a window's work: explanations made, and alarms looked into. An alarm
// that has to wait keeps its evidence and is raised again in the next one.
const (
	maxExplained = 8
	maxLooks     = 24
)

// inTurn puts alarms into the order in which they are looked into: as they are,
// the strongest first, unless they are too many for one window. Then those that
// have waited longest come first, or a few that never pass the gates would keep
// all others waiting.
func (st *seriesTable) inTurn(alarms []alarm) []alarm {
	if len(alarms) > maxLooks {
		slices.SortStableFunc(alarms, func(a, b alarm) int { return int(st.list[a.series].looked - st.list[b.series].looked) })
	}
	return alarms
}

// explanation names the cohorts of what has come since a minute.
type explanation struct {
	x     *explainer // of the latest explanation only: it holds all cells
	found []cohortScore
	empty bool // nothing stands out
	usual bool // nobody misses it
}

// begin forgets what does not hold in another window, or after an event has
// taken something.
func (k *explained) begin() {
	if k.all == nil {
		k.all, k.fresh = map[int32]*explanation{}, map[int32]*explanation{}
	}
	clear(k.all)
	clear(k.fresh)
	k.latest = nil
}

// explainAll explains everything since a minute; nil if the window's share of
// work is done.
func (t *tracker) explainAll(e *Engine, from int32) *explanation {
	s, _ := t.said.get(t.said.all, e, from, nil)
	return s
}

// explainFresh explains what no open surge holds.
func (t *tracker) explainFresh(e *Engine, from, minute int32) *explanation {
	s, made := t.said.get(t.said.fresh, e, from, func(_ *fact, v *[numAxes]uint32) bool { return !t.heldSince(from, v) })
	if made {
		s.empty = len(s.found) == 0 || s.x.llr(&s.found[0]) < explainLLR
		s.usual = !s.empty && (!e.news(s.found[0].terms, minute) || !e.missed(s.found[0].terms, from))
	}
	return s
}

// get returns the explanation of a list that begins at minute from, and whether
// it was made just now; nil if there is none and no more may be made.
func (k *explained) get(list map[int32]*explanation, e *Engine, from int32, keep func(*fact, *[numAxes]uint32) bool) (s *explanation, made bool) {
	if s = list[from]; s != nil {
		if s.x == nil && !s.empty && !s.usual {
			k.explain(s, e, from, keep)
		}
		return s, false
	}
	if k.made >= maxExplained {
		return nil, false
	}
	k.made++
	s = &explanation{}
	k.explain(s, e, from, keep)
	list[from] = s
	return s, true
}

func (k *explained) explain(s *explanation, e *Engine, from int32, keep func(*fact, *[numAxes]uint32) bool) {
	if k.latest != nil {
		k.latest.x = nil
	}
	s.x = newExplainer(e.space, e.cells(from, keep))
	s.found = s.x.explain()
	k.latest = s
}
