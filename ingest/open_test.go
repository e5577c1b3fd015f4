package ingest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

func gz(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func zst(b []byte) []byte {
	w, _ := zstd.NewWriter(nil)
	return w.EncodeAll(b, nil)
}

func xzed(b []byte) []byte {
	var out bytes.Buffer
	w, _ := xz.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func write(t testing.TB, dir, name string, b []byte) string {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.WriteFile(p, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

func sourceNames(sources []Source) (out []string) {
	for _, s := range sources {
		out = append(out, filepath.Base(s.Name))
	}
	return out
}

func TestFault_038_CompressionIsKnownByContentNotByName(t *testing.T) {
	dir := t.TempDir()
	log := plainLog(3000, 1000, "c")
	for name, data := range map[string][]byte{
		"plain.gz": log, "zstd.log": zst(log), "gzip.bz2": gz(log), "xz": xzed(log),
		"members.gz": slices.Concat(gz(log[:5000]), gz(log[5000:])), "frames.zst": slices.Concat(zst(log[:5000]), zst(log[5000:])),
	} {
		sources, err := Files([]string{write(t, dir, name, data)})
		if err != nil {
			t.Fatal(err)
		}
		got, stats := runAll(t, sources, Options{})
		if len(got) != 3000 || stats[0].Err != nil || stats[0].Bytes != int64(len(log)) {
			t.Errorf("%s: %d records, %d bytes, error %v", name, len(got), stats[0].Bytes, stats[0].Err)
		}
	}
}

func TestFault_034_WhatATruncatedFileHoldsIsRead(t *testing.T) {
	log := plainLog(3000, 1000, "c")
	for name, whole := range map[string][]byte{"gzip": gz(log), "zstd": zst(log), "xz": xzed(log)} {
		last := 0
		for cut := 100; cut < len(whole); cut += max(len(whole)/30, 1) {
			got, stats := runAll(t, []Source{memory(name, whole[:cut])}, Options{})
			if !errors.Is(stats[0].Err, ErrIncomplete) {
				t.Fatalf("%s cut at %d of %d: error %v", name, cut, len(whole), stats[0].Err)
			}
			for i, s := range got {
				if s.line != int64(i+1) || s.time != int64(1000+i) {
					t.Fatalf("%s cut at %d: record %d is %v", name, cut, i, s)
				}
			}
			if len(got) < last {
				t.Fatalf("%s cut at %d: %d records, and %d with less of the file", name, cut, len(got), last)
			}
			last = len(got)
		}
		if last < 100 && name == "gzip" {
			t.Errorf("%s: no more than %d records of a nearly whole file", name, last)
		}
	}
}

func TestFault_035_GarbageBehindCompressedDataIsReported(t *testing.T) {
	log := plainLog(100, 1000, "c")
	got, stats := runAll(t, []Source{memory("x.gz", append(gz(log), "garbage behind it"...))}, Options{})
	if len(got) != 100 || !errors.Is(stats[0].Err, ErrTrailing) {
		t.Errorf("%d records, %v", len(got), stats[0].Err)
	}
}

func TestFault_037_ADamagedFileIsReadAndNamed(t *testing.T) {
	log := plainLog(1000, 1000, "c")
	sum := gz(log)
	sum[len(sum)-6] ^= 1
	got, stats := runAll(t, []Source{memory("x.gz", sum)}, Options{})
	if len(got) != 1000 || !errors.Is(stats[0].Err, ErrDamaged) || !strings.Contains(stats[0].Err.Error(), "x.gz") {
		t.Errorf("%d records, %v", len(got), stats[0].Err)
	}
	twice := gz(gz(log))
	if got, stats := runAll(t, []Source{memory("y.gz", twice)}, Options{}); len(got) != 0 || stats[0].Err == nil || !strings.Contains(stats[0].Err.Error(), "twice") {
		t.Errorf("gzip in gzip: %d records, %v", len(got), stats[0].Err)
	}
}

// zeros is a reader of zeros, or of another byte.
type endless struct {
	c    byte
	left int64
}

func (z *endless) Read(p []byte) (int, error) {
	if z.left <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	for i := range p[:n] {
		p[i] = z.c
	}
	z.left -= n
	return int(n), nil
}

func bomb(t *testing.T, size int64) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if _, err := io.Copy(w, &endless{'x', size}); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return out.Bytes()
}

func TestFault_036_ABombIsNotReadToItsEnd(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("takes seconds")
	}
	one := bomb(t, 128<<20)
	data := slices.Concat(one, one, one, one, one, one, one, one, one, one, one, one, one, one, one, one)
	before := heap()
	start := time.Now()
	_, stats := runAll(t, []Source{memory("bomb.gz", data)}, Options{})
	if !errors.Is(stats[0].Err, ErrBomb) || !strings.Contains(stats[0].Err.Error(), "bomb.gz") {
		t.Errorf("error %v", stats[0].Err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("it took %v", d)
	}
	if grown := heap() - before; grown > 32<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
	if stats[0].Flaws[FlawTooLong] != 1 {
		t.Errorf("%+v", stats[0].Flaws)
	}
}

// heap returns the bytes that the heap has taken from the system.
func heap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapSys)
}

func TestFault_027_AGigabyteWithoutALineEndTakesNoMemory(t *testing.T) {
	size := int64(1 << 30)
	if testing.Short() || raceEnabled {
		size = 64 << 20
	}
	for name, c := range map[string]byte{"text": 'x', "zeros": 0} {
		before := heap()
		s := Source{Name: name, Open: func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader("1 a\n"), &endless{c, size}, strings.NewReader("\n2 b\n"))), nil
		}}
		got, stats := runAll(t, []Source{s}, Options{})
		if len(got) != 2 || stats[0].Flaws[FlawTooLong]+stats[0].Flaws[FlawBinary] != 1 || stats[0].Bytes != size+9 {
			t.Errorf("%s: %v %+v", name, got, stats[0])
		}
		if grown := heap() - before; grown > 16<<20 {
			t.Errorf("%s: memory grew by %d MiB", name, grown>>20)
		}
	}
}

