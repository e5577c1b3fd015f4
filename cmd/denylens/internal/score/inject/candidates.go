package inject

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Candidate is a cohort that is there at a time.
type Candidate struct {
	Terms   []Term
	Clients int // distinct ones
	Lines   int
	Shared  float64 // share of all lines
}

// scopes are the kinds of cohorts, each with the terms that put a line into one
// of its kind. An empty list is none.
var scopes = map[string]func(l *Line, r *reader) [][]Term{
	"everyone": func(*Line, *reader) [][]Term { return [][]Term{{}} },
	"country":  func(l *Line, _ *reader) [][]Term { return one("country", strings.Trim(string(l.Country[:]), "\x00")) },
	"network24": func(l *Line, _ *reader) [][]Term {
		return one("network", network(l.Client, 24, 48))
	},
	"network16": func(l *Line, _ *reader) [][]Term { return one("network", network(l.Client, 16, 32)) },
	"asn": func(l *Line, _ *reader) [][]Term {
		if l.ASN == 0 {
			return nil
		}
		return one("asn", fmt.Sprint(l.ASN))
	},
	"ua":       func(l *Line, r *reader) [][]Term { family, _ := r.agent(l.Agent); return one("ua", family) },
	"ua_major": func(l *Line, r *reader) [][]Term { _, major := r.agent(l.Agent); return one("ua", major) },
	"path":     func(l *Line, _ *reader) [][]Term { return prefixes(l.Path) },
	"path_method": func(l *Line, _ *reader) [][]Term {
		if l.Method != "POST" {
			return nil
		}
		list := prefixes(l.Path)
		if whole := strings.TrimRight(l.Path, "/"); len(list) == 0 && strings.Count(whole, "/") == 1 && len(whole) > 1 {
			list = one("path", whole)
		}
		for i := range list {
			list[i] = append(list[i], Term{"method", l.Method})
		}
		return list
	},
	"host": func(l *Line, _ *reader) [][]Term {
		host, _, _ := strings.Cut(strings.ToLower(l.Host), ":")
		return one("host", host)
	},
	"api_version": func(l *Line, _ *reader) [][]Term { return one("api_version", version(l.Path)) },
	"user":        func(l *Line, _ *reader) [][]Term { return one("user", l.User) },
	"client":      func(l *Line, _ *reader) [][]Term { return one("ip", l.Client.String()) },
	"referer":     func(l *Line, r *reader) [][]Term { return one("referer", r.foreign(l)) },
}

func one(dim, value string) [][]Term {
	if value == "" {
		return nil
	}
	return [][]Term{{{dim, value}}}
}

func network(a netip.Addr, four, six int) string {
	bits := four
	if a.Is6() {
		bits = six
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// prefixes are the first one and two folders of a path.
func prefixes(path string) (out [][]Term) {
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "%.;{ \\") && !strings.Contains(path[1:], "/") {
		return nil
	}
	parts := strings.Split(path[1:], "/")
	prefix := ""
	for i := 0; i < len(parts)-1 && i < 2; i++ {
		if parts[i] == "" || strings.ContainsAny(parts[i], "%;{ \\") || numeric(parts[i]) {
			break
		}
		prefix += "/" + parts[i]
		out = append(out, []Term{{"path", prefix}})
	}
	return out
}

func numeric(s string) bool { return strings.Trim(s, "0123456789") == "" }

func version(path string) string {
	for _, part := range strings.Split(strings.ToLower(path), "/") {
		if len(part) >= 2 && len(part) <= 3 && part[0] == 'v' && numeric(part[1:]) {
			return part
		}
	}
	return ""
}

// reader remembers what was read of agents and whose site it is.
type reader struct {
	agents map[string][2]string
	hosts  map[string]int // referers by host
	own    string         // host of most referers: the site itself
}

func newReader(lines []Line) *reader {
	r := &reader{agents: map[string][2]string{}, hosts: map[string]int{}}
	most := 0
	for i := range lines {
		if h := refererHost(lines[i].Referer); h != "" {
			r.hosts[h]++
			if n := r.hosts[h]; n > most {
				most, r.own = n, h
			}
		}
	}
	return r
}

// foreign is the host of another site that the request comes from.
func (r *reader) foreign(l *Line) string {
	h := refererHost(l.Referer)
	bare := func(s string) string { return strings.TrimPrefix(s, "www.") }
	if h == "" || bare(h) == bare(r.own) || strings.HasSuffix(h, bare(r.own)) || strings.Contains(h, "google.") || l.Host != "" && bare(h) == bare(strings.ToLower(l.Host)) {
		return ""
	}
	return strings.ToLower(h)
}

// browsers are the families whose versions a rule may name.
var browsers = []string{"Edge", "Opera", "Samsung Internet", "Firefox", "Chrome", "Safari"}

// agent returns family and family/major of a user agent that is a browser, or of
// a program that names itself as browsers do not.
func (r *reader) agent(text string) (family, major string) {
	if known, ok := r.agents[text]; ok {
		return known[0], known[1]
	}
	low := strings.ToLower(text)
	if strings.HasPrefix(low, "mozilla/") && !strings.Contains(low, "compatible;") && !strings.Contains(low, "bot") {
		for _, f := range browsers {
			if !isAgent(low, strings.ToLower(f)) {
				continue
			}
			family = f
			token := strings.ToLower(f)
			if t, ok := agentTokens[token]; ok {
				token = t
			}
			rest := low[strings.Index(low, token)+len(token):]
			rest = strings.TrimLeft(rest, "/ ")
			end := strings.IndexFunc(rest, func(c rune) bool { return c < '0' || c > '9' })
			if end > 0 {
				major = f + "/" + rest[:end]
			}
			break
		}
	}
	if family == "" {
		family = robot(text)
	}
	r.agents[text] = [2]string{family, major}
	return family, major
}

// robot is the name by which a crawler calls itself.
func robot(text string) string {
	for _, word := range strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(" ;()+,/", c) }) {
		low := strings.ToLower(word)
		if strings.Contains(low, "bot") && !strings.ContainsAny(low, ".@:") {
			return word
		}
	}
	return ""
}

