package simulate

import (
	"strconv"
	"strings"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/splitmix"
)

// jsonLines is a log_format with escape=json as people write it.
func jsonLines(b []byte, c *clock, at int64, u uint64, r *request) []byte {
	b = time.Unix(0, nginxStamp(at, u)).UTC().AppendFormat(append(b, `{"time":"`...), "2006-01-02T15:04:05-07:00")
	b = text(b, `","remote_addr":"`, r.client.text)
	b = text(b, `","remote_user":"`, r.user)
	b = append(b, `","request":"`...)
	if r.raw != "" {
		b = escape(b, r.raw, jsonEscape)
	} else {
		b = requestLine(b, r)
	}
	b = strconv.AppendInt(append(b, `","status":`...), int64(r.status), 10)
	b = strconv.AppendInt(append(b, `,"body_bytes_sent":`...), int64(r.bytes), 10)
	b = strconv.AppendFloat(append(b, `,"request_time":`...), r.dur, 'f', 3, 64)
	b = append(b, `,"upstream_status":"`...)
	if r.upstream {
		b = strconv.AppendInt(b, int64(r.status), 10)
	}
	b = text(b, `","http_referer":"`, r.referer)
	b = text(b, `","http_user_agent":"`, r.agent)
	b = text(b, `","host":"`, hostOf(r))
	b = append(b, `","request_id":"`...)
	b = hex(hex(b, u), splitmix.Mix(u))
	return append(b, "\"}\n"...)
}

// text appends a key and a JSON string, without its closing quote.
func text(b []byte, key, s string) []byte { return escape(append(b, key...), s, jsonEscape) }

func hex(b []byte, u uint64) []byte {
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, lowerHex[u>>shift&15])
	}
	return b
}

func hostOf(r *request) string {
	if r.host == "" {
		return "www.example.com"
	}
	return r.host
}

// cloudflare is a Logpush job for http_requests with the fields that matter.
// Batches are unordered within a few seconds.
func cloudflare(b []byte, _ *clock, at int64, u uint64, r *request) []byte {
	begin := at - seconds(r.dur) - int64(u>>40%2000)*1e6
	method, path, query, proto := r.method, r.path, r.query, r.proto
	if r.raw != "" {
		method, path, query, proto = "GET", "/", "", "HTTP/1.1"
	}
	b = text(b, `{"ClientIP":"`, r.client.text)
	b = strconv.AppendUint(append(b, `","ClientASN":`...), uint64(r.client.asn), 10)
	b = append(append(b, `,"ClientCountry":"`...), strings.ToLower(r.client.code)...)
	b = text(b, `","ClientRequestHost":"`, hostOf(r))
	b = text(b, `","ClientRequestMethod":"`, method)
	b = text(b, `","ClientRequestPath":"`, path)
	b = text(b, `","ClientRequestProtocol":"`, proto)
	b = text(b, `","ClientRequestReferer":"`, r.referer)
	b = append(b, `","ClientRequestSource":"eyeball`...)
	b = text(b, `","ClientRequestURI":"`, path)
	if query != "" {
		b = escape(append(b, '?'), query, jsonEscape)
	}
	b = text(b, `","ClientRequestUserAgent":"`, r.agent)
	b = strconv.AppendInt(append(b, `","EdgeEndTimestamp":`...), at, 10)
	b = strconv.AppendInt(append(b, `,"EdgeResponseBytes":`...), int64(r.bytes), 10)
	b = strconv.AppendInt(append(b, `,"EdgeResponseStatus":`...), int64(r.status), 10)
	b = strconv.AppendInt(append(b, `,"EdgeStartTimestamp":`...), begin, 10)
	b = strconv.AppendInt(append(b, `,"OriginResponseStatus":`...), int64(originStatus(r, u)), 10)
	b = hex(append(b, `,"RayID":"`...), u)
	e := r.edge
	if e == nil {
		e = &edge{}
	}
	b = text(b, `","SecurityAction":"`, e.action)
	b = list(append(b, `","SecurityActions":`...), e.action)
	b = text(b, `,"SecurityRuleDescription":"`, e.description)
	b = text(b, `","SecurityRuleID":"`, e.rule)
	b = list(append(b, `","SecurityRuleIDs":`...), e.rule)
	b = list(append(b, `,"SecuritySources":`...), e.source)
	b = text(b, `,"CacheCacheStatus":"`, cacheStatus(r, u))
	return append(b, `","ZoneName":"example.com"}`+"\n"...)
}

func list(b []byte, s string) []byte {
	if s == "" {
		return append(b, "[]"...)
	}
	return append(escape(append(b, '[', '"'), s, jsonEscape), '"', ']')
}

func cached(r *request, u uint64) bool {
	return r.kind == asset && r.status < 400 && u%8 != 0
}

func originStatus(r *request, u uint64) int {
	if r.edge != nil || cached(r, u) {
		return 0
	}
	return r.status
}

func cacheStatus(r *request, u uint64) string {
	switch {
	case r.edge != nil:
		return "unknown"
	case cached(r, u):
		return "hit"
	case r.kind == asset:
		return "miss"
	}
	return "dynamic"
}
