//go:build !linux || race

package cli

// useHugePages does nothing: only Linux is asked for large pages, and the race
// detector would fill four times as much memory of its own.
func useHugePages(int64) {}
