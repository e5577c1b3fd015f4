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
	"math/rand/v2"

	"github.com/denylens/denylens/cmd/denylens/internal/splitmix"
)

// dice returns the random numbers of one part of the work, so that a change in
// one part leaves the others as they were.
func dice(seed uint64, part string) *rand.Rand {
	return rand.New(rand.NewPCG(seed*0x9e3779b97f4a7c15+1, splitmix.Text(part)))
}

func oneOf[T any](d *rand.Rand, list []T) T { return list[d.IntN(len(list))] }
