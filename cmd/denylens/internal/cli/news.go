package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/escape"
	"github.com/denylens/denylens/cmd/denylens/internal/report"
	"github.com/denylens/denylens/detect"
)

// news writes a change of an incident in lines for people, the first of them
// stamped with the event time at which it is told. Lines are folded to columns,
// unless that is 0.
func news(in *detect.Incident, change detect.Change, at time.Time, columns int) string {
	var b strings.Builder
	span := "since " + clockTime(in.Start, at)
	if change == detect.Resolved && in.End != nil {
		span = fmt.Sprintf("%s to %s, %s", clockTime(in.Start, at), clockTime(*in.End, at), report.Lasting(in.End.Sub(in.Start)))
	}
	folded(&b, columns, at.UTC().Format(stampTime)+"  ", fmt.Sprintf("%s %s %s: %s (%s)", strings.ToUpper(string(change)), in.Severity,
		report.KindWord(in.Kind), in.Title, span))
	if in.Severity == detect.Low || change == detect.Resolved { // one line is enough
		return b.String()
	}
	folded(&b, columns, "    cause: ", report.CauseLine(in))
	if len(in.NextSteps) > 0 {
		folded(&b, columns, "    next:  ", in.NextSteps[0].Text)
	}
	return b.String()
}

const stampTime = "2006-01-02 15:04:05Z"

// clockTime writes t, without the date if it is that of the day at.
func clockTime(t, at time.Time) string {
	t, at = t.UTC(), at.UTC()
	if t.YearDay() == at.YearDay() && t.Year() == at.Year() {
		return t.Format("15:04:05Z")
	}
	return t.Format(stampTime)
}

// folded writes text behind lead; what does not fit in columns goes below it.
func folded(b *strings.Builder, columns int, lead, text string) {
	lines := []escape.TermText{escape.Term(text)}
	if columns > 0 {
		lines = lines[0].Wrap(columns - len(lead))
	}
	for _, l := range lines {
		fmt.Fprintf(b, "%s%s\n", lead, l)
		lead = strings.Repeat(" ", len(lead))
	}
}
