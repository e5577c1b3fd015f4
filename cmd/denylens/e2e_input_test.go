//go:build e2e

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// good are n lines as nginx writes them, one a second.
func good(n int) []byte {
	var b bytes.Buffer
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for i := range n {
		fmt.Fprintf(&b, "91.64.%d.%d - - [%s] \"GET /p/%d HTTP/1.1\" 200 %d \"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:148.0) Gecko/20100101 Firefox/148.0\"\n",
			i%200, 1+i%250, at.Add(time.Duration(i)*time.Second).Format("02/Jan/2006:15:04:05 -0700"), i, 100+i)
	}
	return b.Bytes()
}

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// complains checks that a run failed in a way a person can act on.
func complains(t *testing.T, o outcome, code int, about ...string) {
	t.Helper()
	if o.code != code {
		t.Errorf("exit %d, want %d", o.code, code)
	}
	if !strings.HasPrefix(o.stderr, "denylens: ") && !strings.Contains(o.stderr, "\ndenylens: ") {
		t.Errorf("no message in the house style: %q", o.stderr)
	}
	for _, s := range about {
		if !strings.Contains(o.stderr, s) {
			t.Errorf("message does not speak of %q: %q", s, o.stderr)
		}
	}
}

func TestE2EAnEmptyInputIsSaidToBeEmpty(t *testing.T) {
	r, o := scan(t, 0, file(t, "empty.log", nil))
	if r.Traffic.Requests != 0 || r.Input.Lines != 0 || len(r.Incidents) != 0 {
		t.Errorf("an empty file has %+v", r.Traffic)
	}
	o = run(t, nil, "scan", file(t, "empty.log", []byte("\n\n\n")))
	if o.code != 0 || o.stdout == "" {
		t.Errorf("blank lines: exit %d, report %q", o.code, o.stdout)
	}
}

func TestE2EBytesThatAreNoLogAreUnreadable(t *testing.T) {
	bin := make([]byte, 1<<20)
	for i := range bin {
		bin[i] = byte(i*7 + i>>8*13)
	}
	o := run(t, nil, "scan", file(t, "core", bin))
	complains(t, o, 3, "core")
	o = run(t, nil, "scan", file(t, "novel.txt", []byte(strings.Repeat("It was a dark and stormy night.\n", 500))))
	complains(t, o, 3, "novel.txt")
}

func TestE2EALineOfAGibibyteCostsNoMemory(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() {
		defer w.Close()
		w.Write(good(1000))
		mebibyte := bytes.Repeat([]byte("a"), 1<<20)
		for range 1024 {
			if _, err := w.Write(mebibyte); err != nil {
				return
			}
		}
		w.Write([]byte("\n"))
		w.Write(good(1000))
	}()
	small := run(t, nil, "scan", "--report", "json", file(t, "a.log", good(2000)))
	o := run(t, r, "scan", "--report", "json", "-")
	if o.code != 0 {
		t.Fatalf("exit %d: %s", o.code, o.stderr)
	}
	if !strings.Contains(o.stdout, `"too_long": 1`) && !strings.Contains(o.stdout, `"too_long":1`) {
		t.Errorf("the long line is not counted: %.600s", o.stdout)
	}
	if !strings.Contains(o.stdout, `"requests": 2000`) && !strings.Contains(o.stdout, `"requests":2000`) {
		t.Errorf("the lines around it were lost: %.600s", o.stdout)
	}
	if o.maxRSS > small.maxRSS+64<<20 {
		t.Errorf("%d MiB at its peak, %d MiB without the long line", o.maxRSS>>20, small.maxRSS>>20)
	}
}

func TestE2ETruncatedGzipIsUsedAsFarAsItGoes(t *testing.T) {
	whole := gzipped(t, simulatedBytes(t, "quiet", "--requests", "20000"))
	path := file(t, "access.log.gz", whole[:len(whole)*2/3])
	r, o := scan(t, 3, path)
	complains(t, o, 3, "access.log.gz")
	if r.Traffic.Requests < 5_000 {
		t.Errorf("%d requests read of the part that is whole", r.Traffic.Requests)
	}
	if len(r.Input.Sources) != 1 || r.Input.Sources[0].Error == "" {
		t.Errorf("the report does not say that the input is incomplete: %+v", r.Input.Sources)
	}
}

