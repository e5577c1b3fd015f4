package inject

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/denylens/denylens/geo"
)

// Term is one conjunct of a cohort, in the words of a report.
type Term struct{ Dim, Value string }

// CountryOf is the country of an address as the built-in data know it; empty if
// they do not.
func CountryOf(a netip.Addr) string { return geo.EmbeddedCountry(a) }

// Cohort is a set of requests: any of some conjunctions of terms. It is written
// against the contract's words, not with the detector's own code, so that a
// cohort which does not mean what it says is noticed.
type Cohort [][]func(l *Line) bool

// CohortOf makes a cohort of conjunctions. None at all holds nobody, an empty
// conjunction everybody.
func CohortOf(or ...[]Term) Cohort {
	out := make(Cohort, len(or))
	for i, all := range or {
		for _, t := range all {
			out[i] = append(out[i], t.test())
		}
	}
	return out
}

// Has tells whether a request belongs to the cohort.
func (c Cohort) Has(l *Line) bool {
	for _, all := range c {
		if !slices.ContainsFunc(all, func(holds func(*Line) bool) bool { return !holds(l) }) {
			return true
		}
	}
	return false
}

// test returns what tells whether a request has the property. An unknown
// dimension or a value that is none holds for nothing.
func (t Term) test() func(l *Line) bool {
	switch t.Dim {
	case "country":
		return func(l *Line) bool { return string(l.Country[:]) == t.Value }
	case "asn":
		n, err := strconv.ParseUint(t.Value, 10, 32)
		return func(l *Line) bool { return err == nil && l.ASN == uint32(n) }
	case "network":
		p, err := netip.ParsePrefix(t.Value)
		return func(l *Line) bool { return err == nil && p.Contains(l.Client) }
	case "ip":
		a, err := netip.ParseAddr(t.Value)
		if err != nil { // an IPv6 client may be named by its network
			return Term{"network", t.Value}.test()
		}
		return func(l *Line) bool { return a == l.Client }
	case "user":
		return func(l *Line) bool { return l.User == t.Value }
	case "host":
		return func(l *Line) bool {
			host, _, _ := strings.Cut(l.Host, ":")
			return strings.EqualFold(host, t.Value)
		}
	case "path":
		return remember(func(l *Line) string { return l.Path }, func(path string) bool { return onPath(path, t.Value) })
	case "api_version":
		return remember(func(l *Line) string { return l.Path }, func(path string) bool {
			return slices.Contains(strings.Split(strings.ToLower(path), "/"), t.Value)
		})
	case "method":
		return func(l *Line) bool { return l.Method == t.Value }
	case "ua":
		want := strings.ToLower(t.Value)
		return remember(func(l *Line) string { return l.Agent }, func(agent string) bool { return isAgent(strings.ToLower(agent), want) })
	case "os":
		want := strings.ToLower(t.Value)
		return remember(func(l *Line) string { return l.Agent }, func(agent string) bool { return strings.Contains(strings.ToLower(agent), want) })
	case "referer":
		return func(l *Line) bool { return refererHost(l.Referer) == t.Value }
	case "rule":
		return func(l *Line) bool { return l.Rule == t.Value }
	case "status":
		return func(l *Line) bool { return strconv.Itoa(int(l.Status)) == t.Value }
	}
	return func(*Line) bool { return false }
}

// remember keeps the answers for texts that repeat.
func remember(of func(l *Line) string, holds func(text string) bool) func(l *Line) bool {
	known := map[string]bool{}
	return func(l *Line) bool {
		text := of(l)
		yes, ok := known[text]
		if !ok {
			yes = holds(text)
			known[text] = yes
		}
		return yes
	}
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
var agentTokens = map[string]string{"edge": "edg", "opera": "opr", "safari": "version", "samsung internet": "samsungbrowser",
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
