// Package splitmix has the hashes by which simulated and rewritten logs are
// decided: the same seed makes the same bytes everywhere.
package splitmix

import "hash/fnv"

// Mix is splitmix64 (Steele, Lea and Flood 2014): a hash of x whose bits are all
// random.
func Mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Unit maps a hash to [0, 1).
func Unit(h uint64) float64 { return float64(h>>11) / (1 << 53) }

// Text hashes a text (FNV-1a, mixed).
func Text(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return Mix(h.Sum64())
}