func nameOf(terms []Term) (name string) {
	for _, t := range terms {
		name += t.Dim + "=" + t.Value + " "
	}
	return name
}

// Candidates lists the cohorts of a scope among some lines, the largest first.
func Candidates(lines []Line, scope string) []Candidate {
	return newReader(lines).candidates(lines, scope)
}

func (r *reader) candidates(lines []Line, scope string) []Candidate {
	terms := scopes[scope]
	type tally struct {
		Candidate
		clients map[netip.Addr]bool
	}
	byName := map[string]*tally{}
	requests := 0
	for i := range lines {
		l := &lines[i]
		if !l.Request {
			continue
		}
		requests++
		for _, t := range terms(l, r) {
			name := nameOf(t)
			c := byName[name]
			if c == nil {
				c = &tally{Candidate{Terms: t}, map[netip.Addr]bool{}}
				byName[name] = c
			}
			c.Lines++
			if l.Served() {
				c.clients[unitOf(l.Client)] = true
			}
		}
	}
	var list []Candidate
	for _, c := range byName {
		c.Clients, c.Shared = len(c.clients), float64(c.Lines)/float64(requests)
		list = append(list, c.Candidate)
	}
	slices.SortFunc(list, func(a, b Candidate) int {
		if a.Clients != b.Clients {
			return b.Clients - a.Clients
		}
		return strings.Compare(nameOf(a.Terms), nameOf(b.Terms))
	})
	return list
}

// sameShare is the least overlap of two descriptions that mean the same lines,
// and wide the share of all lines from which on a property says nothing.
const (
	sameShare = .97
	wide      = .9
)

// described are the scopes whose terms may stand for one another.
var described = []string{"everyone", "country", "network24", "network16", "asn", "ua", "ua_major", "path", "path_method", "host", "api_version", "user", "client", "referer"}

// Same lists other descriptions that hold for just the lines that the terms hold
// for: those of another cohort that has the same lines, and those with a further
// property that all of the lines have and not nearly every line. A log cannot
// tell them apart. Nor can it if one of several terms is replaced by another of
// the same lines.
func Same(lines []Line, terms []Term) (out [][]Term) {
	out = same(lines, terms)
	for i := range terms {
		if len(terms) == 1 {
			break
		}
		for _, c := range same(lines, terms[i:i+1]) {
			if len(c) == 1 {
				out = append(out, append(slices.Delete(slices.Clone(terms), i, i+1), c...))
			}
		}
	}
	return out
}

func same(lines []Line, terms []Term) (out [][]Term) {
	r := newReader(lines)
	var inside []Line
	cohort := CohortOf(terms)
	for i := range lines {
		if lines[i].Request && cohort.Has(&lines[i]) {
			inside = append(inside, lines[i])
		}
	}
	equal, further := [][]Term{terms}, [][]Term{}
	for _, scope := range described {
		everywhere := map[string]Candidate{}
		for _, c := range r.candidates(lines, scope) {
			everywhere[nameOf(c.Terms)] = c
		}
		for _, both := range r.candidates(inside, scope) {
			name := nameOf(both.Terms)
			if float64(both.Lines) < sameShare*float64(len(inside)) || name == nameOf(terms) {
				continue
			}
			c := everywhere[name]
			if float64(both.Lines) >= sameShare*float64(c.Lines+len(inside)-both.Lines) {
				equal = append(equal, c.Terms)
			}
			if c.Shared < wide && len(c.Terms) > 0 {
				further = append(further, c.Terms)
			}
		}
	}
	for i, e := range equal {
		if i > 0 {
			out = append(out, e)
		}
		for _, f := range further {
			if nameOf(e) != nameOf(f) {
				out = append(out, append(slices.Clone(e), f...))
			}
		}
	}
	return out
}
