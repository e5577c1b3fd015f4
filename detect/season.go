package detect

import (
	"math"

	"github.com/denylens/denylens/detect/internal/stat"
)

// season is how a rate depends on the hour of the day: jobs that are refused at
// night, scanners with a time table. Exposure needs none, for clients at risk
// are counted. It is used only where it has earned it: before a block is
// learned, its likelihood with the season is compared with that without, and
// the sum of these logarithms (a prequential Bayes factor, Dawid 1984) must
// stand at ten to one.
type season struct {
	score  float32
	hour   int32       // number of the hour that runs
	n, d   [24]float32 // by hour (UTC) of earlier days, each day worth 0.8 of the next
	nowN   float32     // of the hour that runs
	nowD   float32
	filled bool // some hour has been seen on an earlier day
}

const (
	seasonKeep   = 0.8
	seasonWeight = 50 // clients that the flat rate is worth in each hour
	seasonMost   = 20 // times or part of the flat rate
)

var seasonEarned = float32(math.Log(10))

// factor is by how much the rate of an hour differs from the flat one, pi.
func (s *season) factor(hour int32, pi float64) float64 {
	h := uint32(hour) % 24
	f := (float64(s.d[h])/pi + seasonWeight) / (float64(s.n[h]) + seasonWeight)
	return max(1./seasonMost, min(seasonMost, f))
}

// of is the factor if it has earned its place, else 1.
func (s *season) of(minute int32, pi float64) float64 {
	if s.score < seasonEarned {
		return 1
	}
	return s.factor(minute/60, pi)
}

// learn takes a block of counts in: d of n where the flat rate is pi with
// concentration c.
func (s *season) learn(minute int32, n, d, pi, c float64) {
	if hour := minute / 60; hour != s.hour {
		h := uint32(s.hour) % 24
		s.n[h] = seasonKeep*s.n[h] + s.nowN
		s.d[h] = seasonKeep*s.d[h] + s.nowD
		s.filled = s.filled || hour-s.hour >= 24 || s.n[uint32(hour)%24] > 0
		s.hour, s.nowN, s.nowD = hour, 0, 0
	}
	if s.filled && n >= 1 {
		if f := s.factor(s.hour, pi); f != 1 {
			l := stat.LnBetaBinomialRatio(int(d), int(n), min(maxRate, pi*f), pi, c)
			s.score = float32(max(-5, min(20, float64(s.score)+l)))
		}
	}
	s.nowN += float32(n)
	s.nowD += float32(d)
}
