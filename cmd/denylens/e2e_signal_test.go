//go:build e2e

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// codes are the exit codes of runs that a signal ends.
var codes = map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143}

func TestE2EAWatchThatIsToldToEndReportsFirst(t *testing.T) {
	for sig, code := range codes {
		path := file(t, "access.log", good(500))
		w := watch(t, newSlack(t, 0), nil, path)
		time.Sleep(700 * time.Millisecond)
		begin := time.Now()
		w.cmd.Process.Signal(sig)
		if n := w.end(t, code); n != 500 {
			t.Errorf("%v: %d requests, want 500", sig, n)
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%v: took %v", sig, took)
		}
	}
}

// A run that was not to end before its input has no result: it says nothing and
// leaves nothing half done.
func TestE2EAScanOrExportThatIsToldToEndLeavesNothingBehind(t *testing.T) {
	for sig, code := range codes {
		for _, args := range [][]string{{"scan", "--report", "json", "-o", "out"}, {"export", "-o", "out"}, {"export", "--to", "parquet", "-o", "out"}} {
			cmd := exec.Command(denylens(t), append(args, "--rejected", "bad.txt", "-")...)
			var said strings.Builder
			cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = clean(t), t.TempDir(), &said, &said
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			in.Write(append(good(5000), "no line of a log\n"...))
			time.Sleep(500 * time.Millisecond)
			cmd.Process.Signal(sig)
			ended := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
			cmd.Wait()
			ended.Stop()
			in.Close()
			if got := cmd.ProcessState.ExitCode(); got != code || said.Len() > 0 {
				t.Errorf("%v %v: exit %d, want %d; said %q", args, sig, got, code, said.String())
			}
			if left, _ := os.ReadDir(cmd.Dir); len(left) != 1 || left[0].Name() != "bad.txt" {
				t.Errorf("%v %v: left %v", args, sig, left)
			}
			if bad := string(read(t, filepath.Join(cmd.Dir, "bad.txt"))); bad != "no_format\tno line of a log\n" {
				t.Errorf("%v %v: rejected %q", args, sig, bad)
			}
		}
	}
}

func TestE2EASecondSignalEndsAtOnce(t *testing.T) {
	asked, over := make(chan bool, 100), make(chan bool)
	deaf := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		asked <- true
		<-over
	}))
	defer deaf.Close()
	defer close(over)
	log, _ := recent(t, "htaccess", 12*time.Hour, 3, 90_000)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	go w.Write(log)
	run := watch(t, &slack{Server: deaf}, r)
	r.Close()
	select {
	case <-asked:
	case <-time.After(60 * time.Second):
		t.Fatalf("no alert was sent\n%s", run.stderr.String())
	}
	run.cmd.Process.Signal(syscall.SIGINT)
	ended := make(chan bool)
	go func() { run.cmd.Wait(); close(ended) }()
	select {
	case <-ended:
		t.Fatalf("the first signal does not wait for the alert: %v", run.cmd.ProcessState)
	case <-time.After(2 * time.Second):
	}
	run.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-ended:
	case <-time.After(3 * time.Second):
		t.Fatal("the second signal does not end the run")
	}
	if st := run.cmd.ProcessState.Sys().(syscall.WaitStatus); !st.Signaled() || st.Signal() != syscall.SIGINT {
		t.Errorf("ended by %v", run.cmd.ProcessState)
	}
	if !strings.Contains(run.stdout.String(), `"schema"`) {
		t.Errorf("no report was written before the wait: %q", run.stdout.String())
	}
}
