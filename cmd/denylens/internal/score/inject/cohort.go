package inject

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/phuslu/iploc"
)

// Term is one conjunct of a cohort, in the words of a report.
type Term struct{ Dim, Value string }

// CountryOf is the country of an address as the built-in data know it; empty if
// they do not.
func CountryOf(a netip.Addr) string { return iploc.IPCountry(a) }

// Any tells whether a request belongs to one of some conjunctions. It is written
// against the contract's words, not with the detector's own code, so that a
// cohort which does not mean what it says is noticed.
func Any(or [][]Term, l *Line) bool {
	return slices.ContainsFunc(or, func(all []Term) bool { return All(all, l) })
}

// All tells whether a request has all of some properties.
func All(terms []Term, l *Line) bool {
	for _, t := range terms {
		if !t.holds(l) {
			return false
		}
	}
	return true
}

func (t Term) holds(l *Line) bool {
	switch t.Dim {
	case "country":
		return string(l.Country[:]) == t.Value
	case "asn":
		return strconv.FormatUint(uint64(l.ASN), 10) == t.Value
	case "network":
		p, err := netip.ParsePrefix(t.Value)
		return err == nil && p.Contains(l.Client)
	case "ip":
		a, err := netip.ParseAddr(t.Value)
		if err != nil { // an IPv6 client may be named by its network
			return Term{"network", t.Value}.holds(l)
		}
		return a == l.Client
	case "user":
		return l.User == t.Value
	case "host":
		host, _, _ := strings.Cut(l.Host, ":")
		return strings.EqualFold(host, t.Value)
	case "path":
		return onPath(l.Path, t.Value)
	case "api_version":
		return slices.Contains(strings.Split(strings.ToLower(l.Path), "/"), t.Value)
	case "method":
		return l.Method == t.Value
	case "ua":
		return isAgent(strings.ToLower(l.Agent), strings.ToLower(t.Value))
	case "os":
		return strings.Contains(strings.ToLower(l.Agent), strings.ToLower(t.Value))
	case "referer":
		return refererHost(l.Referer) == t.Value
	case "rule":
		return l.Rule == t.Value
	case "status":
		return strconv.Itoa(int(l.Status)) == t.Value
	}
	return false
}

// onPath tells whether path lies under a prefix, in which {n} stands for any
// one segment.
func onPath(path, prefix string) bool {
	if prefix == "/" {
		return path == "/"
	}
	want := strings.Split(strings.Trim(prefix, "/"), "/")
	have := strings.Split(strings.TrimLeft(path, "/"), "/")
	if len(have) < len(want) {
		return false
	}
	for i, w := range want {
		if w != have[i] && !strings.HasPrefix(w, "{") {
			return false
		}
	}
	return true
}

// agentTokens are the names of browsers in their user agents, where they differ.
var agentTokens = map[string]string{"edge": "edg", "opera": "opr", "safari": "version", "samsung": "samsungbrowser", "samsung internet": "samsungbrowser",
	"msie": "msie ", "ie": "msie "}

// isAgent tells whether a user agent, in lower case, is of a family, or of a
// family/major.
func isAgent(agent, want string) bool {
	family, major, versioned := strings.Cut(want, "/")
	token := family
	if t, ok := agentTokens[family]; ok {
		token = t
	}
	if family == "chrome" || family == "safari" {
		for _, other := range []string{"edg/", "opr/", "samsungbrowser/", "bot", "externalhit"} {
			if strings.Contains(agent, other) {
				return false
			}
		}
	}
	for rest := agent; ; {
		i := strings.Index(rest, token)
		if i < 0 {
			return false
		}
		rest = rest[i+len(token):]
		if !versioned {
			return true
		}
		v := strings.TrimLeft(rest, "/ ")
		if strings.HasPrefix(v, major) && (len(v) == len(major) || v[len(major)] < '0' || v[len(major)] > '9') {
			return true
		}
	}
}

func refererHost(s string) string {
	_, s, _ = strings.Cut(s, "//")
	s, _, _ = strings.Cut(s, "/")
	host, _, _ := strings.Cut(s, ":")
	return host
}
