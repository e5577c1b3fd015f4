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

// The goals for packed logs: times as long as it takes to unpack and count the
// lines.
const (
	mostTimesGzip = 1.2
	mostTimesZstd = 2
)

// adder times a command and prints the result.
type adder func(name string, lines int64, mega float64, argv ...string) (measurement, error)

// packed times scans of the log as gzip and zstd have it, where they are
// installed.
func packed(bin, dir, log string, lines int64, mega float64, add adder) (checks []check, err error) {
	for _, p := range []struct {
		tool, ext string
		most      float64
	}{{"gzip", ".gz", mostTimesGzip}, {"zstd", ".zst", mostTimesZstd}} {
		tool, err := exec.LookPath(p.tool)
		if err != nil {
			continue
		}
		path := filepath.Join(dir, "access.log"+p.ext)
		if err := pack(tool, log, path); err != nil {
			return nil, err
		}
		ours, err := add("denylens scan, "+p.tool, lines, mega, bin, "scan", "--report", "json", "-o", filepath.Join(dir, "report"+p.ext+".json"), path)
		if err != nil {
			return nil, err
		}
		alone, err := add(p.tool+" -dc | wc -l", lines, mega, "/bin/sh", "-c", tool+` -dc "$0" | wc -l`, path)
		if err != nil {
			return nil, err
		}
		checks = append(checks, check{"times the time of " + p.tool + " -dc", ours.seconds / alone.seconds, p.most, true})
	}
	return checks, nil
}

func pack(tool, from, to string) error {
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(tool, "-c", from)
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", tool, err)
	}
	return out.Close()
}

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
		if lines[i], _, err = cut(log, part, size); err != nil {
			return 0, err
		}
		cmd := exec.Command("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", bin, "scan", "--workers", "1", "--report", "json", part)
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1") // callgrind does not outlive the signals of preemption
		var told bytes.Buffer
		cmd.Stdout, cmd.Stderr = io.Discard, &told
		if err := cmd.Run(); err != nil {
			return 0, fmt.Errorf("valgrind: %w: %s", err, told.String())
		}
		if count[i], err = collected(&told); err != nil {
			return 0, err
		}
	}
	if lines[1] == lines[0] {
		return 0, nil
	}
	return float64(count[1]-count[0]) / float64(lines[1]-lines[0]), nil
}

// collected finds "Collected : N" in what callgrind says.
func collected(r io.Reader) (int64, error) {
	for s := bufio.NewScanner(r); s.Scan(); {
		if _, n, ok := bytes.Cut(s.Bytes(), []byte("Collected : ")); ok {
			return strconv.ParseInt(string(bytes.TrimSpace(n)), 10, 64)
		}
	}
	return 0, fmt.Errorf("callgrind counted nothing")
}
