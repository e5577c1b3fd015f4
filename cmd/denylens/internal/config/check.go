package config

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// check tells what is wrong with a parsed value.
type check func(field any) error

func notEmpty(f any) error {
	if *f.(*string) == "" {
		return errors.New("must not be empty")
	}
	return nil
}

func oneOf(allowed ...string) check {
	return func(f any) error {
		v := *f.(*string)
		known := make([]string, 0, len(allowed))
		for _, a := range allowed {
			if v == a {
				return nil
			}
			if a != "" {
				known = append(known, a)
			}
		}
		return hinted{fmt.Errorf("must be one of %s, not %q", strings.Join(known, ", "), v), meant(Nearest(v, known))}
	}
}

func between(lo, hi float64) check {
	return func(f any) error {
		if v := *f.(*float64); !(v >= lo && v <= hi) {
			return fmt.Errorf("must be between %g and %g, not %g", lo, hi, v)
		}
		return nil
	}
}

func within(lo, hi int) check {
	return func(f any) error {
		if v := *f.(*int); v < lo || v > hi {
			return fmt.Errorf("must be between %d and %d, not %d", lo, hi, v)
		}
		return nil
	}
}

func each(lo, hi int) check {
	return func(f any) error {
		for _, v := range *f.(*[]int) {
			if v < lo || v > hi {
				return fmt.Errorf("must be between %d and %d, not %d", lo, hi, v)
			}
		}
		return nil
	}
}

func span(lo, hi string) check {
	l, err := time.ParseDuration(lo)
	h, err2 := time.ParseDuration(hi)
	if err != nil || err2 != nil {
		panic("internal error: limits of a duration")
	}
	return func(f any) error {
		if v := *f.(*time.Duration); v < l || v > h {
			return fmt.Errorf("must be between %s and %s, not %s", lo, hi, v)
		}
		return nil
	}
}

func size(lo, hi string) check {
	l, err := ParseBytes(lo)
	h, err2 := ParseBytes(hi)
	if err != nil || err2 != nil {
		panic("internal error: limits of a size")
	}
	return func(f any) error {
		if v := *f.(*Bytes); v < l || v > h {
			return fmt.Errorf("must be between %s and %s, not %s", lo, hi, v)
		}
		return nil
	}
}

// Nearest returns the one of known that is spelled most like name, "" if none
// is close.
func Nearest(name string, known []string) string {
	best, least := "", max(2, len(name)/3)+1
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is how many letters must be added, removed, replaced or swapped with
// a neighbour to make b of a (optimal string alignment).
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	next := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
