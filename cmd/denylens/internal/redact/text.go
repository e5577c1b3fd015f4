package redact

import (
	"regexp"
	"strings"
	"sync"
)

// secretName is how parameters that carry a credential or a session are called:
// long words with anything in front of them, short ones only behind a separator
// (sid, user_sid, but not reside).
const secretName = `(?:` +
	`[a-z0-9_\-.\[\]%$]{0,64}?(?:pass(?:wd|word|phrase|code)|secret|token|key|authorization|credentials?|signature|session|session_?id|sessid|jwt|samlrequest|samlresponse|assertion)` +
	`|(?:[a-z0-9_\-.\[\]%$]{0,64}?[_\-.\[])?(?:pass|pwd|auth|bearer|sig|sess|sid|code|otp|pin|nonce|ticket|cookie|cfid|cftoken|aspsessionid[a-z]*)` +
	`)`

// rule replaces what pattern finds; $1 and so on keep what may stay. Text that
// holds none of needs cannot match, which is cheaper to see than by pattern.
type rule struct {
	needs   []string
	pattern func() *regexp.Regexp
	with    string
}

// lazily compiles a pattern when it is first asked for: all together they would
// take a quarter of a short run's start.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// rules are tried one after the other. Go's regexp takes linear time, whatever
// the line holds.
var rules = []rule{
	// A session in the path, where a query may follow it.
	{[]string{";"}, lazily(`(?i)(;[a-z0-9_\-.]{0,64}(?:session_?id|sid)=)([^?;/\s"'#]+)`), "${1}" + Mark},
	// A name that ends in a secret word, then = (or %3D) and a value.
	{[]string{"=", "%3"}, lazily(`(?i)((?:^|[?&;,\s"'/{(\[]|%26|%3f|%3b)` + secretName + `(?:s|_?(?:hash|value|id))?(?:\[?\]|(?:%5b)?%5d)?)(=|%3d)(\[redacted\]|[^&;\s"'<>#]+)`), "${1}${2}" + Mark},
	// The same in JSON, plain or escaped.
	{[]string{"\"", "\\"}, lazily(`(?i)("` + secretName + `\\?"\s*:\s*\\?")([^"\\]+)`), "${1}" + Mark},
	{[]string{"%22"}, lazily(`(?i)(%22` + secretName + `%22(?:%20)*(?::|%3a)(?:%20)*%22)([^%"&\s]+(?:%[013-9a-f][0-9a-f][^%"&\s]*|%2[013-9a-f][^%"&\s]*)*)`), "${1}" + Mark},
	// Header forms.
	{[]string{":"}, lazily(`(?i)\b(authorization|proxy-authorization|x-api-key|x-auth-token|cookie|set-cookie)(:\s*)([^\s"]+(?:\s+[A-Za-z0-9+/=._~\-]{8,})?)`), "${1}${2}" + Mark},
	{[]string{"earer", "EARER", "asic", "ASIC"}, lazily(`\b([Bb](?:earer|EARER|asic|ASIC))(\s+|%20|\+)([A-Za-z0-9+/=._~\-]{8,})`), "${1}${2}" + Mark},
	// Name and password in front of a host.
	{[]string{"://", "%3"}, lazily(`(://|%3a%2f%2f)([^\s/@"'?#]{1,256}:[^\s/@"'?#]{1,256})(@|%40)`), "${1}" + Mark + "${3}"},
	// Credentials that are known by their shape.
	{[]string{"eyJ"}, lazily(`eyJ[A-Za-z0-9_\-]{6,}\.[A-Za-z0-9_\-]{6,}(?:\.[A-Za-z0-9_\-]*)?`), Mark},
	{nil, lazily(`\b(?:xox[abeoprs]-[A-Za-z0-9\-]{8,}|gh[oprsu]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_\-]{16,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_\-]{30,}|sk-[A-Za-z0-9_\-]{20,}|[rs]k_live_[A-Za-z0-9]{16,})`), Mark},
	{[]string{"slack"}, lazily(`(hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers))/[^\s"'<>]+`), "${1}/" + Mark},
	// One-time links: the segment behind a word that says so.
	{[]string{"/"}, lazily(`(?i)(/(?:reset|reset-?password|password-?reset|password|token|tokens|verify|verification|confirm|confirmation|activate|activation|invite|invitation|invitations|magic|magic-?link|unsubscribe|session|sessions|oauth|sso|share)/)([A-Za-z0-9_\-.~%=]{12,})`), "${1}" + Mark},
}

// mail finds e-mail addresses, their @ plain or percent-encoded.
var mail = lazily(`(?i)[a-z0-9._+\-]{1,64}(?:@|%40)[a-z0-9\-]{1,63}(?:\.[a-z0-9\-]{1,63}){0,6}\.[a-z]{2,24}`)

// Text returns s, a log line or a part of one, with credentials, session
// identifiers and e-mail addresses replaced by Mark.
func Text(s string) string { return Mail(Credentials(s)) }

// Credentials replaces credentials and session identifiers only.
func Credentials(s string) string {
	for _, r := range rules {
		if r.needs == nil || holdsAny(s, r.needs) {
			s = r.pattern().ReplaceAllString(s, r.with)
		}
	}
	return s
}

func holdsAny(s string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// Mail replaces e-mail addresses.
func Mail(s string) string {
	if !strings.ContainsRune(s, '@') && !strings.Contains(s, "%40") {
		return s
	}
	return mail().ReplaceAllString(s, Mark)
}
