package report

import (
	"bufio"
	"io"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/denylens/denylens/cmd/denylens/internal/escape"
	"github.com/denylens/denylens/detect"
)

// tone is the part that a text plays on the page.
type tone uint8

const (
	normal tone = iota
	strong
	faint
	alarm
	warning
	good
	notice
)

var tones = map[tone]lipgloss.Style{
	strong:  lipgloss.NewStyle().Bold(true),
	faint:   lipgloss.NewStyle().Faint(true),
	alarm:   lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Red),
	warning: lipgloss.NewStyle().Foreground(lipgloss.Yellow),
	good:    lipgloss.NewStyle().Foreground(lipgloss.Green),
	notice:  lipgloss.NewStyle().Foreground(lipgloss.Cyan),
}

func severityTone(s detect.Severity) tone {
	switch s {
	case detect.Critical, detect.High:
		return alarm
	case detect.Medium:
		return warning
	}
	return faint
}

// page lays lines of TermText out on width columns.
type page struct {
	w        *bufio.Writer
	width    int
	color    bool
	from, to time.Time // of the log; zero if not known
}

func newPage(w io.Writer, o Options) *page {
	width := o.Width
	if width <= 0 {
		width = 80
	}
	return &page{w: bufio.NewWriter(w), width: min(max(width, 40), 160), color: o.Color}
}

// span is a text in a tone.
type span struct {
	tone tone
	text escape.TermText
}

// line writes spans one behind the other; what is wider than the page is cut.
func (p *page) line(spans ...span) {
	left := p.width
	for _, s := range spans {
		t := s.text.Cut(left)
		left -= t.Width()
		p.write(s.tone, t)
	}
	p.w.WriteByte('\n')
}

func (p *page) write(in tone, t escape.TermText) {
	if style, ok := tones[in]; ok && p.color && !t.Empty() {
		p.w.WriteString(style.Render(t.String()))
		return
	}
	p.w.WriteString(t.String())
}

func (p *page) blank() { p.w.WriteByte('\n') }

// verbatim writes a command: whole, whatever its length, so that it can be
// copied.
func (p *page) verbatim(in tone, indent int, t escape.TermText) {
	if !t.Empty() {
		p.w.WriteString(strings.Repeat(" ", indent))
		p.write(in, t)
	}
	p.w.WriteByte('\n')
}

// margin is where text stands behind its label.
const margin = 10

// entry writes a label in the margin and text beside it, wrapped.
func (p *page) entry(label escape.TermText, in tone, t escape.TermText) {
	p.bullet(escape.Join(escape.Lit("  "), label).Pad(margin), in, t)
}

// bullet writes t behind head; further lines are indented as far.
func (p *page) bullet(head escape.TermText, in tone, t escape.TermText) {
	indent := head.Width()
	for i, l := range t.Wrap(p.width - indent) {
		if i == 0 {
			p.write(faint, head)
		} else {
			p.w.WriteString(strings.Repeat(" ", indent))
		}
		p.write(in, l)
		p.w.WriteByte('\n')
	}
}

// title writes the heading of a part of the report.
func (p *page) title(t escape.TermText) {
	p.blank()
	p.line(span{strong, t})
}
