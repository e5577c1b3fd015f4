package detect

import (
	"bytes"
	"fmt"
)

// maxDepth is how many segments of a path name a cohort; deeper ones belong to
// their prefix.
const maxDepth = 3

// route is what one raw path means.
type route struct {
	tmpl   uint64 // hash of the whole template
	flags  flags
	ends   [maxDepth]uint16 // ends of the first segments in text
	depth  uint8
	verPos uint16 // where an API version stands in text
	verLen uint8
	text   []byte // the template's first maxDepth segments
}

// makeRoute fills r from a path: numbers and identifiers become {n}, so that
// /items/17 and /items/18 are one route. r.text is reused.
func makeRoute(path []byte, r *route) {
	r.text, r.depth, r.verLen = r.text[:0], 0, 0
	h, object := uint64(k2), flags(0)
	rest := path
	for len(rest) > 0 {
		if rest[0] == '/' {
			rest = rest[1:]
			continue
		}
		end := bytes.IndexByte(rest, '/')
		if end < 0 {
			end = len(rest)
		}
		seg := rest[:end]
		rest = rest[end:]
		id := isIdentifier(seg)
		if id {
			h, object = mix(h, k0), fObject
		} else {
			h = hashBytes(seg, h)
		}
		if r.depth < maxDepth && len(r.text)+len(seg) < 256 {
			r.text = append(r.text, '/')
			if id {
				r.text = append(r.text, "{n}"...)
			} else {
				if isVersion(seg) && r.verLen == 0 {
					r.verPos, r.verLen = uint16(len(r.text)), uint8(len(seg))
				}
				r.text = append(r.text, seg...)
			}
			r.ends[r.depth] = uint16(len(r.text))
			r.depth++
		}
	}
	r.tmpl = h
	if len(path) > 0 && r.depth == 0 {
		r.text = append(r.text, '/')
		r.ends[0], r.depth = 1, 1
	}
	r.flags = pathFlags(path) | object
}

// isVersion tells whether seg is a version token such as v1, v2.1.
func isVersion(seg []byte) bool {
	if len(seg) < 2 || len(seg) > 6 || seg[0] != 'v' && seg[0] != 'V' || seg[1] < '0' || seg[1] > '9' {
		return false
	}
	for _, c := range seg[1:] {
		if (c < '0' || c > '9') && c != '.' {
			return false
		}
	}
	return true
}

// isIdentifier tells whether seg names one of many objects of the same sort: a
// number, a UUID, a long hex or base64 token.
func isIdentifier(seg []byte) bool {
	digits, hex, dash, other := 0, 0, 0, 0
	for _, c := range seg {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F':
			hex++
		case c == '-':
			dash++
		default:
			other++
		}
	}
	n := len(seg)
	switch {
	case n == 0:
		return false
	case digits == n:
		return true
	case other == 0 && n-dash >= 12 && digits >= 2:
		return true
	case n >= 24 && digits >= 4 && dash <= 2 && bytes.IndexByte(seg, '.') < 0:
		return true
	}
	return false
}

var assetExt = map[string]bool{
	"css": true, "js": true, "mjs": true, "map": true, "png": true, "jpg": true, "jpeg": true, "gif": true, "svg": true,
	"ico": true, "webp": true, "avif": true, "woff": true, "woff2": true, "ttf": true, "otf": true, "eot": true,
	"mp3": true, "mp4": true, "webm": true, "ogg": true,
}

// probes are pieces of paths that no ordinary visitor asks for. They are
// compared against the lower-cased path. Families as in the rule sets of
// CrowdSec's hub (http-sensitive-files, http-path-traversal, http-cve-probing).
var probes = [...]string{
	"wp-config", "phpmyadmin", "/pma/", "/etc/passwd", "../", "..%2f", "%2e%2e", "..;", "phpunit", "eval-stdin", "/boaform", "/hnap1",
	"jndi:", "%00", "webshell", "c99.php", "r57.php", "/wlwmanifest", ".bak", ".swp", "id_rsa", "/_ignition", "/server-status",
	"/jmx-console", "union+select", "union%20select", "<script", "%3cscript", "sleep(", "/bin/sh", "wget+", "curl+",
	"/setup.cgi", "/ecp/", "/nuclei", "/nikto",
}

