package ingest

import (
	"fmt"
	"strings"
	"time"

	"github.com/denylens/denylens/ingest/internal/clock"
)

// parseApacheFormat takes the text of a LogFormat apart; quotes and directive
// are gone, and \" is ".
func parseApacheFormat(text string) (*layout, error) {
	l := &layout{name: "LogFormat", apache: true}
	for text != "" {
		i := strings.IndexByte(text, '%')
		if i < 0 {
			l.literal(apacheLiteral(text))
			break
		}
		l.literal(apacheLiteral(text[:i]))
		rest, err := l.apacheItem(text[i:])
		if err != nil {
			return nil, err
		}
		text = rest
	}
	return l, nil
}

var apacheLiterals = strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\r`, "\r", `\\`, `\`)

func apacheLiteral(s string) string { return apacheLiterals.Replace(s) }

// apacheItem reads one directive: %, modifiers and {argument} in any order,
// a letter.
func (l *layout) apacheItem(s string) (rest string, err error) {
	if strings.HasPrefix(s, "%%") {
		l.literal("%")
		return s[2:], nil
	}
	arg, original, i := "", false, 1
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '{':
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				return "", fmt.Errorf("LogFormat: no } behind %q", clip(s))
			}
			arg = s[i+1 : i+end]
			i += end
			continue
		case c == '<':
			original = true
			continue
		case c == '>' || c == '!' || c == ',' || c-'0' <= 9:
			continue
		}
		break
	}
	if i >= len(s) {
		return "", fmt.Errorf("LogFormat: no directive letter behind %q", clip(s))
	}
	if strings.HasPrefix(s[i:], "^ti") || strings.HasPrefix(s[i:], "^to") {
		l.add(s[:i+3], jfNone, 0, classText)
		return s[i+3:], nil
	}
	return s[i+1:], l.apacheDirective(s[:i+1], s[i], arg, original || !strings.Contains(s[:i+1], ">"))
}

// apacheSimple are the directives that need no look at their argument.
var apacheSimple = map[byte]nginxVar{
	'A': {jfNone, 0, classToken}, 'l': {jfNone, 0, classToken}, 'u': {jfUser, 0, classText}, 'r': {jfRequest, 0, classText},
	'b': {jfBytes, 0, classNumber}, 'B': {jfBytes, 0, classNumber}, 'O': {jfBytes, 1, classNumber},
	'I': {jfNone, 0, classNumber}, 'S': {jfNone, 0, classNumber}, 'D': {jfMicros, 0, classNumber},
	'U': {jfURI, 1, classText}, 'q': {jfQuery, 0, classText}, 'm': {jfMethod, 0, classToken}, 'H': {jfProto, 0, classToken},
	'v': {jfHost, 2, classToken}, 'V': {jfHost, 1, classToken}, 'p': {jfNone, 0, classNumber}, 'k': {jfNone, 0, classNumber},
	'P': {jfNone, 0, classToken}, 'X': {jfNone, 0, classToken}, 'f': {jfNone, 0, classText}, 'R': {jfNone, 0, classToken},
	'L': {jfRequestID, 1, classToken}, 'o': {jfNone, 0, classText}, 'C': {jfNone, 0, classText}, 'n': {jfNone, 0, classText},
	'x': {jfNone, 0, classToken}, 'c': {jfNone, 0, classToken}, 'h': {jfAddr, 1, classToken}, 'a': {jfAddr, 0, classToken},
}

// apacheHeaders are the request headers that are read.
var apacheHeaders = map[string]nginxVar{
	"referer": {jfReferer, 0, classText}, "user-agent": {jfAgent, 0, classText}, "host": {jfHost, 0, classToken},
	"x-forwarded-for": {jfForwarded, 0, classText}, "cf-connecting-ip": {jfForwarded, 1, classToken},
	"true-client-ip": {jfForwarded, 2, classToken}, "x-real-ip": {jfForwarded, 2, classToken},
	"cf-ipcountry": {jfCountry, 0, classToken}, "cf-ray": {jfRequestID, 1, classToken}, "x-request-id": {jfRequestID, 1, classToken},
}

func (l *layout) apacheDirective(name string, letter byte, arg string, original bool) error {
	switch letter {
	case 't':
		return l.apacheTime(name, arg)
	case 's':
		rank := uint8(0)
		if original {
			rank = 1 // before ErrorDocument and internal redirects
		}
		l.add(name, jfStatus, rank, classStatus)
		return nil
	case 'T':
		f := map[string]field{"": jfSeconds, "s": jfSeconds, "ms": jfMillis, "us": jfMicros}[arg]
		if f == jfNone {
			return fmt.Errorf("LogFormat: %s: the unit must be s, ms or us", name)
		}
		l.add(name, f, 0, classNumber)
		return nil
	case 'i':
		v, ok := apacheHeaders[strings.ToLower(arg)]
		if !ok {
			v = nginxVar{jfNone, 0, classText}
		}
		l.add(name, v.field, v.rank, v.class)
		return nil
	case 'e':
		switch arg {
		case "UNIQUE_ID":
			l.add(name, jfRequestID, 0, classToken)
		case "GEOIP_COUNTRY_CODE", "MM_COUNTRY_CODE":
			l.add(name, jfCountry, 0, classToken)
		default:
			l.add(name, jfNone, 0, classText)
		}
		return nil
	}
	v, ok := apacheSimple[letter]
	if !ok {
		return fmt.Errorf("LogFormat: %s is no directive of Apache", name)
	}
	if arg == "c" && (letter == 'a' || letter == 'h') { // the peer, not the client
		v.field = jfNone
	}
	l.add(name, v.field, v.rank, v.class)
	return nil
}

// apacheTime adds %t or %{format}t.
func (l *layout) apacheTime(name, arg string) error {
	arg = strings.TrimPrefix(strings.TrimPrefix(arg, "begin:"), "end:")
	switch arg {
	case "":
		l.literal("[")
		l.add("%t", jfTime, 0, classTime)
		l.literal("]")
		return nil
	case "sec", "msec", "usec", "msec_frac", "usec_frac":
		l.add(name, jfTime, 0, classTime)
		return nil
	}
	when := time.Date(2021, 3, 4, 5, 6, 7, 0, time.UTC)
	text, err := strftime(arg, when)
	if err != nil {
		return fmt.Errorf("LogFormat: %s: %w", name, err)
	}
	var c clock.Clock
	if st, ok := c.Any([]byte(strings.Trim(text, "[]"))); len(arg) > 2 && (!ok || st.Nanos != when.UnixNano()) {
		return fmt.Errorf("LogFormat: %s: times such as %q are not understood", name, text)
	}
	if strings.HasPrefix(arg, "[") && strings.HasSuffix(arg, "]") {
		l.literal("[")
		defer l.literal("]")
	}
	l.add(name, jfTime, 0, classTime)
	return nil
}

// strftime writes t as Apache and GoAccess would with this format.
func strftime(format string, t time.Time) (string, error) {
	layouts := map[byte]string{'Y': "2006", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'M': "04", 'S': "05", 'b': "Jan", 'h': "Jan",
		'z': "-0700", 'Z': "MST", 'a': "Mon", 'y': "06", 'T': "15:04:05", 'F': "2006-01-02", 'R': "15:04", 'D': "01/02/06"}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch c := format[i]; c {
		case '%':
			b.WriteByte('%')
		case 's':
			fmt.Fprint(&b, t.Unix())
		default:
			layout, ok := layouts[c]
			if !ok {
				return "", fmt.Errorf("%%%c is not understood", c)
			}
			b.WriteString(t.Format(layout))
		}
	}
	return b.String(), nil
}