func TestFault_028_EverySecondLineOverTheLimit(t *testing.T) {
	var b bytes.Buffer
	for i := range 50 {
		fmt.Fprintf(&b, "%d ok\n%s\n", i, strings.Repeat("z", 5000+i))
	}
	got, stats := runAll(t, []Source{memory("a", b.Bytes())}, Options{MaxLine: 4096, BlockSize: 512})
	if len(got) != 50 || stats[0].Flaws[FlawTooLong] != 50 || stats[0].Lines != 100 {
		t.Errorf("%d records, %+v", len(got), stats[0])
	}
}

func TestFault_033_EmptyAndBlankFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	sources, err := Files([]string{write(t, dir, "empty", nil), write(t, dir, "blank", []byte("\n\n")), write(t, dir, "other.gz", gz(nil))})
	if err != nil || len(sources) != 3 {
		t.Fatal(err, sourceNames(sources))
	}
	got, stats := runAll(t, sources, Options{})
	if len(got) != 0 || stats[0].Err != nil || stats[1].Blank != 2 || stats[2].Err != nil {
		t.Errorf("%+v", stats)
	}
}

func TestFault_024_AFileGivenTwiceIsReadOnce(t *testing.T) {
	dir := t.TempDir()
	a := write(t, dir, "access.log", plainLog(10, 1, "a"))
	if err := os.Link(a, filepath.Join(dir, "access.hard")); err != nil {
		t.Skip(err)
	}
	os.Symlink(a, filepath.Join(dir, "access.soft"))
	sources, err := Files([]string{a, filepath.Join(dir, "access.*"), filepath.Join(dir, "*.log"), a})
	if err != nil || len(sources) != 1 || len(sources[0].Same) < 2 {
		t.Fatalf("%v %v %v", sourceNames(sources), sources[0].Same, err)
	}
}

