//go:build e2e

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/denylens/denylens/ingest"
)

// web is a real server on loopback, with a folder of its own.
type web struct {
	dir  string
	port int
	cmd  *exec.Cmd
	http http.Client
	sent []exchange
}

// exchange is a request and the answer it got: what the log must say.
type exchange struct {
	client  string // as the trusted proxy in front names it
	method  string
	path    string // with query
	referer string
	agent   string
	user    string
	status  int
}

// needs returns a server's binary, or skips the test: on a machine that runs
// all tests for the record it fails instead.
func needs(t *testing.T, name string) string {
	t.Helper()
	for _, p := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(p); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// open makes a folder for a server, whose workers are somebody else and may not
// enter the folders that tests usually get.
func open(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "denylens-web")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// public makes a folder that a server's workers may enter.
func public(t *testing.T, parts ...string) string {
	t.Helper()
	dir := filepath.Join(parts...)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// website makes what there is to see.
func website(t *testing.T, dir string) {
	t.Helper()
	root := public(t, dir, "www")
	for _, d := range []string{"ok", "ranges", "noindex", "secret", "limited", "pics", "agent", "locked", "closed", "broken"} {
		public(t, root, d)
		if d != "noindex" {
			put(t, filepath.Join(root, d, "index.html"), "<p>"+d+"</p>", 0o644)
		}
		put(t, filepath.Join(root, d, "page.html"), "<p>"+d+"</p>", 0o644)
	}
	put(t, filepath.Join(root, "index.html"), "<p>home</p>", 0o644)
	put(t, filepath.Join(root, "locked", "page.html"), "<p>nobody reads this</p>", 0)
	put(t, filepath.Join(dir, "htpasswd"), "ada:{PLAIN}lovelace\n", 0o644)
}

func put(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// start runs the server until the test ends, and waits until it answers.
func (s *web) start(t *testing.T, bin string, args ...string) {
	t.Helper()
	var out bytes.Buffer
	s.cmd = exec.Command(bin, args...)
	s.cmd.Stdout, s.cmd.Stderr = &out, &out
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	for range 100 {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port)); err == nil {
			c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s does not answer:\n%s\n%s", bin, out.String(), tailOf(filepath.Join(s.dir, "error.log")))
}

func tailOf(path string) string {
	b, _ := os.ReadFile(path)
	return string(b[max(0, len(b)-2000):])
}

// stop ends the server as its service would.
func (s *web) stop() {
	if s.cmd.ProcessState == nil {
		s.cmd.Process.Signal(syscall.SIGTERM)
		s.cmd.Wait()
	}
}

// get sends a request as if through the trusted proxy, and notes the answer.
func (s *web) get(t *testing.T, x exchange, password string) int {
	t.Helper()
	if x.method == "" {
		x.method = "GET"
	}
	req, err := http.NewRequest(x.method, fmt.Sprintf("http://127.0.0.1:%d%s", s.port, x.path), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Forwarded-For", x.client)
	req.Header.Set("User-Agent", x.agent)
	if x.referer != "" {
		req.Header.Set("Referer", x.referer)
	}
	if x.user != "" {
		req.SetBasicAuth(x.user, password)
	}
	resp, err := s.http.Transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	x.status = resp.StatusCode
	s.sent = append(s.sent, x)
	return x.status
}

// settled waits until the server has written all lines.
func (s *web) settled(t *testing.T) string {
	t.Helper()
	path := filepath.Join(s.dir, "access.log")
	for range 100 {
		b, _ := os.ReadFile(path)
		if n := bytes.Count(b, []byte("\n")); n >= len(s.sent) {
			return path
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the server did not log all %d requests", len(s.sent))
	return ""
}

// row is a record as exported.
type row struct {
	Kind                                              string
	Client                                            string `json:"client_addr"`
	Method, Path, URI, Referer, User, Format, Country *string
	Agent                                             *string `json:"user_agent"`
	Status                                            *int
	Timestamp                                         time.Time
}

// exported has a log exported and returns the rows.
func exported(t *testing.T, args ...string) []row {
	t.Helper()
	o := run(t, nil, append([]string{"export", "--to", "ndjson"}, args...)...)
	if o.code != 0 {
		t.Fatalf("export %v: exit %d\n%s", args, o.code, o.stderr)
	}
	var rows []row
	in := bufio.NewScanner(strings.NewReader(o.stdout))
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var r row
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			t.Fatalf("%v in %s", err, in.Text())
		}
		rows = append(rows, r)
	}
	return rows
}

// compare checks that the rows say what was sent. Servers with several threads
// may write two lines in another order than they answered, so both sides are
// sorted.
func (s *web) compare(t *testing.T, rows []row) {
	t.Helper()
	var want, have []string
	for _, x := range s.sent {
		path, _, _ := strings.Cut(x.path, "?")
		want = append(want, fmt.Sprintf("%s %s %s %d %q %q", netip.MustParseAddr(x.client), x.method, path, x.status, asLogged(x.agent), x.referer))
	}
	users := map[string]int{}
	for _, r := range rows {
		status := 0
		if r.Status != nil {
			status = *r.Status
		}
		have = append(have, fmt.Sprintf("%s %s %s %d %q %q", netip.MustParseAddr(r.Client), text(r.Method), text(r.Path), status, text(r.Agent), text(r.Referer)))
		users[text(r.User)]++
	}
	slices.Sort(want)
	slices.Sort(have)
	for i := range min(len(want), len(have)) {
		if want[i] != have[i] {
			t.Fatalf("sent %s\nread %s", want[i], have[i])
		}
	}
	if len(have) != len(want) {
		t.Fatalf("%d records of %d requests", len(have), len(want))
	}
	if users["ada"] < 20 || users["ada"]+users[""] != len(rows) {
		t.Errorf("users: %v", users)
	}
}

// asLogged is what an export makes of bytes that are no UTF-8.
func asLogged(s string) string { return string([]rune(s)) }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// reasons reads an error log and counts what it says about refusals.
func reasons(t *testing.T, path string) map[ingest.Why]int {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := ingest.NewScanner(f, path, nil)
	out := map[ingest.Why]int{}
	var b ingest.Batch
	for s.Scan(&b) {
		for i := range b.Records {
			if r := &b.Records[i]; r.Kind == ingest.Explain {
				out[r.Why]++
			}
		}
		for _, r := range b.Rejects {
			if r.Flaw.Loss() {
				t.Errorf("%s: %v: %s", path, r.Flaw, r.Text)
			}
		}
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return out
}
