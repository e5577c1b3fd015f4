package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
)

// input is a file to be read. Where it is packed, its size is that of what is in
// it.
type input struct {
	Path  string
	Lines int64
	Mega  float64 // MB
}

// inputs are the logs of one run of the bench.
type inputs struct {
	Whole, Quarter, Sixteenth, Small, Edge, Attack input
	Packed                                         map[string]input // by tool
}

// smallLines is how many lines the log has that shows what a start costs.
const smallLines = 10_000

// prepare has the inputs made by another process: what a command is said to have
// taken of memory is never less than what its parent once had.
func prepare(dir string) (in inputs, err error) {
	self, err := os.Executable()
	if err != nil {
		return in, err
	}
	cmd := exec.Command(self, "-inputs", dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return in, fmt.Errorf("make the logs: %w", err)
	}
	return in, json.Unmarshal(out, &in)
}

func makeInputs(dir string) (in inputs, err error) {
	size := int64(setting("SIZE_MB", 300)) << 20
	add := func(to *input, name string, write func(path string) (int64, int64, error)) {
		if err != nil {
			return
		}
		to.Path = filepath.Join(dir, name)
		var bytes int64
		to.Lines, bytes, err = write(to.Path)
		to.Mega = float64(bytes) / 1e6
	}
	part := func(n int64) func(string) (int64, int64, error) {
		return func(path string) (int64, int64, error) { return cut(in.Whole.Path, path, n, 1<<62) }
	}
	add(&in.Whole, "access.log", func(path string) (int64, int64, error) { return generate(path, "combined", size) })
	add(&in.Edge, "edge.log", func(path string) (int64, int64, error) { return generate(path, "cloudflare", size) })
	add(&in.Quarter, "quarter.log", part(size/4))
	add(&in.Sixteenth, "sixteenth.log", part(size/16))
	add(&in.Small, "small.log", func(path string) (int64, int64, error) { return cut(in.Whole.Path, path, 1<<62, smallLines) })
	add(&in.Attack, "attack.log", func(path string) (int64, int64, error) {
		return strangers(path, int64(setting("ATTACK", int(size>>20)*3000)))
	})
	if err != nil {
		return in, err
	}
	in.Packed = map[string]input{}
	for tool, ext := range map[string]string{"gzip": ".gz", "zstd": ".zst"} {
		if _, missing := exec.LookPath(tool); missing != nil {
			continue
		}
		p := in.Whole
		p.Path += ext
		if err := pack(tool, in.Whole.Path, p.Path); err != nil {
			return in, err
		}
		in.Packed[tool] = p
	}
	return in, nil
}

// generate writes days until there are so many bytes: quiet ones, and days on
// which something happens, so that detection has work to do.
func generate(path, format string, size int64) (lines, bytes int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	kinds := []string{"quiet", "geo-block", "quiet", "scanner", "htaccess", "quiet", "flash-crowd", "stuffing"}
	w := &limited{w: f, left: size}
	for day := 0; w.left > 0; day++ {
		_, err := simulate.Run(context.Background(), simulate.Options{Scenario: kinds[day%len(kinds)], Format: format, Seed: uint64(day/4 + 1), Start: simulate.DefaultStart.AddDate(0, 0, day), Requests: 600_000}, w)
		if err != nil && w.left > 0 {
			return 0, 0, err
		}
	}
	return w.lines, size - w.left, f.Close()
}

// limited ends a stream behind the line that makes it long enough.
type limited struct {
	w     io.Writer
	left  int64
	lines int64
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, io.ErrShortWrite
	}
	n, err := l.w.Write(p)
	l.left -= int64(n)
	for _, c := range p[:n] {
		if c == '\n' {
			l.lines++
		}
	}
	return n, err
}

// cut copies the first whole lines of a log: so many bytes, or lines if these
// are fewer.
func cut(from, to string, size, most int64) (lines, bytes int64, err error) {
	in, err := os.Open(from)
	if err != nil {
		return 0, 0, err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return 0, 0, err
	}
	defer out.Close()
	r, w := bufio.NewReaderSize(in, 1<<20), bufio.NewWriterSize(out, 1<<20)
	for bytes < size && lines < most {
		line, err := r.ReadSlice('\n')
		if err != nil {
			break
		}
		n, err := w.Write(line)
		if err != nil {
			return 0, 0, err
		}
		lines, bytes = lines+1, bytes+int64(n)
	}
	return lines, bytes, w.Flush()
}

// strangers writes a log that attacks the memory of whoever counts: each line
// has an address, a path and a user agent of its own, a millisecond apart, and
// half of them are refused.
func strangers(path string, n int64) (lines, bytes int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	rng := rand.New(rand.NewPCG(1, 403))
	for i := range n {
		a := rng.Uint32()
		addr := netip.AddrFrom4([4]byte{byte(a>>24)%223 + 1, byte(a >> 16), byte(a >> 8), byte(a)})
		at := simulate.DefaultStart.Add(time.Duration(i) * time.Millisecond)
		k, err := fmt.Fprintf(w, "%s - - [%s] \"GET /%x/%x HTTP/1.1\" %d 512 \"-\" \"Agent/%x (%x)\"\n", addr, at.Format("02/Jan/2006:15:04:05 -0700"), rng.Uint32(), rng.Uint32(), 200+203*rng.IntN(2), rng.Uint32(), rng.Uint32())
		if err != nil {
			return 0, 0, err
		}
		bytes += int64(k)
	}
	return n, bytes, w.Flush()
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
