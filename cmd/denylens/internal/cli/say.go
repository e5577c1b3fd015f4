package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/denylens/denylens/cmd/denylens/internal/escape"
)

// House style of messages, all to standard error:
//
//	denylens: what: why
//	denylens: hint: what to do
//
// No capital, no full stop. Text that comes from elsewhere (names of files,
// answers of servers) is escaped here, so nobody else has to think of it.
type voice struct {
	mu    sync.Mutex
	w     io.Writer
	quiet bool
	clear func() // takes a progress line away before a message is written
	said  int    // warnings so far
}

// maxWarnings bounds what a run says; hostile input must not fill a disk.
const maxWarnings = 200

func (v *voice) print(kind, text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.clear != nil {
		v.clear()
	}
	fmt.Fprintf(v.w, "denylens: %s%s\n", kind, escape.Term(text))
}

// fail says why the program ends. That its reader has gone, or that a signal
// came, needs no words.
func (v *voice) fail(err error) {
	for _, e := range parts(err) {
		if e != nil && e.Error() != "" && !brokenPipe(e) && !errors.Is(e, context.Canceled) {
			v.print("", e.Error())
		}
	}
	for _, h := range advice(err) {
		v.hint(h)
	}
}

func (v *voice) hint(text string) { v.print("hint: ", text) }

// note says how the run goes about it, for those who asked for detail.
func (v *voice) note(format string, args ...any) {
	if !v.quiet {
		v.print("", fmt.Sprintf(format, args...))
	}
}

// warn says what a user should know although the run goes on.
func (v *voice) warn(format string, args ...any) {
	v.mu.Lock()
	v.said++
	n := v.said
	v.mu.Unlock()
	switch {
	case v.quiet || n > maxWarnings:
	case n == maxWarnings:
		v.print("warning: ", "more of these are not shown")
	default:
		v.print("warning: ", fmt.Sprintf(format, args...))
	}
}
