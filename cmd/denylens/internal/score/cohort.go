package main

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/phuslu/iploc"

	"github.com/denylens/denylens/detect"
	"github.com/denylens/denylens/ingest"
)

// cohorts is what an incident says whom it concerns: any of some conjunctions.
type cohorts [][]detect.Term

func cohortsOf(in *detect.Incident) cohorts { return append(cohorts{in.Cohort}, in.Or...) }

// has tells whether a record belongs to one of the conjunctions. It is written
// against the contract's words, not with the detector's own code, so that a
// cohort which does not mean what it says is noticed.
func (c cohorts) has(r *ingest.Record) bool {
	for _, all := range c {
		if !slices.ContainsFunc(all, func(t detect.Term) bool { return !holds(t, r) }) {
			return true
		}
	}
	return false
}

func holds(t detect.Term, r *ingest.Record) bool {
	switch t.Dim {
	case "country":
		if r.Country != [2]byte{} {
			return string(r.Country[:]) == t.Value
		}
		return iploc.IPCountry(r.Client) == t.Value
	case "asn":
		return strconv.FormatUint(uint64(r.ASN), 10) == t.Value
	case "network":
		p, err := netip.ParsePrefix(t.Value)
		return err == nil && p.Contains(r.Client)
	case "ip":
		a, err := netip.ParseAddr(t.Value)
		if err != nil { // an IPv6 client may be named by its network
			return holds(detect.Term{Dim: "network", Value: t.Value}, r)
		}
		return a == r.Client
	case "user":
		return string(r.User) == t.Value
	case "host":
		host, _, _ := strings.Cut(string(r.Host), ":")
		return strings.EqualFold(host, t.Value)
	case "path":
		return onPath(string(r.Path), t.Value)
	case "api_version":
		return slices.Contains(strings.Split(strings.ToLower(string(r.Path)), "/"), t.Value)
	case "method":
		return string(r.Method) == t.Value
	case "ua":
		return isAgent(strings.ToLower(string(r.Agent)), strings.ToLower(t.Value))
	case "os":
		return strings.Contains(strings.ToLower(string(r.Agent)), strings.ToLower(t.Value))
	case "referer":
		return refererHost(string(r.Referer)) == t.Value
	case "rule":
		return string(r.Rule) == t.Value
	case "status":
		return strconv.Itoa(int(r.Status)) == t.Value
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

// tokens are the names of browsers in their user agents, where they differ.
var tokens = map[string]string{"edge": "edg", "opera": "opr", "safari": "version", "samsung": "samsungbrowser", "samsung internet": "samsungbrowser",
	"msie": "msie ", "ie": "msie "}

// isAgent tells whether a user agent, in lower case, is of a family, or of a
// family/major.
func isAgent(agent, want string) bool {
	family, major, versioned := strings.Cut(want, "/")
	token := family
	if t, ok := tokens[family]; ok {
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
