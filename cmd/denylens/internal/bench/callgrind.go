package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// instructions is how many a line takes: of the run of a part of the log, less
// those of the run of half of that part, so that the start of the program does
// not count. 0 without valgrind.
func instructions(bin, dir, log string) (perLine float64, err error) {
	if _, err := exec.LookPath("valgrind"); err != nil {
		return 0, nil
	}
	var count, lines [2]int64
	for i, size := range [2]int64{8 << 20, 16 << 20} {
		part := filepath.Join(dir, "part"+strconv.Itoa(i)+".log")
		if lines[i], _, err = cut(log, part, size, 1<<62); err != nil {
			return 0, err
		}
		if count[i], err = leastOf(callgrindRuns, func() (int64, error) { return callgrind(bin, part) }); err != nil {
			return 0, err
		}
	}
	if lines[1] == lines[0] {
		return 0, nil
	}
	return float64(count[1]-count[0]) / float64(lines[1]-lines[0]), nil
}

// callgrindRuns is how often a part is run: now and then the collector of garbage
// waits for work and counts as if it did some.
const callgrindRuns = 3

func leastOf(runs int, count func() (int64, error)) (least int64, err error) {
	for i := range runs {
		n, err := count()
		if err != nil {
			return 0, err
		}
		if i == 0 || n < least {
			least = n
		}
	}
	return least, nil
}

// callgrind counts the instructions of one scan. It does not know all that a
// processor does: what the Go runtime does when it waits for a lock, seldom,
// ends it, and it is tried again.
func callgrind(bin, log string) (n int64, err error) {
	for range callgrindTries {
		cmd := exec.Command("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", bin, "scan", "--workers", "1", "--report", "json", log)
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1") // callgrind does not outlive the signals of preemption
		var told bytes.Buffer
		cmd.Stdout, cmd.Stderr = io.Discard, &told
		if err = cmd.Run(); err == nil {
			return collected(&told)
		}
		_, why, _ := bytes.Cut(told.Bytes(), []byte("valgrind: "))
		why, _, _ = bytes.Cut(why, []byte("\n"))
		err = fmt.Errorf("valgrind: %w: %s", err, why)
	}
	return 0, err
}

const callgrindTries = 3

// collected finds "Collected : N" in what callgrind says.
func collected(r io.Reader) (int64, error) {
	for s := bufio.NewScanner(r); s.Scan(); {
		if _, n, ok := bytes.Cut(s.Bytes(), []byte("Collected : ")); ok {
			return strconv.ParseInt(string(bytes.TrimSpace(n)), 10, 64)
		}
	}
	return 0, fmt.Errorf("callgrind counted nothing")
}
