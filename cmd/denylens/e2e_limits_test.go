//go:build e2e

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestE2EADecompressionBombCostsNoMemory(t *testing.T) {
	member := gzipped(t, make([]byte, 64<<20))
	bomb := file(t, "bomb.log.gz", bytes.Repeat(member, 64)) // 4 GiB of zeros in 4 MB
	small := run(t, nil, "scan", file(t, "a.log", good(2000)))
	o := run(t, nil, "scan", bomb)
	complains(t, o, 3, "bomb.log.gz")
	if o.maxRSS > small.maxRSS+64<<20 {
		t.Errorf("%d MiB at its peak, %d MiB with a small log", o.maxRSS>>20, small.maxRSS>>20)
	}
	if o.took > time.Minute {
		t.Errorf("took %v", o.took)
	}
}

func TestE2EGzipMembersAreJoinedAndWhatFollowsThemIsNoticed(t *testing.T) {
	log := good(1000)
	half := bytes.IndexByte(log[len(log)/2:], '\n') + len(log)/2 + 1
	two := append(gzipped(t, log[:half]), gzipped(t, log[half:])...)
	if r, _ := scan(t, 0, file(t, "a.log.gz", two)); r.Traffic.Requests != 1000 {
		t.Errorf("%d requests in two members, want 1000", r.Traffic.Requests)
	}
	o := run(t, nil, "scan", "--report", "json", file(t, "b.log.gz", append(two, "some bytes that are no gzip"...)))
	if !strings.Contains(o.stdout, `"requests": 1000`) || o.code != 0 && o.code != 3 || o.stderr == "" {
		t.Errorf("garbage behind the last member: exit %d, %q, %.300s", o.code, o.stderr, o.stdout)
	}
}

func TestE2EARotatedFileAndItsCompressedCopyCountOnce(t *testing.T) {
	dir := t.TempDir()
	old, now := good(4000), good(4500)[len(good(4000)):]
	for name, b := range map[string][]byte{"access.log": now, "access.log.1": old, "access.log.1.gz": gzipped(t, old)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if r, _ := scan(t, 0, filepath.Join(dir, "access.log*")); r.Traffic.Requests != 4500 {
		t.Errorf("%d requests, want 4500", r.Traffic.Requests)
	}
}

func TestE2EAFormatThatChangesInTheMiddleLosesNothingSilently(t *testing.T) {
	var b bytes.Buffer
	b.Write(good(10_000))
	at := time.Date(2026, 3, 2, 13, 0, 0, 0, time.UTC)
	for i := range 5000 {
		fmt.Fprintf(&b, `{"time":"%s","remote_addr":"91.64.1.%d","request":"GET /p/%d HTTP/1.1","status":200,"body_bytes_sent":10,"http_user_agent":"x"}`+"\n",
			at.Add(time.Duration(i)*time.Second).Format(time.RFC3339), 1+i%250, i)
	}
	r, _ := scan(t, 0, file(t, "a.log", b.Bytes()))
	if r.Input.Lines != 15_000 || r.Input.Parsed+r.Input.Rejected != 15_000 {
		t.Errorf("%d lines, %d read, %d rejected", r.Input.Lines, r.Input.Parsed, r.Input.Rejected)
	}
	if r.Input.Parsed < 15_000 && r.Input.Rejected == 0 {
		t.Error("lines were lost without a word")
	}
}

func TestE2ELinesALittleOutOfOrderGiveTheSameIncidents(t *testing.T) {
	log := read(t, simulated(t, "htaccess", "--seed", "4", "--requests", "80000"))
	straight, _ := scan(t, 0, file(t, "a.log", log))
	lines := bytes.SplitAfter(bytes.TrimSuffix(log, []byte("\n")), []byte("\n"))
	lines[len(lines)-1] = append(bytes.Clone(lines[len(lines)-1]), 10)
	d := rand.New(rand.NewPCG(1, 2))
	const reach = 8 // lines: at a request a second, well within the minute that is allowed
	for i := 0; i+reach <= len(lines); i += reach {
		d.Shuffle(reach, func(a, b int) { lines[i+a], lines[i+b] = lines[i+b], lines[i+a] })
	}
	mixed, _ := scan(t, 0, file(t, "a.log", bytes.Join(lines, nil)))
	if mixed.Input.Late > mixed.Input.Lines/200 {
		t.Errorf("%d lines are late", mixed.Input.Late)
	}
	if len(mixed.Incidents) != len(straight.Incidents) {
		t.Fatalf("%d incidents, in order %d", len(mixed.Incidents), len(straight.Incidents))
	}
	for i := range mixed.Incidents {
		a, b := mixed.Incidents[i], straight.Incidents[i]
		if a.Kind != b.Kind || a.Cause.ID != b.Cause.ID || fmt.Sprint(a.Cohort) != fmt.Sprint(b.Cohort) || a.Start.Sub(b.Start).Abs() > time.Minute {
			t.Errorf("%s %v %v, in order %s %v %v", a.Kind, a.Cohort, a.Start, b.Kind, b.Cohort, b.Start)
		}
	}
}

func TestE2EMemoryIsBoundedWhateverComes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wide.log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := rand.New(rand.NewPCG(3, 4))
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	var b bytes.Buffer
	for i := range 1_500_000 { // every line another client, path, browser and referring site
		fmt.Fprintf(&b, "%d.%d.%d.%d - u%d [%s] \"GET /%x/%x/%x HTTP/1.1\" %d 10 \"https://%x.example/\" \"Agent%x/%d\"\n", 1+d.IntN(9), d.IntN(256), d.IntN(256), 1+d.IntN(254), i,
			at.Add(time.Duration(i)*time.Millisecond*20).Format("02/Jan/2006:15:04:05 -0700"), d.Uint32(), d.Uint32(), d.Uint64(), []int{200, 403}[i&1], d.Uint32(), d.Uint32(), i%100)
		if b.Len() > 1<<20 || i == 1_499_999 {
			if _, err := f.Write(b.Bytes()); err != nil {
				t.Fatal(err)
			}
			b.Reset()
		}
	}
	r, o := scan(t, 0, "--max-memory", "64MiB", path)
	if r.Traffic.Requests != 1_500_000 || r.Traffic.Denied != 750_000 {
		t.Errorf("%d requests, %d refused; the sums must stay exact", r.Traffic.Requests, r.Traffic.Denied)
	}
	if o.maxRSS > 192<<20 {
		t.Errorf("%d MiB at its peak with --max-memory 64MiB", o.maxRSS>>20)
	}
	refused := int64(0)
	for _, n := range r.Refused {
		refused += n
	}
	if refused == 0 {
		t.Error("tables were full and the report does not say so")
	}
	t.Logf("%d MiB, %v, %d lines/s", o.maxRSS>>20, o.took.Round(1e7), int(1.5e6/o.took.Seconds()))
}

func TestE2ETheReportDependsOnTheLogAlone(t *testing.T) {
	path := simulated(t, "geo-block", "--seed", "2", "--requests", "30000")
	_, a := scan(t, 0, path)
	t.Setenv("TZ", "Asia/Tokyo")
	_, b := scan(t, 0, path)
	if a.stdout != b.stdout {
		t.Error("two scans of one log differ")
	}
	if a.stderr != "" {
		t.Errorf("a scan that went well says on stderr: %q", a.stderr)
	}
}
