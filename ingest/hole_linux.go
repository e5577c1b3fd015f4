package ingest

import (
	"os"
	"syscall"
)

// skipHole returns where the next data of f lie at or behind off.
func skipHole(f *os.File, off int64) (int64, bool) {
	pos, err := syscall.Seek(int(f.Fd()), off, seekData)
	return pos, err == nil
}

const seekData = 3 // SEEK_DATA, lseek(2)
