//go:build e2e

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/report"
)

// The tests in files named e2e_* run the built program against what real
// servers write, and against input nobody should have to read.

// program builds denylens once and returns its path.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "denylens-e2e")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "denylens")
	out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return bin, nil
})

func denylens(t testing.TB) string {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatalf("build: %v", err)
	}
	return bin
}

// outcome is how a run of the program ended.
type outcome struct {
	code           int
	stdout, stderr string
	maxRSS         int64 // bytes
	took           time.Duration
}

// clean is an environment in which nothing of the user's set-up is found.
func clean(t testing.TB, more ...string) []string {
	home := t.TempDir()
	return append([]string{"HOME=" + home, "XDG_CONFIG_HOME=" + home, "PATH=" + os.Getenv("PATH"), "TZ=UTC", "LC_ALL=C.UTF-8"}, more...)
}

// run runs the program to its end.
func run(t testing.TB, stdin *os.File, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, denylens(t), args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env, cmd.Dir = &stdout, &stderr, clean(t), t.TempDir()
	if stdin != nil {
		cmd.Stdin = stdin
	}
	begin := time.Now()
	err := cmd.Run()
	o := outcome{stdout: stdout.String(), stderr: stderr.String(), took: time.Since(begin)}
	if ctx.Err() != nil {
		t.Fatalf("denylens %s did not end:\n%s", strings.Join(args, " "), o.stderr)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	o.code = cmd.ProcessState.ExitCode()
	if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		o.maxRSS = ru.Maxrss << 10
	}
	if strings.Contains(o.stderr, "goroutine ") && strings.Contains(o.stderr, "panic") {
		t.Errorf("denylens %s panicked:\n%s", strings.Join(args, " "), o.stderr)
	}
	return o
}

// scan has files judged and returns the report, whose exit code must be want.
func scan(t testing.TB, want int, args ...string) (report.Report, outcome) {
	t.Helper()
	o := run(t, nil, append([]string{"scan", "--report", "json"}, args...)...)
	if o.code != want {
		t.Fatalf("scan %v: exit %d, want %d\n%s", args, o.code, want, o.stderr)
	}
	var r report.Report
	if err := json.Unmarshal([]byte(o.stdout), &r); err != nil {
		t.Fatalf("scan %v: %v in:\n%.2000s\n%s", args, err, o.stdout, o.stderr)
	}
	return r, o
}

// simulated writes a simulated log and returns its path.
func simulated(t testing.TB, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "access.log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := exec.Command(denylens(t), append([]string{"simulate"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env = f, &stderr, clean(t)
	if err := cmd.Run(); err != nil {
		t.Fatalf("simulate %v: %v\n%s", args, err, stderr.String())
	}
	return path
}

// file writes a file of the test's own and returns its path.
func file(t testing.TB, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
