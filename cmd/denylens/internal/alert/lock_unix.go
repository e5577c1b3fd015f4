//go:build unix

package alert

import (
	"errors"
	"os"
	"syscall"
)

// lock takes f for this process alone, until it is closed or the process ends,
// however it ends. It returns ErrLocked if another process has it.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}
