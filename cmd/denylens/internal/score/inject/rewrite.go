package inject

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Answer is what a line says about the answer.
type Answer struct {
	Status int
	Bytes  int64
	App    bool  // the application behind the server gave it
	Edge   *Edge // the edge gave it, where the format can say so
}

// Edge is the reason that an edge gives for its own answer.
type Edge struct{ Source, Rule, Description string }

// Rewrite gives a line another answer and leaves everything else as it is. ok is
// false if the line is in no form that it knows.
func (a Answer) Rewrite(l *Line) (changed Line, ok bool) {
	out := *l
	if len(l.Text) > 0 && l.Text[0] == '{' {
		out.Text = a.inJSON(l.Text)
		if a.Edge != nil && jsonValue(l.Text, "SecurityRuleID") != [2]int{} {
			out.Rule = a.Edge.Rule
		}
	} else {
		f, found := find(l.Text)
		if !found || string(l.Text[f.status[0]:f.status[1]]) != strconv.Itoa(int(l.Status)) {
			return out, false
		}
		out.Text = put(l.Text, change{f.status, strconv.Itoa(a.Status)}, change{f.size, strconv.FormatInt(a.Bytes, 10)})
	}
	out.Status, out.Bytes = uint16(a.Status), a.Bytes
	return out, true
}

// inJSON changes the keys that the formats with a known meaning have.
func (a Answer) inJSON(line []byte) []byte {
	status, origin := strconv.Itoa(a.Status), strconv.Itoa(a.Status)
	list := []change{
		{jsonValue(line, "status"), status}, {jsonValue(line, "body_bytes_sent"), strconv.FormatInt(a.Bytes, 10)},
		{jsonValue(line, "EdgeResponseStatus"), status}, {jsonValue(line, "EdgeResponseBytes"), strconv.FormatInt(a.Bytes, 10)},
	}
	up := `""`
	if a.App {
		up = quote(status)
	}
	if a.Edge != nil {
		origin = "0"
		list = append(list, change{jsonValue(line, "SecurityAction"), `"block"`}, change{jsonValue(line, "SecurityActions"), `["block"]`},
			change{jsonValue(line, "SecurityRuleDescription"), quote(a.Edge.Description)}, change{jsonValue(line, "SecurityRuleID"), quote(a.Edge.Rule)},
			change{jsonValue(line, "SecuritySources"), "[" + quote(a.Edge.Source) + "]"}, change{jsonValue(line, "CacheCacheStatus"), `"unknown"`})
		if a.Edge.Rule != "" {
			list = append(list, change{jsonValue(line, "SecurityRuleIDs"), "[" + quote(a.Edge.Rule) + "]"})
		}
	}
	list = append(list, change{jsonValue(line, "OriginResponseStatus"), origin}, change{jsonValue(line, "upstream_status"), up})
	slices.SortFunc(list, func(x, y change) int { return x.at[0] - y.at[0] })
	return put(line, list...)
}

// At is the line at another time.
func (l *Line) At(at time.Time) (moved Line, ok bool) {
	out := *l
	out.Time = at.UnixNano()
	if len(l.Text) > 0 && l.Text[0] == '{' {
		out.Text, out.Time = put(l.Text, jsonTimes(l.Text, at)...), readable(l.Text, at)
		return out, true
	}
	f, found := find(l.Text)
	if !found {
		return out, false
	}
	stamp, ok := stampAs(l.Text[f.stamp[0]:f.stamp[1]], at)
	out.Text = put(l.Text, change{f.stamp, stamp})
	out.Time = at.Truncate(time.Second).UnixNano()
	return out, ok
}

// readable is a time as precisely as a line of JSON says it.
func readable(line []byte, at time.Time) int64 {
	if jsonValue(line, "time") != [2]int{} {
		at = at.Truncate(time.Second)
	}
	return at.UnixNano()
}

func jsonTimes(line []byte, at time.Time) []change {
	nano := strconv.FormatInt(at.UnixNano(), 10)
	list := []change{{jsonValue(line, "time"), quote(at.UTC().Format("2006-01-02T15:04:05-07:00"))},
		{jsonValue(line, "EdgeEndTimestamp"), nano}, {jsonValue(line, "EdgeStartTimestamp"), nano}}
	slices.SortFunc(list, func(x, y change) int { return x.at[0] - y.at[0] })
	return list
}

// Ask is a request to be written as the lines of a log are.
type Ask struct {
	At                                time.Time
	Client                            string // address
	User, Method, URI, Referer, Agent string
	Answer
}

// Compose writes a request in the form of another line of the log.
func (q Ask) Compose(form *Line) (Line, bool) {
	if len(form.Text) > 0 && form.Text[0] == '{' {
		return q.composeJSON(form)
	}
	f, ok := find(form.Text)
	if !ok || f.addr == [2]int{} {
		return Line{}, false
	}
	stamp, ok := stampAs(form.Text[f.stamp[0]:f.stamp[1]], q.At)
	text := put(form.Text, change{f.addr, q.Client}, change{f.user, dash(q.User)}, change{f.stamp, stamp}, change{f.request, q.Method + " " + q.URI + " HTTP/1.1"},
		change{f.status, strconv.Itoa(q.Status)}, change{f.size, strconv.FormatInt(q.Bytes, 10)}, change{f.referer, dash(q.Referer)}, change{f.agent, dash(q.Agent)})
	return Line{Text: text, Time: q.At.Truncate(time.Second).UnixNano()}, ok
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (q Ask) composeJSON(form *Line) (Line, bool) {
	line := q.inJSON(form.Text)
	line = put(line, jsonTimes(line, q.At)...)
	path := q.URI
	for i := range path {
		if path[i] == '?' {
			path = path[:i]
			break
		}
	}
	for _, c := range []struct{ key, text string }{
		{"remote_addr", q.Client}, {"remote_user", q.User}, {"request", q.Method + " " + q.URI + " HTTP/1.1"}, {"http_referer", q.Referer}, {"http_user_agent", q.Agent},
		{"ClientIP", q.Client}, {"ClientCountry", lowerCountry(q.Client)}, {"ClientRequestMethod", q.Method}, {"ClientRequestPath", path},
		{"ClientRequestURI", q.URI}, {"ClientRequestReferer", q.Referer}, {"ClientRequestUserAgent", q.Agent},
	} {
		line = put(line, change{jsonValue(line, c.key), quote(c.text)})
	}
	line = put(line, change{jsonValue(line, "ClientASN"), "0"})
	return Line{Text: line, Time: readable(line, q.At)}, true
}

// lowerCountry is the country of an address as Cloudflare writes it.
func lowerCountry(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return ""
	}
	return strings.ToLower(CountryOf(a))
}
