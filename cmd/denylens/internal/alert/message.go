package alert

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/denylens/denylens/cmd/denylens/internal/escape"
	"github.com/denylens/denylens/cmd/denylens/internal/report"
	"github.com/denylens/denylens/detect"
)

// Slack's limits, counted after escaping.
const (
	maxBlocks  = 50
	maxHeader  = 150
	maxSection = 3000
	maxField   = 2000
	maxText    = 3000
	maxContext = 2000
	maxListed  = 30 // incidents in a digest
)

// message is what is posted. Text is what notifications show; it is no markup.
type message struct {
	Text        string       `json:"text"`
	Blocks      slack.Blocks `json:"blocks,omitzero"`
	Markdown    bool         `json:"mrkdwn"`
	Parse       string       `json:"parse"`
	LinkNames   bool         `json:"link_names"`
	UnfurlLinks bool         `json:"unfurl_links"`
	UnfurlMedia bool         `json:"unfurl_media"`
}

// compose lays n out. All text of unknown origin stands in plain_text objects
// or in code blocks, so none of it is markup.
func compose(n *Notice, from string) message {
	m := message{Parse: "none", Text: summary(n).Cut(maxText).String()}
	if n.Plain {
		return m
	}
	var b builder
	switch {
	case n.Incident != nil:
		b.incident(n)
	case n.Change == Digest:
		b.digest(n)
	default:
		b.header(escape.SlackLit("denylens: this is a test"))
		b.section(escape.SlackLit("Alerts of denylens will arrive here. Nothing has happened: this message was asked for by hand."))
	}
	b.foot(n, from)
	m.Blocks = slack.Blocks{BlockSet: b.blocks}
	return m
}

// summary is the message in a line.
func summary(n *Notice) escape.SlackText {
	switch {
	case n.Incident != nil:
		in := n.Incident
		return escape.SlackLine(fmt.Sprintf("%s %s %s: %s (since %s UTC)", strings.ToUpper(string(in.Severity)),
			report.KindWord(in.Kind), n.Change, in.Title, in.Start.UTC().Format("2 Jan 15:04")))
	case n.Change == Digest:
		return escape.SlackLine(headline(n))
	}
	return escape.SlackLit("denylens: this is a test, nothing has happened")
}

func headline(n *Notice) string {
	by := map[detect.Change]int{}
	for _, l := range n.Lines {
		by[l.Change]++
	}
	var parts []string
	for _, c := range []detect.Change{detect.Opened, detect.Changed, detect.Resolved} {
		if by[c] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", by[c], c))
		}
	}
	return fmt.Sprintf("denylens: news of %d incidents: %s", len(n.Lines)+n.More, strings.Join(parts, ", "))
}

// builder collects blocks within the limits.
type builder struct{ blocks []slack.Block }

func (b *builder) add(block slack.Block) {
	if len(b.blocks) < maxBlocks {
		b.blocks = append(b.blocks, block)
	}
}

// plainText is an object in which nothing but entities has a meaning.
func plainText(t escape.SlackText, limit int) *slack.TextBlockObject {
	if t.Empty() {
		t = escape.SlackLit("-") // empty text is refused
	}
	return slack.NewTextBlockObject(slack.PlainTextType, t.Cut(limit).String(), false, false)
}

func (b *builder) header(t escape.SlackText) {
	b.add(slack.NewHeaderBlock(plainText(t, maxHeader)))
}

func (b *builder) section(t escape.SlackText) {
	b.add(slack.NewSectionBlock(plainText(t, maxSection), nil, nil))
}

// code shows t, which SlackCode has made, to be copied.
func (b *builder) code(t escape.SlackText) {
	const fence = 8
	t = t.Cut(maxSection - fence).Fence()
	b.add(slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, t.String(), false, true), nil, nil))
}

func (b *builder) incident(n *Notice) {
	in := n.Incident
	b.header(escape.Slack(fmt.Sprintf("%s %s %s", strings.ToUpper(string(in.Severity)), report.KindWord(in.Kind), n.Change)))
	b.section(escape.Slack(in.Title))
	var fields []*slack.TextBlockObject
	field := func(label, value string) {
		fields = append(fields, plainText(escape.SlackJoin(escape.Slack(label), escape.SlackLit("\n"), escape.Slack(value)), maxField))
	}
	since := in.Start.UTC().Format("2 Jan 2006 15:04") + " UTC"
	if in.End != nil {
		since += ", over after " + report.Lasting(in.End.Sub(in.Start))
	}
	field("Since", since)
	field("Who", report.Who(in))
	field("Harm", report.Harm(in))
	field("Share refused", report.Percent(in.Impact.ShareBefore)+" before, "+report.Percent(in.Impact.ShareDuring)+" during")
	field("Cause", report.CauseLine(in))
	b.add(slack.NewSectionBlock(nil, fields, nil))
	if facts := evidence(in); !facts.Empty() {
		b.section(facts)
	}
	if n.Change == detect.Resolved && !n.First {
		return
	}
	for i, s := range in.NextSteps {
		if i == 2 {
			break
		}
		b.section(escape.SlackJoin(escape.SlackLit("Next: "), escape.Slack(s.Text)))
		if s.Command != "" {
			b.code(escape.SlackCode(s.Command))
		}
	}
	if len(in.Samples) > 0 {
		b.code(escape.SlackCode(in.Samples[0].Line))
	}
}

// evidence lists what speaks for the cause and what was seen.
func evidence(in *detect.Incident) escape.SlackText {
	var list []escape.SlackText
	add := func(s string) {
		list = append(list, escape.SlackLit("• "), escape.Slack(s).Cut(300), escape.SlackLit("\n"))
	}
	for _, g := range in.Causes {
		for i, s := range g.For {
			if g.ID == in.Cause.ID && i < 3 {
				add(s)
			}
		}
	}
	for i, e := range in.Evidence {
		if i < 3 {
			add(e.Text)
		}
	}
	if len(list) == 0 {
		return escape.SlackText{}
	}
	return escape.SlackJoin(list[:len(list)-1]...)
}

func (b *builder) digest(n *Notice) {
	b.header(escape.Slack(headline(n)))
	shown := min(len(n.Lines), maxListed)
	for _, l := range n.Lines[:shown] {
		b.section(escape.Slack(fmt.Sprintf("%s %s %s, since %s UTC: %s", strings.ToUpper(string(l.Severity)), report.KindWord(l.Kind),
			l.Change, l.Start.UTC().Format("2 Jan 15:04"), l.Title)).Cut(400))
	}
	if more := len(n.Lines) - shown + n.More; more > 0 {
		b.section(escape.Slack(fmt.Sprintf("and %d more in the report", more)))
	}
	if n.Dropped > 0 {
		b.section(escape.Slack(fmt.Sprintf("%d older alerts of lower severity had no room in the spool and were dropped", n.Dropped)))
	}
}

func (b *builder) foot(n *Notice, from string) {
	text := "denylens on " + from + ", alert " + n.ID
	if n.Incident != nil {
		text += ", incident " + n.Incident.ID
	}
	b.add(slack.NewContextBlock("", plainText(escape.Slack(text), maxContext)))
}
