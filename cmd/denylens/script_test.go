package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/denylens/denylens/cmd/denylens/internal/cli"
	"github.com/denylens/denylens/cmd/denylens/internal/report"
	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
)

var update = flag.Bool("update", false, "rewrite what stories compare with")

// raceEnv keeps the race detector from holding each run of the program for a
// second at its end.
const raceEnv = "atexit_sleep_ms=0"

// TestMain turns the test binary into denylens, so that stories run the real
// program.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", raceEnv)
	testscript.Main(m, map[string]func(){
		"denylens": func() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestStories runs what users do, one story a file. Besides testscript's own
// commands there are
//
//	exits CODE denylens ARGS...   run and expect an exit code; stdout and stderr can be compared after it
//	slack [ANSWER...]             a webhook that answers each message with a status, the last one for ever; sets SLACK
//	slackgot N REGEXP             N messages have come, or N+, all of them matching
//	validates FILE                FILE is a report by the published schema
//	holds FILE JSONLINES          a Parquet file or an Arrow stream holds what the JSON lines hold
//	octets, concat, shorten       make files
//	interrupt ARGS... -- TEXT     run, wait for TEXT in what it says, send SIGINT, expect exit 130; what it said is in the file interrupted
//
// $LOGS holds simulated logs: geo-block.log (three hours), htaccess.log and
// scanner.log (a day each), quiet.log (an hour).
func TestStories(t *testing.T) {
	logs := simulatedLogs(t)
	testscript.Run(t, testscript.Params{
		Dir:           "../../testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("COLUMNS", "80")
			e.Setenv("GORACE", raceEnv)
			e.Setenv("LOGS", logs)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "slack": startSlack, "slackgot": slackGot, "validates": validates, "interrupt": interrupt,
			"octets": octets, "concat": concat, "shorten": shorten, "holds": holdsAll,
		},
	})
}

func simulatedLogs(t *testing.T) string {
	dir := t.TempDir()
	for _, o := range []simulate.Options{
		{Scenario: "geo-block", Duration: 3 * time.Hour, Requests: 10_000},
		{Scenario: "htaccess", Requests: 40_000},
		{Scenario: "scanner", Requests: 40_000},
		{Scenario: "quiet", Duration: time.Hour, Requests: 3_000},
	} {
		f, err := os.Create(filepath.Join(dir, o.Scenario+".log"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := simulate.Run(t.Context(), o, f); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// exits runs a command and checks its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if err != nil {
		if e, ok := err.(*exec.ExitError); ok {
			exit = e
			got = exit.ExitCode()
		} else {
			ts.Fatalf("run: %v", err)
		}
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// octets writes a file of bytes given in Go's escapes: octets FILE 'text\x00'.
func octets(ts *testscript.TestScript, neg bool, args []string) {
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(args[1], `"`, `\"`) + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// concat writes files one behind the other: concat OUT IN...
func concat(ts *testscript.TestScript, neg bool, args []string) {
	var all strings.Builder
	for _, name := range args[1:] {
		all.WriteString(ts.ReadFile(name))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(all.String()), 0o600))
}

// shorten cuts a file: shorten FILE BYTES.
func shorten(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// webhook is a server that takes messages as Slack does.
type webhook struct {
	mu       sync.Mutex
	answers  []string
	messages []string
}

var webhooks sync.Map // by work folder

func startSlack(ts *testscript.TestScript, neg bool, args []string) {
	h := &webhook{answers: args}
	server := httptest.NewServer(h)
	ts.Defer(server.Close)
	webhooks.Store(ts.Getenv("WORK"), h)
	ts.Setenv("SLACK", server.URL+"/services/T0CANARY/B0CANARY/xoxcanary")
	ts.Setenv("SLACKHOST", strings.TrimPrefix(server.URL, "http://"))
}

func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.messages = append(h.messages, string(body))
	answer := "200"
	if len(h.answers) > 0 {
		answer = h.answers[0]
		if len(h.answers) > 1 {
			h.answers = h.answers[1:]
		}
	}
	status, _ := strconv.Atoi(answer)
	if status == 429 {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	if status == 200 {
		fmt.Fprint(w, "ok")
	}
}

func slackGot(ts *testscript.TestScript, neg bool, args []string) {
	v, ok := webhooks.Load(ts.Getenv("WORK"))
	if !ok || len(args) != 2 {
		ts.Fatalf("usage: slackgot N REGEXP, after slack")
	}
	h := v.(*webhook)
	h.mu.Lock()
	defer h.mu.Unlock()
	least, orMore := strings.CutSuffix(args[0], "+")
	if want, _ := strconv.Atoi(least); len(h.messages) != want && !(orMore && len(h.messages) > want) {
		ts.Fatalf("%d messages, want %s:\n%s", len(h.messages), args[0], strings.Join(h.messages, "\n"))
	}
	for _, m := range h.messages {
		if !strings.Contains(m, args[1]) {
			ts.Fatalf("message without %q:\n%s", args[1], m)
		}
	}
}

func validates(ts *testscript.TestScript, neg bool, args []string) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.SchemaFile))
	ts.Check(err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	ts.Check(c.AddResource("report.json", doc))
	schema, err := c.Compile("report.json")
	ts.Check(err)
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(schema.Validate(value))
}

// interrupt runs denylens until its output holds a text and interrupts it.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	split := -1
	for i, a := range args {
		if a == "--" {
			split = i
		}
	}
	if neg || split < 0 || split+2 != len(args) {
		ts.Fatalf("usage: interrupt ARGS... -- TEXT")
	}
	self, err := exec.LookPath("denylens") // testscript has put it there
	ts.Check(err)
	cmd := exec.Command(self, args[:split]...)
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = append(os.Environ(), "HOME="+cmd.Dir)
	var out lockedBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	stdin, err := cmd.StdinPipe()
	ts.Check(err)
	defer stdin.Close()
	ts.Check(cmd.Start())
	deadline := time.Now().Add(20 * time.Second)
	for !strings.Contains(out.String(), args[split+1]) {
		if time.Now().After(deadline) {
			cmd.Process.Kill()
			ts.Fatalf("no %q in:\n%s", args[split+1], out.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Check(cmd.Process.Signal(syscall.SIGINT))
	cmd.Wait()
	ts.Check(os.WriteFile(ts.MkAbs("interrupted"), []byte(out.String()), 0o600))
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		ts.Fatalf("exit code %d, want 130:\n%s", code, out.String())
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
