package escape

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestHostileTextBecomesVisible(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
	f("plain", "plain")
	f("\x1b[31mred\x1b]52;c;x\a", `\x1b[31mred\x1b]52;c;x\x07`)
	f("a\r\nb\tc\x00", `a\r\nb\tc\x00`)
	f("\u009b31m", `\x9b31m`)
	f("\x9b31m", `\x9b31m`)
	f("a\u202etxt.exe", `a\u{202e}txt.exe`)
	f("a\u200bb\ufeff", `a\u{200b}b\u{feff}`)
	f("\u3164x\u2800", `\u{3164}x\u{2800}`)
	f("naïve 日本 🙂", "naïve 日本 🙂")
	f("e"+strings.Repeat("\u0301", 50)+"x", "e\u0301\u0301\u0301…x")
	f("\U000e0041", `\u{e0041}`)
	f("\u00a0", `\u{a0}`)
}

func TestTermTextIsLaidOutByCells(t *testing.T) {
	if w := Term("日本").Width(); w != 4 {
		t.Errorf("width %d", w)
	}
	if s := Term("日本語").Cut(5).String(); s != "日本…" {
		t.Errorf("cut to %q", s)
	}
	for _, l := range Term("a " + strings.Repeat("b", 30) + " c d").Wrap(10) {
		if l.Width() > 10 {
			t.Errorf("line %q is %d wide", l, l.Width())
		}
	}
	if s := Int(-1234567).String(); s != "-1,234,567" {
		t.Errorf("number %q", s)
	}
	if s := Int(-123).String(); s != "-123" {
		t.Errorf("number %q", s)
	}
}

func TestSlackTextIsCutBetweenEntities(t *testing.T) {
	s := Slack(strings.Repeat("&", 700))
	if s.Len() != 3500 {
		t.Fatalf("length %d", s.Len())
	}
	c := s.Cut(3000).String()
	if units(c) > 3000 || strings.TrimSuffix(c, "…") != strings.Repeat("&amp;", 599) {
		t.Errorf("cut to %d units, ending %q", units(c), c[len(c)-12:])
	}
	if c := Slack(strings.Repeat("🙂", 10)).Cut(8).String(); c != "🙂🙂🙂…" {
		t.Errorf("cut to %q", c)
	}
}

func FuzzTerm(f *testing.F) {
	for _, s := range []string{"\x1b]8;;http://x\x07", "\u202e", "e\u0301\u0301\u0301\u0301", "\xff\xfe", "\ufe0f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out := Term(in).String()
		if !utf8.ValidString(out) {
			t.Fatalf("not UTF-8: %q", out)
		}
		marks := 0
		for _, r := range out {
			if r != ' ' && !unicode.IsPrint(r) || blank(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%q holds %U", out, r)
			}
			if unicode.In(r, unicode.Mn, unicode.Me) {
				marks++
			} else {
				marks = 0
			}
			if marks > maxMarks {
				t.Fatalf("%q has a flood of marks", out)
			}
		}
		if Term(in).Cut(20).Width() > 20 {
			t.Fatalf("cut of %q is too wide", in)
		}
	})
}

func FuzzSlack(f *testing.F) {
	for _, s := range []string{"<!channel>", "<@U1>", "<http://x|ok>", "`*_~", "&amp;", "http://evil.example/@here"} {
		f.Add(s, 10)
	}
	f.Fuzz(func(t *testing.T, in string, limit int) {
		limit = min(max(limit, 1), 4000)
		for _, full := range []SlackText{Slack(in), SlackCode(in), SlackLine(in)} {
			s := full.Cut(limit).String()
			if units(s) > limit || !utf8.ValidString(s) {
				t.Fatalf("cut of %q to %d: %q", in, limit, s)
			}
			if strings.ContainsAny(s, "<>") {
				t.Fatalf("%q keeps a bracket: %q", in, s)
			}
			rest := strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(s)
			if strings.Contains(rest, "&") {
				t.Fatalf("%q has a torn entity: %q", in, s)
			}
		}
		if s := SlackLine(in).String(); strings.Contains(s, "://") || strings.ContainsAny(s, "`*~") {
			t.Fatalf("%q stays live: %q", in, s)
		}
		if s := SlackCode(in).String(); strings.Contains(s, "`") {
			t.Fatalf("%q ends the block: %q", in, s)
		}
	})
}
