package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/denylens/denylens/cmd/denylens/internal/alert"
	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/ingest"
)

// Exit codes are public interface.
const (
	exitDone      = 0
	exitFound     = 1  // incidents at or above --fail-on
	exitUsage     = 2  // usage or configuration
	exitInput     = 3  // input unreadable, incomplete or in no known format
	exitState     = 4  // state unusable
	exitAlerts    = 5  // alerts not delivered
	exitBug       = 70 // internal error
	exitOutput    = 74 // output cannot be written
	exitLocked    = 75 // another run holds the lock
	exitInterrupt = 130
	exitTerminate = 143
)

// failure ends a command with an exit code. An empty what has been told already.
type failure struct {
	code int
	what string
	hint string
}

func (f *failure) Error() string { return f.what }

// stopped is the end of a run by a signal: nothing went wrong, and there is
// nothing to say.
type stopped struct{ by os.Signal }

func (s *stopped) Error() string { return "" }

func (s *stopped) Unwrap() error { return context.Canceled }

func usagef(hint, format string, args ...any) error {
	return &failure{exitUsage, fmt.Sprintf(format, args...), hint}
}

// precedence orders exit codes where several things went wrong at once: what
// kept the run from its work comes before the signal that ended it, and that
// before what the run found.
var precedence = []int{exitBug, exitUsage, exitOutput, exitInput, exitState, exitLocked, exitAlerts, exitTerminate, exitInterrupt, exitFound, exitDone}

// code is the exit code that err ends the program with.
func code(err error) int {
	worst := len(precedence) - 1
	for _, e := range parts(err) {
		worst = min(worst, slices.Index(precedence, codeOf(e)))
	}
	return precedence[worst]
}

func codeOf(err error) int {
	var f *failure
	var in *ingest.InputError
	var out *outputError
	var s *stopped
	switch {
	case err == nil || brokenPipe(err):
		return exitDone
	case errors.As(err, &s) && s.by == syscall.SIGTERM:
		return exitTerminate
	case errors.As(err, &s):
		return exitInterrupt
	case errors.Is(err, context.Canceled):
		return exitDone // a part of what a signal ended
	case errors.As(err, &f):
		return f.code
	case errors.As(err, &out):
		return exitOutput
	case errors.Is(err, alert.ErrLocked):
		return exitLocked
	case errors.As(err, &in):
		return exitInput
	}
	return exitUsage
}

// advice collects the hints that the parts of err carry, each once.
func advice(err error) []string {
	var hints []string
	add := func(h string) {
		if h != "" && !strings.Contains(strings.Join(hints, "\n"), h) {
			hints = append(hints, h)
		}
	}
	for _, e := range parts(err) {
		var f *failure
		var c *config.Error
		var in *ingest.InputError
		switch {
		case errors.As(e, &f):
			add(f.hint)
		case errors.As(e, &c):
			add(c.Hint)
		case errors.As(e, &in):
			add(in.Hint)
		}
	}
	return hints
}

// parts takes joined errors apart.
func parts(err error) []error {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range j.Unwrap() {
			all = append(all, parts(e)...)
		}
		return all
	}
	return []error{err}
}
