//go:build unix

package ingest

import (
	"os"
	"syscall"
)

func idOf(info os.FileInfo) fileID {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return fileID{uint64(s.Dev), uint64(s.Ino)}
	}
	return fileID{}
}