func simulatedBytes(t *testing.T, args ...string) []byte { return read(t, simulated(t, args...)) }

func TestE2EUnreadableInputsAreNamedAndTheRestIsAnalysed(t *testing.T) {
	fine := file(t, "fine.log", good(300))
	r, o := scan(t, 3, filepath.Join(t.TempDir(), "missing.log"), fine)
	complains(t, o, 3, "missing.log")
	if r.Traffic.Requests != 300 {
		t.Errorf("%d requests of the readable file, want 300", r.Traffic.Requests)
	}
	dir := t.TempDir()
	complains(t, run(t, nil, "scan", dir), 3, dir)
	if os.Getuid() != 0 {
		locked := file(t, "locked.log", good(1))
		os.Chmod(locked, 0)
		complains(t, run(t, nil, "scan", locked), 3, "locked.log", "permission")
	}
}

// TestE2EAFileNobodyMayReadIsNamed runs the program as somebody else, because
// for root there is no such file.
func TestE2EAFileNobodyMayReadIsNamed(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root to become somebody else; tested directly otherwise")
	}
	if _, err := exec.LookPath("setpriv"); err != nil {
		t.Skip("setpriv is not installed")
	}
	locked := file(t, "locked.log", good(1))
	os.Chmod(locked, 0)
	bin := denylens(t)
	os.Chmod(filepath.Dir(bin), 0o755)
	var stderr bytes.Buffer
	cmd := exec.Command("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", bin, "scan", locked)
	cmd.Stderr, cmd.Env, cmd.Dir = &stderr, []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent"}, "/"
	cmd.Run()
	complains(t, outcome{code: cmd.ProcessState.ExitCode(), stderr: stderr.String()}, 3, "locked.log", "permission denied")
}

func TestE2EWrongSettingsAreNamed(t *testing.T) {
	log := file(t, "fine.log", good(50))
	complains(t, run(t, nil, "scan", "--geoip", file(t, "city.mmdb", []byte("this is no database")), log), 2, "city.mmdb")
	complains(t, run(t, nil, "scan", "--geoip", filepath.Join(t.TempDir(), "gone.mmdb"), log), 2, "gone.mmdb")
	conf := file(t, "denylens.yaml", []byte("privacy: full\nfalse_alarm_per_day: 1\n"))
	complains(t, run(t, nil, "scan", "--config", conf, log), 2, conf+":2: false_alarm_per_day: unknown setting", "did you mean false_alarms_per_day?")
	conf = file(t, "denylens.yaml", []byte("privacy: full\n\nalert:\n  group_wait: fast\n"))
	complains(t, run(t, nil, "scan", "--config", conf, log), 2, conf+":4: alert.group_wait: ")
	for _, bad := range [][]string{
		{"--workers", "-1"}, {"--workers", "many"}, {"--false-alarms-per-day", "-3"}, {"--since", "yesterdayish"}, {"--trusted-proxy", "10.0.0.0/99"},
		{"--privacy", "none"}, {"--max-memory", "lots"}, {"--fail-on", "terrible"}, {"--format", "nonsense"}, {"--report", "pdf"}, {"--no-such-flag"},
	} {
		o := run(t, nil, append(append([]string{"scan"}, bad...), log)...)
		t.Run(strings.Join(bad, " "), func(t *testing.T) { complains(t, o, 2, strings.TrimLeft(bad[0], "-")) })
	}
}

