// Package report renders what a run found: for a person at a terminal, and as
// JSON for programs.
package report

import (
	"io"
	"time"

	"github.com/denylens/denylens/detect"
)

// Schema is the value of Report.Schema.
const Schema = "denylens.report/v1"

// Source says what was read from one input.
type Source struct {
	Name   string           `json:"name"`
	Format string           `json:"format"`
	Lines  int64            `json:"lines"`
	Parsed int64            `json:"parsed"`
	Bytes  int64            `json:"bytes"`
	First  *time.Time       `json:"first,omitempty"`
	Last   *time.Time       `json:"last,omitempty"`
	Flaws  map[string]int64 `json:"flaws,omitempty"`
	Error  string           `json:"error,omitempty"` // why the input is incomplete
}

// Input says what was read from all of them.
type Input struct {
	Sources  []Source   `json:"sources"`
	Lines    int64      `json:"lines"`
	Parsed   int64      `json:"parsed"`
	Rejected int64      `json:"rejected"`
	Late     int64      `json:"late"`
	From     *time.Time `json:"from,omitempty"`
	To       *time.Time `json:"to,omitempty"`
}

// Tool names the program that made a report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Report is one run's result. Its JSON form is public interface.
type Report struct {
	Schema      string              `json:"schema"`
	Tool        Tool                `json:"tool"`
	Input       Input               `json:"input"`
	Traffic     detect.Traffic      `json:"traffic"`
	Incidents   []detect.Incident   `json:"incidents"`
	Standing    []detect.Standing   `json:"standing"`
	Warnings    []string            `json:"warnings,omitempty"`
	Refused     map[string]int64    `json:"refused,omitempty"`     // what bounded tables had no room for
	Geo         []string            `json:"geo,omitempty"`         // the databases used, with their age
	Calibration *detect.Calibration `json:"calibration,omitempty"` // how well the statistics hold on this log
	Timeline    []detect.Minute     `json:"-"`
	Rejects     []string            `json:"-"` // a redacted sample of each reason, shown with -v
}

// Renderer writes a report in one form.
type Renderer func(w io.Writer, r *Report, o Options) error

// Options are the choices that concern looks only.
type Options struct {
	Width       int  // columns of the terminal; 80 if unknown
	Color       bool // ANSI colour allowed
	Verbose     bool
	FalseAlarms float64 // the accepted false incidents a day, for the footer; 0 leaves it out
}

// Renderers are the forms of a report by name, the default first.
var Renderers = []struct {
	Name   string
	Render Renderer
}{
	{"text", Text},
	{"json", JSON},
}
