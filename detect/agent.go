package detect

import "bytes"

// agent is what one user-agent text means.
type agent struct {
	family []byte
	major  []byte
	os     string
	flags  flags
	famBuf [40]byte
	majBuf [8]byte
}

// browsers in the order in which their tokens must be looked for: Edge and
// Opera also say Chrome, Chrome also says Safari.
var browsers = [...]struct{ token, family string }{
	{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"Edge/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"YaBrowser/", "Yandex"},
	{"UCBrowser/", "UCBrowser"}, {"Vivaldi/", "Vivaldi"}, {"HeadlessChrome/", "HeadlessChrome"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"},
	{"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"MSIE ", "MSIE"}, {"Trident/7", "MSIE"}, {"Version/", "Safari"},
}

// tools are libraries and command lines: no person looks at what they fetch.
var tools = [...]string{
	"curl", "wget", "python", "go-http-client", "java", "okhttp", "libwww", "axios", "node", "ruby", "perl", "php", "scrapy", "httpclient",
	"apache-httpclient", "guzzle", "aiohttp", "httpx", "postman", "insomnia", "dart", "reqwest", "winhttp", "powershell",
}

// scanners name themselves.
var scanners = [...]string{
	"sqlmap", "nikto", "nuclei", "zgrab", "masscan", "nmap", "wpscan", "gobuster", "dirbuster", "ffuf", "feroxbuster", "acunetix", "nessus",
	"openvas", "netsparker", "w3af", "whatweb", "censys", "l9explore", "l9tcpid", "expanse", "jorgee", "zmeu", "morfeus", "fuzz", "dirb",
}

func makeAgent(text []byte, a *agent) {
	a.family, a.major, a.os, a.flags = nil, nil, "", 0
	if len(text) == 0 {
		a.flags = fNoAgent | fTool
		return
	}
	if len(text) > 512 {
		text = text[:512]
	}
	var buf [512]byte
	low := lower(buf[:0], text)
	a.os = osOf(text)
	for _, s := range scanners {
		if bytes.Contains(low, []byte(s)) {
			a.flags |= fScanner | fTool
			a.set([]byte(s), nil)
			return
		}
	}
	if name, ver, ok := botToken(text, low); ok {
		a.flags |= fBot
		a.set(name, ver)
		return
	}
	if bytes.HasPrefix(text, []byte("Mozilla/")) || bytes.HasPrefix(text, []byte("Opera/")) {
		for _, b := range browsers {
			if i := bytes.Index(text, []byte(b.token)); i >= 0 {
				a.flags |= fBrowser
				a.set([]byte(b.family), digits(text[i+len(b.token):]))
				return
			}
		}
		if bytes.Contains(text, []byte("AppleWebKit")) {
			a.flags |= fBrowser
			a.set([]byte("WebKit"), nil)
			return
		}
		a.set([]byte("Mozilla"), nil)
		return
	}
	end := bytes.IndexAny(text, "/ ;(")
	if end < 0 {
		end = len(text)
	}
	var ver []byte
	if end < len(text) && text[end] == '/' {
		ver = digits(text[end+1:])
	}
	for _, t := range tools {
		if bytes.HasPrefix(low, []byte(t)) {
			a.flags |= fTool
			break
		}
	}
	a.set(text[:end], ver)
}

func (a *agent) set(family, major []byte) {
	a.family = a.famBuf[:copy(a.famBuf[:], family)]
	a.major = a.majBuf[:copy(a.majBuf[:], major)]
}

func digits(b []byte) []byte {
	n := 0
	for n < len(b) && n < 6 && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return b[:n]
}

// botToken finds the product token that calls itself a bot, crawler or spider.
func botToken(text, low []byte) (name, ver []byte, ok bool) {
	at := -1
	for _, s := range [...]string{"bot", "crawl", "spider", "slurp", "facebookexternalhit", "preview", "feedfetcher", "monitor", "uptime", "pingdom"} {
		if i := bytes.Index(low, []byte(s)); i >= 0 && (at < 0 || i < at) {
			at = i
		}
	}
	if at < 0 || bytes.Contains(low, []byte("cubot")) {
		return nil, nil, false
	}
	lo, hi := at, at
	for lo > 0 && isToken(text[lo-1]) {
		lo--
	}
	for hi < len(text) && isToken(text[hi]) {
		hi++
	}
	if hi < len(text) && text[hi] == '/' {
		ver = digits(text[hi+1:])
	}
	return text[lo:hi], ver, hi > lo
}

// lower appends text in lower case, as long as text itself: what is looked for
// is ASCII, and positions found in the one must hold in the other.
func lower(dst, text []byte) []byte {
	for _, c := range text {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

func isToken(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
}

func osOf(t []byte) string {
	for _, o := range [...]struct{ token, os string }{
		{"Windows", "Windows"}, {"Android", "Android"}, {"iPhone", "iOS"}, {"iPad", "iOS"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}, {"X11", "Linux"},
	} {
		if bytes.Contains(t, []byte(o.token)) {
			return o.os
		}
	}
	return ""
}
