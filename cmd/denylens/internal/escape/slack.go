package escape

import (
	"strings"
	"unicode/utf8"
)

// SlackText is text that a Slack text object may be given: invisible and
// control characters are visible, and & < > are entities, so that no mention
// (<!channel>, <@U1>) and no link (<http://x|ok>) can come out of it. Markup
// (*, _, ~, `) is live in mrkdwn objects only: put SlackText into plain_text
// objects, or make it by SlackCode.
type SlackText struct{ s string }

// Slack escapes text of unknown origin for a plain_text object.
func Slack(untrusted string) SlackText { return SlackText{entities(Visible(untrusted))} }

// SlackLit makes SlackText of a constant of ours.
func SlackLit(constant literal) SlackText { return SlackText{string(constant)} }

// SlackCode escapes text of unknown origin, line ends kept, for the inside of
// a ``` block: a backtick, which would end the block, becomes an apostrophe.
func SlackCode(untrusted string) SlackText {
	lines := strings.Split(strings.ReplaceAll(untrusted, "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.ReplaceAll(entities(Visible(l)), "`", "'")
	}
	return SlackText{strings.Join(lines, "\n")}
}

// inert takes the meaning from what Slack makes a link or markup of in the
// notification line, which knows no plain_text: the joiner shows nothing.
var inert = strings.NewReplacer("://", ":\u2060//", "`", "'", "*", "∗", "_", "\u2060_\u2060", "~", "∼", "@", "@\u2060", "#", "#\u2060")

// SlackLine escapes text of unknown origin for the text of a message, which is
// what phones show: nothing in it is a link, a mention or markup.
func SlackLine(untrusted string) SlackText {
	return SlackText{inert.Replace(entities(Visible(untrusted)))}
}

var entity = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func entities(s string) string { return entity.Replace(s) }

// String returns the escaped text.
func (t SlackText) String() string { return t.s }

// Empty tells whether there is nothing to show.
func (t SlackText) Empty() bool { return t.s == "" }

// SlackJoin puts texts one behind the other.
func SlackJoin(parts ...SlackText) SlackText {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.s)
	}
	return SlackText{b.String()}
}

// Fence makes a code block of t, which SlackCode has made.
func (t SlackText) Fence() SlackText { return SlackText{"```\n" + t.s + "\n```"} }

// Len counts the way Slack's limits do at worst: in UTF-16 units.
func (t SlackText) Len() int { return units(t.s) }

// Cut shortens t to at most limit units, never inside an entity, a letter or a
// pair; what was cut shows as an ellipsis.
func (t SlackText) Cut(limit int) SlackText {
	if t.Len() <= limit {
		return t
	}
	used := 0
	for i := 0; i < len(t.s); {
		n, w := step(t.s[i:])
		if used+w > limit-1 {
			return SlackText{t.s[:i] + "…"}
		}
		used, i = used+w, i+n
	}
	return t
}

// step measures the next thing that must stay whole: an entity or a rune.
func step(s string) (bytes, width int) {
	if s[0] == '&' {
		if end := strings.IndexByte(s, ';'); end > 0 && end <= 4 {
			return end + 1, end + 1
		}
	}
	r, n := utf8.DecodeRuneInString(s)
	if r > 0xffff {
		return n, 2
	}
	return n, 1
}

func units(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}
