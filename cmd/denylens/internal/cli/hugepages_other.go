//go:build !linux

package cli

// useHugePages does nothing: only Linux is asked for large pages.
func useHugePages(int64) {}
