// Package rules holds rules by which people watch refusals today, each in the
// form in which its users know it, so that they can be measured on the streams
// that denylens is measured on. They count requests. They name a cohort of one
// property at most, and no cause.
package rules

import (
	"slices"
	"strings"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/score/inject"
)

// Alarm is what a rule says: since when, for whom, and when it said so.
type Alarm struct {
	Terms          []inject.Term // none: everyone
	Start, End, At time.Time
	Misuse         bool // the rule is one against misuse
}

// Rule looks at a log, which is in order of time, as a live run would: an alarm
// depends on nothing behind its moment.
type Rule interface {
	Name() string
	Run(s *Stream) []Alarm
}

// All lists the rules.
func All() []Rule { return []Rule{static{}, zscore{}, ears{}, bucket{}, negbin{}} }

// Stream is a log as rules see it: refusals and requests a minute, of everybody
// and of each value of some properties.
type Stream struct {
	Lines  []inject.Line
	from   int64 // first minute
	length int   // in minutes
	series []series
}

// series holds the counts of those who share one property.
type series struct {
	terms             []inject.Term
	requests, refused []int32
}

// NewStream counts. Only series with a refusal are kept: no rule says anything of
// the others.
func NewStream(lines []inject.Line) *Stream {
	s := &Stream{Lines: lines}
	if len(lines) == 0 {
		return s
	}
	first, last := lines[0].Time, lines[0].Time
	for i := range lines {
		first, last = min(first, lines[i].Time), max(last, lines[i].Time)
	}
	s.from = first / 60e9
	s.length = int(last/60e9-s.from) + 1
	keys := inject.NewKeys(lines)
	index := map[inject.Term]int{}
	var of []inject.Term
	for i := range lines {
		if l := &lines[i]; l.Request && l.Refused() {
			of = keys.Of(of[:0], l)
			for _, t := range of {
				if _, ok := index[t]; !ok {
					index[t] = len(s.series)
					s.series = append(s.series, series{terms: terms(t), requests: make([]int32, s.length), refused: make([]int32, s.length)})
				}
			}
		}
	}
	for i := range lines {
		l := &lines[i]
		if !l.Request {
			continue
		}
		minute := l.Time/60e9 - s.from
		of = keys.Of(of[:0], l)
		for _, t := range of {
			if k, ok := index[t]; ok {
				s.series[k].requests[minute]++
				if l.Refused() {
					s.series[k].refused[minute]++
				}
			}
		}
	}
	return s
}

func terms(t inject.Term) []inject.Term {
	if t.Dim == "" {
		return nil
	}
	return []inject.Term{t}
}

// minute is the moment at which a minute begins.
func (s *Stream) minute(i int) time.Time { return time.Unix((s.from+int64(i))*60, 0).UTC() }

// episodes joins the minutes at which a series was over its threshold: what is
// less than gap apart is one alarm, given at the end of its first minute. A
// minute i of a rule with buckets of some minutes stands for the last of them.
func (s *Stream) episodes(t []inject.Term, over []int, width, gap int) (out []Alarm) {
	for i := 0; i < len(over); {
		j := i
		for j+1 < len(over) && over[j+1]-over[j] <= gap {
			j++
		}
		out = append(out, Alarm{Terms: t, Start: s.minute(over[i] - width + 1), End: s.minute(over[j] + 1), At: s.minute(over[i] + 1)})
		i = j + 1
	}
	return out
}

// stillOne is how many minutes of quiet end an episode.
const stillOne = 30

// staticFile tells whether a path is that of a file of a page.
func staticFile(path string) bool {
	i := strings.LastIndexByte(path, '.')
	return i >= 0 && slices.Contains(files, strings.ToLower(path[i+1:]))
}

var files = strings.Fields("jpg jpeg png gif svg ico webp css js mjs map woff woff2 ttf eot mp3 mp4 webm pdf")