// doubtful are pieces of paths that scanners ask for everywhere, and visitors of
// some sites as well. They are probes where nobody is served them.
var doubtful = [...]string{
	"adminer", "/cgi-bin/", "/solr/", "/manager/html", "/actuator", "/owa/", "/autodiscover", "/shell", "alfa", ".sql", ".old", "/backup",
	"/vendor/", "/console/", "/invoker/", "/telescope", "/debug/", "/config.json", "/credentials", "/geoserver", "passwd",
}

// tricks are ways to write a path that a filter may take for another one than the
// server does: segments that say nothing, parameters of segments, separators and
// control characters in disguise. So is a letter in disguise, which has no need to
// be (RFC 3986, 6.2.2.2). See OWASP WSTG-ATHZ-02 and the lists of byp4xx.
var tricks = [...]string{"/./", "/../", "..;", "/;", ";/", "%2e", "%2f", "%5c", "%00", "%09", "%0a", "%0d"}

func pathFlags(path []byte) flags {
	var f flags
	if dot := bytes.LastIndexByte(path, '.'); dot >= 0 && len(path)-dot <= 6 {
		var low [6]byte
		n := copy(low[:], path[dot+1:])
		for i := range low[:n] {
			if low[i] >= 'A' && low[i] <= 'Z' {
				low[i] += 32
			}
		}
		if assetExt[string(low[:n])] {
			f |= fAsset
		}
	}
	if len(path) > 0 && path[len(path)-1] == '/' {
		f |= fSlash
	}
	if bytes.Equal(path, []byte("/robots.txt")) {
		f |= fRobots
	}
	var buf [256]byte
	low := buf[:copy(buf[:], path)]
	for i, c := range low {
		if c >= 'A' && c <= 'Z' {
			low[i] = c + 32
		}
	}
	return f | words.flags(low) | hiddenFile(low)
}

// hiddenFile is fProbe for a path with a segment that begins with a dot: no
// page links to one. /.well-known (RFC 8615) is for everybody.
func hiddenFile(low []byte) flags {
	for rest := low; ; {
		i := bytes.Index(rest, []byte("/."))
		if i < 0 {
			return 0
		}
		if rest = rest[i+2:]; !bytes.HasPrefix(rest, []byte("well-known")) {
			return fProbe
		}
	}
}

// words finds the probes and the names of login endpoints in one pass: most
// pairs of bytes begin none of them.
var words = func() (w wordTable) {
	add := func(s string, f flags) {
		k := int(s[0])<<8 | int(s[1])
		w.begins[k>>6] |= 1 << (k & 63)
		w.list[uint16(k)] = append(w.list[uint16(k)], word{s, f})
	}
	w.list = map[uint16][]word{}
	for _, p := range probes {
		add(p, fProbe)
	}
	for _, p := range doubtful {
		add(p, fDoubt)
	}
	for _, p := range tricks {
		add(p, fTrick)
	}
	for c := 'a'; c <= 'z'; c++ {
		add(fmt.Sprintf("%%%02x", c), fTrick)
		add(fmt.Sprintf("%%%02x", c-'a'+'A'), fTrick)
	}
	for _, p := range [...]string{"login", "signin", "token", "oauth", "auth", "session", "xmlrpc"} {
		add(p, fLogin)
	}
	return w
}()

type word struct {
	text  string
	flags flags
}

type wordTable struct {
	begins [1024]uint64
	list   map[uint16][]word
}

func (w *wordTable) flags(low []byte) (f flags) {
	for i := 0; i+1 < len(low); i++ {
		k := int(low[i])<<8 | int(low[i+1])
		if w.begins[k>>6]&(1<<(k&63)) == 0 {
			continue
		}
		for _, x := range w.list[uint16(k)] {
			if len(low)-i >= len(x.text) && string(low[i:i+len(x.text)]) == x.text {
				f |= x.flags
			}
		}
	}
	return f
}