func TestE2EStampsFromTheFutureAreSetAside(t *testing.T) {
	clean, _ := scan(t, 0, file(t, "a.log", good(3000)))
	lines := bytes.SplitAfter(good(3000), []byte("\n"))
	var b bytes.Buffer
	odd := 0
	for i, l := range lines {
		b.Write(l)
		if i%1000 == 500 {
			b.WriteString(`91.64.1.1 - - [02/Mar/2999:10:00:00 +0000] "GET / HTTP/1.1" 403 5 "-" "x"` + "\n")
			odd++
		}
	}
	r, _ := scan(t, 0, file(t, "a.log", b.Bytes()))
	if r.Input.To == nil || clean.Input.To == nil || !r.Input.To.Equal(*clean.Input.To) {
		t.Errorf("the log ends %v, without the stamps of 2999 %v", r.Input.To, clean.Input.To)
	}
	flaws := int64(0)
	for _, s := range r.Input.Sources {
		flaws += s.Flaws["future_time"]
	}
	if flaws+r.Input.Late+r.Input.Rejected == 0 {
		t.Error("the lines of 2999 are counted nowhere")
	}
}

func TestE2EALogOfTheYear2999IsSaidToHaveNoUsableTime(t *testing.T) {
	log := bytes.ReplaceAll(good(3000), []byte("/2026:"), []byte("/2999:"))
	o := run(t, nil, "scan", file(t, "ahead.log", log))
	complains(t, o, 3, "3,000 of 3,000 lines", "bad_time", "ahead.log")
	r, _ := scan(t, 0, file(t, "fine.log", good(3500)), file(t, "ahead.log", log)) // 3000 of 6500: less than half
	if r.Traffic.Requests != 3500 || r.Input.Rejected != 3000 {
		t.Errorf("%d requests, %d lines rejected, want 3500 and 3000", r.Traffic.Requests, r.Input.Rejected)
	}
}

func TestE2EHostileBytesStayInTheirPlace(t *testing.T) {
	var b bytes.Buffer
	b.Write(good(2000))
	for i := range 400 { // one address, refused, whose agent would clear the screen and ring the bell
		fmt.Fprintf(&b, "200.147.3.%d - - [02/Mar/2026:10:33:%02d +0000] \"GET /x/%d\x00\x1b[2J HTTP/1.1\" 403 5 \"-\" \"\x1b[2J\x1b]0;pwned\x07\xff\xfe<script>alert(1)</script>\u202e <!channel>\"\n", i%5+1, i%60, i)
	}
	b.WriteString("\x00\x00\x00\x00\n")
	b.Write(bytes.Repeat([]byte{0}, 5000))
	b.WriteString("\n")
	path := file(t, "hostile.log", b.Bytes())
	for _, form := range []string{"text", "json", "html", "markdown"} {
		o := run(t, nil, "scan", "--report", form, path)
		if form != "text" && form != "json" && o.code == 2 && strings.Contains(o.stderr, "one of") {
			t.Logf("this build offers no %s report", form)
			continue
		}
		if o.code != 0 {
			t.Fatalf("%s: exit %d: %s", form, o.code, o.stderr)
		}
		for _, bad := range []string{"\x1b[2J", "\x1b]0;", "\x07", "\x00", "<script>alert(1)", "\u202e", "\xff"} {
			if form == "json" && (bad == "<script>alert(1)" || bad == "\u202e") {
				continue // text for programs, who encode it for where they show it
			}
			if strings.Contains(o.stdout, bad) {
				t.Errorf("%s report contains %q", form, bad)
			}
			if strings.Contains(o.stderr, bad) {
				t.Errorf("%s: stderr contains %q", form, bad)
			}
		}
	}
	r, _ := scan(t, 0, path)
	if r.Traffic.Requests != 2400 {
		t.Errorf("%d requests, want 2400", r.Traffic.Requests)
	}
}

func TestE2EAReaderThatGoesAwayIsNoFailure(t *testing.T) {
	path := simulated(t, "quiet", "--requests", "20000")
	cmd := exec.Command(denylens(t), "export", "--to", "ndjson", path)
	cmd.Env = clean(t)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	io.CopyN(io.Discard, out, 2000)
	out.Close()
	if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
		t.Errorf("%v: %s", err, stderr.String())
	}
}
