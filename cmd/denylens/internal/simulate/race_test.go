//go:build race

package simulate

// slow: the race detector makes everything ten times slower, and one goroutine
// races with nobody. Fewer seeds and smaller logs do.
const slow = true
