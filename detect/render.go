package detect

import (
	"strconv"
	"strings"
	"time"

	"github.com/denylens/denylens/ingest"
)

// maxPart is how many bytes of a part of a line are shown.
const maxPart = 300

// render appends a record as a line in the combined format: evidence that can
// be shown even if the source was a pipe. The text is as hostile as the log.
func render(b []byte, rec *ingest.Record) []byte {
	switch {
	case len(rec.RemoteText) > 0:
		b = append(b, cut(rec.RemoteText)...)
	case rec.Client.IsValid():
		b = rec.Client.AppendTo(b)
	default:
		b = append(b, '-')
	}
	b = append(append(append(b, " - "...), cut(orDash(rec.User))...), " ["...)
	b = time.Unix(0, rec.Time).UTC().AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	b = append(b, `] "`...)
	if len(rec.Request) > 0 {
		b = append(b, cut(rec.Request)...)
	} else {
		b = append(append(append(b, cut(orDash(rec.Method))...), ' '), cut(orDash(rec.URI))...)
	}
	b = append(b, `" `...)
	b = strconv.AppendUint(b, uint64(rec.Status), 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, rec.Bytes, 10)
	b = append(append(append(b, ` "`...), cut(orDash(rec.Referer))...), `" "`...)
	b = append(append(b, cut(orDash(rec.Agent))...), '"')
	if len(rec.Host) > 0 {
		b = append(append(b, " host="...), cut(rec.Host)...)
	}
	return b
}

func cut(b []byte) []byte {
	if len(b) > maxPart {
		return b[:maxPart]
	}
	return b
}

var nothing = []byte("-")

func orDash(b []byte) []byte {
	if len(b) == 0 {
		return nothing
	}
	return b
}

// shellQuote makes text from a log safe to paste into a shell: control
// characters go, everything else is inside single quotes.
func shellQuote(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		switch {
		case r == '\'':
			b.WriteString(`'\''`)
		case unseen(r):
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
