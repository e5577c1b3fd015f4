// Package alert brings news of incidents to people. A Sink sends one message;
// everything that all sinks need stands around them: a Queue groups news,
// turns floods into digests, keeps what is not delivered in a spool, retries
// with patience, and never makes the analysis wait.
package alert

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/denylens/denylens/detect"
)

// What a Notice may tell besides the changes of an incident.
const (
	Digest detect.Change = "digest" // several incidents in one message
	Test   detect.Change = "test"   // a trial of the way to the reader
)

// Notice is one message. It holds cleaned incidents only: secrets redacted,
// privacy applied.
type Notice struct {
	ID       string           `json:"id"` // the same news has the same ID in every run
	Change   detect.Change    `json:"change"`
	At       time.Time        `json:"at"`
	Incident *detect.Incident `json:"incident,omitempty"`
	Lines    []Line           `json:"lines,omitempty"` // of a digest, most harmful first
	More     int              `json:"more,omitempty"`  // incidents that Lines leaves out
	Dropped  int64            `json:"dropped,omitempty"`
	Covers   []string         `json:"covers,omitempty"` // IDs of the notices that a digest stands for
	First    bool             `json:"first,omitempty"`  // of this incident: a resolved one was not told before
	Plain    bool             `json:"plain,omitempty"`  // the full form was refused: send text only
	Tries    int              `json:"tries,omitempty"`
}

// Line is an incident in a digest.
type Line struct {
	Incident string          `json:"incident"`
	Change   detect.Change   `json:"change"`
	Severity detect.Severity `json:"severity"`
	Kind     detect.Kind     `json:"kind"`
	Start    time.Time       `json:"start"`
	Title    string          `json:"title"`
}

// Of makes the Notice of a change of an incident.
func Of(in *detect.Incident, change detect.Change, at time.Time) Notice {
	facts := []string{in.ID, string(change), in.Start.UTC().Format(time.RFC3339)}
	switch {
	case change == detect.Changed:
		facts = append(facts, string(in.Kind), string(in.Severity), in.Cause.ID)
	case in.End != nil:
		facts = append(facts, in.End.UTC().Format(time.RFC3339))
	}
	return Notice{ID: identify(facts...), Change: change, At: at, Incident: in}
}

// Trial makes the Notice of `denylens test-alert`.
func Trial(at time.Time) Notice {
	return Notice{ID: identify(string(Test), at.Format(time.RFC3339Nano)), Change: Test, At: at}
}

func identify(facts ...string) string {
	h := sha256.Sum256([]byte(strings.Join(facts, "\x00")))
	return hex.EncodeToString(h[:8])
}

// severity is that of the most severe incident n tells about.
func (n *Notice) severity() detect.Severity {
	if n.Incident != nil {
		return n.Incident.Severity
	}
	s := detect.Low
	for _, l := range n.Lines {
		if l.Severity.Rank() > s.Rank() {
			s = l.Severity
		}
	}
	return s
}

// Sink sends one Notice. It returns nil when the receiver has taken it, else a
// *Fault that says what is to be done; any other error counts as Again.
type Sink interface {
	Name() string
	Send(ctx context.Context, n *Notice) error
}

// Kind of a Fault: what the sender has to do.
type Kind uint8

const (
	Again     Kind = iota // try later: the network, the receiver's servers
	Throttled             // too fast: wait as long as After says
	Malformed             // the message is refused as it is
	Gone                  // the destination is not there or not allowed
	Refused               // refused for a reason we do not know
)

// Fault is why a Notice was not taken.
type Fault struct {
	Kind  Kind
	After time.Duration // at least so long; 0 = not said
	Why   string        // without any secret
}

// Error returns the reason.
func (f *Fault) Error() string { return f.Why }