func TestFault_039_ACompressedCopyIsReadOnce(t *testing.T) {
	dir := t.TempDir()
	log := plainLog(2000, 1, "a")
	write(t, dir, "access.log.1", log)
	write(t, dir, "access.log.1.gz", gz(log)[:len(gz(log))/2]) // still being written
	write(t, dir, "access.log.2", log)                         // the same head, and another file all the same
	write(t, dir, "access.log.2.zst", zst(plainLog(2000, 1, "b")))
	write(t, dir, "access.log.3.gz", gz(plainLog(10, 1, "c")))
	sources, err := Files([]string{filepath.Join(dir, "access.log.*")})
	if want := []string{"access.log.1", "access.log.2", "access.log.2.zst", "access.log.3.gz"}; err != nil || !slices.Equal(sourceNames(sources), want) {
		t.Fatalf("%v %v", sourceNames(sources), err)
	}
}

func TestFault_012_FilesThatBeginAlikeAreTwoFiles(t *testing.T) {
	dir := t.TempDir()
	head := plainLog(400, 1, "health")
	write(t, dir, "a.log", append(slices.Clone(head), "900 a\n"...))
	write(t, dir, "b.log", append(slices.Clone(head), "900 b\n"...))
	sources, err := Files([]string{filepath.Join(dir, "*.log")})
	if got, _ := runAll(t, sources, Options{}); err != nil || len(got) != 802 {
		t.Fatal(len(got), err)
	}
}

func TestWhatCannotBeReadIsNamedAndTheRestIsRead(t *testing.T) {
	dir := t.TempDir()
	good := write(t, dir, "good.log", plainLog(10, 1, "a"))
	os.Mkdir(filepath.Join(dir, "sub"), 0o755)
	sock := filepath.Join(dir, "s.sock")
	if l, err := net.Listen("unix", sock); err == nil {
		defer l.Close()
	}
	sources, err := Files([]string{good, filepath.Join(dir, "sub"), filepath.Join(dir, "missing.log"), filepath.Join(dir, "*.nothing"), sock, "/dev/zero", filepath.Join(dir, "[")})
	if len(sources) != 1 || err == nil {
		t.Fatal(sourceNames(sources), err)
	}
	for _, want := range []string{"sub: is a directory", "missing.log: no such file", "*.nothing: no file matches", "s.sock: is a device or a socket", "/dev/zero: is a device", "[: syntax error in pattern"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	var ie *InputError
	if !errors.As(err, &ie) || ie.Hint == "" {
		t.Errorf("no hint: %v", err)
	}
}

func TestFault_020_AnUnreadableFileIsReportedWithWhatToDo(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	p := write(t, t.TempDir(), "secret.log", []byte("1 a\n"))
	os.Chmod(p, 0)
	_, err := Files([]string{p})
	var ie *InputError
	if !errors.As(err, &ie) || !strings.Contains(ie.Hint, "group adm") {
		t.Fatal(err)
	}
}

func TestFault_040_AGrowingFileIsReadUpToItsSizeAtFirst(t *testing.T) {
	p := write(t, t.TempDir(), "a.log", plainLog(5000, 1, "a"))
	f, err := openFile(p)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, _ := os.OpenFile(p, os.O_APPEND|os.O_WRONLY, 0)
	defer w.Close()
	size, _ := w.Seek(0, io.SeekEnd)
	w.WriteString("9999 later\n")
	if n, err := io.Copy(io.Discard, f); n != size || err != nil {
		t.Fatalf("read %d of %d, %v", n, size, err)
	}
}

func TestASourceThatVanishesIsAnErrorOfThatSourceOnly(t *testing.T) {
	dir := t.TempDir()
	a, b := write(t, dir, "a.log", plainLog(10, 1, "a")), write(t, dir, "b.log", plainLog(10, 1, "b"))
	sources, err := Files([]string{a, b})
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(a)
	got, stats := runAll(t, sources, Options{})
	if len(got) != 10 || !errors.Is(stats[0].Err, os.ErrNotExist) || stats[1].Err != nil {
		t.Fatal(len(got), stats[0].Err, stats[1].Err)
	}
}

func TestACompressedPipeIsRead(t *testing.T) {
	pr, pw := io.Pipe()
	go func() {
		pw.Write(zst(plainLog(5000, 1, "p")))
		pw.Close()
	}()
	if got, stats := runAll(t, []Source{NewStream(Stdin, pr)}, Options{}); len(got) != 5000 || stats[0].Err != nil {
		t.Fatal(len(got), stats[0].Err)
	}
}
