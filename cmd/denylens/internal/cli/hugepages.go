//go:build linux && !race

package cli

import (
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// mostHuge bounds what is asked for at once: whoever grants a run hundreds of GiB
// may have a system that does not promise as much.
const mostHuge = 1 << 30

// useHugePages asks the system to back so many bytes of the heap with pages of
// 2 MiB instead of 4 KiB. The tables of a run are touched at random: each first
// touch of a small page costs a fault, and nearly each later one a walk through
// the page tables; together a tenth of the time of a long run, and a third of a
// short one.
//
// The heap is advised of piece by piece as it grows, and nothing of Go's asks for
// large pages. So the piece is allocated, advised, and given back at once: the
// allocator takes it first, being lowest. Where the system does not have large
// pages, or not for who asks, nothing changes.
func useHugePages(bytes int64) {
	piece := make([]byte, min(bytes, mostHuge))
	_ = unix.Madvise(piece, unix.MADV_HUGEPAGE)
	debug.FreeOSMemory()
}
