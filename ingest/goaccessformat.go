package ingest

import (
	"fmt"
	"strings"
)

// goaccessNames are the formats that GoAccess has names for.
var goaccessNames = map[string]string{
	"COMBINED": "combined", "VCOMBINED": "vhost_combined", "COMMON": "common", "VCOMMON": "vhost_common", "TRAEFIKCLF": "combined", "W3C": "iis", "CLOUDFRONT": "cloudfront", "AWSALB": "alb",
	// and what they stand for
	`%h %^[%d:%t %^] "%r" %s %b`:                 "common",
	`%h %^[%d:%t %^] "%r" %s %b "%R" "%u"`:       "combined",
	`%v:%^ %h %^[%d:%t %^] "%r" %s %b`:           "vhost_common",
	`%v:%^ %h %^[%d:%t %^] "%r" %s %b "%R" "%u"`: "vhost_combined",
}

// goaccessOther are names of GoAccess' for logs that are not read here.
var goaccessOther = map[string]bool{"SQUID": true, "CLOUDSTORAGE": true, "AWSELB": true, "AWSS3": true, "CADDY": true}

var goaccessVars = map[byte]nginxVar{
	'h': {jfAddr, 0, classToken}, 'v': {jfHost, 0, classToken}, 'e': {jfUser, 0, classText}, 'r': {jfRequest, 0, classText},
	'm': {jfMethod, 0, classToken}, 'U': {jfURI, 0, classText}, 'q': {jfQuery, 0, classText}, 'H': {jfProto, 0, classToken},
	's': {jfStatus, 0, classStatus}, 'b': {jfBytes, 0, classNumber}, 'R': {jfReferer, 0, classText}, 'u': {jfAgent, 0, classText},
	'D': {jfMicros, 0, classNumber}, 'T': {jfSeconds, 0, classNumber}, 'L': {jfMillis, 0, classNumber}, 'n': {jfNone, 0, classNumber},
	'x': {jfTime, 0, classTime}, 'd': {jfDate, 0, classToken}, 't': {jfClock, 0, classToken},
	'K': {jfNone, 0, classToken}, 'k': {jfNone, 0, classToken}, 'M': {jfNone, 0, classText}, 'C': {jfNone, 0, classToken},
	'^': {jfNone, 0, classText},
}

// looksGoAccess tells a format of GoAccess' from one of Apache's.
func looksGoAccess(s string) bool {
	if strings.Contains(s, "%{") || strings.Contains(s, "%>") {
		return false
	}
	for _, mark := range []string{"%^", "%~", "%x", "%d", "%R", "%e", "~h"} {
		if strings.Contains(s, mark) {
			return true
		}
	}
	return false
}

// parseGoAccessFormat takes a --log-format of GoAccess apart. Its separate
// date and time formats are not needed: the usual ones are told apart by
// looking.
func parseGoAccessFormat(text string) (*layout, error) {
	l := &layout{name: "GoAccess format", apache: true}
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '~' && strings.HasPrefix(text[i:], "~h{") {
			end := strings.IndexByte(text[i:], '}')
			if end < 0 {
				return nil, fmt.Errorf("GoAccess format: no } behind %q", clip(text[i:]))
			}
			l.add("~h", jfForwarded, 0, classText)
			i += end
			continue
		}
		if c == '\\' && i+1 < len(text) {
			i++
			if c = text[i]; c == 't' {
				c = '\t'
			}
			l.literal(string(c))
			continue
		}
		if c != '%' {
			l.literal(string(c))
			continue
		}
		if i++; i == len(text) {
			return nil, fmt.Errorf("GoAccess format: a %% at the end")
		}
		if err := l.goaccessItem(text[i]); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *layout) goaccessItem(c byte) error {
	switch c {
	case '%':
		l.literal("%")
		return nil
	case '~':
		l.literal(" ")
		return nil
	}
	v, ok := goaccessVars[c]
	if !ok {
		return fmt.Errorf("GoAccess format: %%%c is no specifier", c)
	}
	l.add("%"+string(c), v.field, v.rank, v.class)
	return nil
}
