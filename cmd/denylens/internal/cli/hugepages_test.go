//go:build linux && !race

package cli

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// hugeKiB is how much of this process lies on huge pages.
func hugeKiB(t *testing.T) (sum int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Skip("no /proc/self/smaps: ", err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		n := 0
		if _, err := fmt.Sscanf(lines.Text(), "AnonHugePages: %d kB", &n); err == nil {
			sum += n
		}
	}
	return sum
}

func TestTheHeapLiesOnHugePages(t *testing.T) {
	if mode, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled"); err != nil || bytes.Contains(mode, []byte("[never]")) {
		t.Skipf("this system has no huge pages: %s %v", mode, err)
	}
	const alone = "DENYLENS_TEST_HUGE_PAGES" // in a process of its own: what other tests left free would be taken first
	if os.Getenv(alone) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), alone+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	const size = 32 << 20
	before := hugeKiB(t)
	useHugePages(2 * size)
	table := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		table[i] = 1
	}
	if got := hugeKiB(t) - before; got < size>>11 { // half of it: the system may be short of them
		t.Errorf("%d KiB of %d lie on huge pages", got, size>>10)
	}
	if table[4096] != 1 {
		t.Error("the table is not kept")
	}
}
