// Package inject makes incidents whose truth is known out of logs of real
// traffic: it rewrites the answers that real clients got, inserts the sessions
// of those who misuse a site, or takes lines away. Nothing else of the log
// changes, so that what is measured on it is measured on behaviour that nobody
// invented.
//
// Who is refused is decided by a hash of the client, never of the line: a client
// that is refused stays refused. The same background, plan and seed give the
// same bytes.
package inject

import (
	"hash/fnv"
	"math/rand/v2"
)

// mix is splitmix64: a hash of x whose bits are all random.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unit maps a hash to [0, 1).
func unit(h uint64) float64 { return float64(h>>11) / (1 << 53) }

func hashText(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return mix(h.Sum64())
}

// dice returns the random numbers of one part of the work, so that a change in
// one part leaves the others as they were.
func dice(seed uint64, part string) *rand.Rand {
	return rand.New(rand.NewPCG(seed*0x9e3779b97f4a7c15+1, hashText(part)))
}

func oneOf[T any](d *rand.Rand, list []T) T { return list[d.IntN(len(list))] }
