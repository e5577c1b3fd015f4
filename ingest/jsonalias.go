package ingest

// field is a property of a request that a log states.
type field uint8

const (
	jfNone field = iota
	jfAddr
	jfTime
	jfStatus
	jfRequest
	jfMethod
	jfURI
	jfQuery
	jfProto
	jfBytes
	jfReferer
	jfAgent
	jfHost
	jfUser
	jfForwarded
	jfUpstream
	jfSeconds
	jfMillis
	jfMicros
	jfRequestID
	jfCountry
	jfASN
	jfLimit      // what limit_req or limit_conn decided
	jfBinaryAddr // the address as bytes
	jfHostURI    // host and target in one: www.example.com/p
	jfDate       // GoAccess: a date, to be joined with
	jfClock      // a time of day
	numFields
)

// vital are the fields of which a line may have but one key: whoever can add
// a second one could hide behind it.
func (f field) vital() bool { return f == jfAddr || f == jfTime || f == jfStatus }

// alias is a name under which operators log a field. If a line has several
// names of a field, that of the lowest rank counts.
type alias struct {
	name  string
	field field
	rank  uint8
}

// aliases lists the names (Traefik's among them: ClientHost, OriginStatus), compared without regard to case. Within a field,
// what stands first counts most: the finer time, the raw request target, the
// peer's address rather than what a client may have claimed.
var aliases = ranked(
	names(jfAddr, "remote_addr", "remote_ip", "clientip", "client_ip", "client", "ip", "client_addr", "remote", "c-ip", "clienthost"),
	names(jfTime, "msec", "time_msec", "startutc", "time_iso8601", "timestamp", "ts", "datetime", "time_local", "time", "date", "@timestamp"),
	names(jfStatus, "status", "status_code", "response_code", "response", "code", "downstreamstatus"),
	names(jfRequest, "request", "request_line"),
	names(jfMethod, "request_method", "method", "verb", "requestmethod"),
	names(jfURI, "request_uri", "url", "uri", "path", "requestpath"),
	names(jfQuery, "args", "query_string", "query"),
	names(jfProto, "server_protocol", "protocol", "proto", "requestprotocol"),
	names(jfBytes, "body_bytes_sent", "bytes", "bytes_sent", "body_bytes", "size", "length", "downstreamcontentsize"),
	names(jfReferer, "http_referer", "http_referrer", "referer", "referrer", "ref", "request_referer"),
	names(jfAgent, "http_user_agent", "user_agent", "useragent", "agent", "ua", "request_user-agent"),
	names(jfHost, "host", "http_host", "vhost", "server_name", "domain", "site", "requesthost"),
	names(jfUser, "remote_user", "user", "username", "clientusername"),
	names(jfForwarded, "http_x_forwarded_for", "x_forwarded_for", "xff", "forwarded_for"),
	names(jfUpstream, "upstream_status", "originstatus"),
	names(jfSeconds, "request_time", "duration", "time_in_sec"),
	names(jfMillis, "generation_time_milli"),
	names(jfRequestID, "request_id", "req_id", "trace_id"),
	names(jfLimit, "limit_req_status", "limit_conn_status"),
	names(jfCountry, "http_cf_ipcountry", "geoip_country_code", "geoip2_country_code", "country_code"),
)

func names(f field, list ...string) []alias {
	var out []alias
	for i, n := range list {
		out = append(out, alias{n, f, uint8(i)})
	}
	return out
}

// ranked joins lists. Index 0 stays empty: it is the id of keys that nobody
// wants.
func ranked(lists ...[]alias) []alias {
	out := []alias{{}}
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

// aliasIDs finds an alias by its name.
var aliasIDs = aliasIndex(aliases)

func aliasIndex(list []alias) map[string]uint8 {
	m := make(map[string]uint8, len(list))
	for i, a := range list[1:] {
		m[a.name] = uint8(i + 1)
	}
	return m
}

// aliasID returns the id of a key among aliases: in any case, and with the
// prefixes that shippers add.
func aliasID(key []byte) uint8 {
	var low [48]byte
	if len(key) > len(low) {
		return 0
	}
	for i, c := range key {
		if c-'A' < 26 {
			c |= 0x20
		}
		low[i] = c
	}
	k := low[:len(key)]
	if id, ok := aliasIDs[string(k)]; ok {
		return id // "@timestamp", which a shipper adds to a log that has its own, is another key
	}
	if len(k) > 1 && k[0] == '@' {
		k = k[1:]
	}
	for _, prefix := range [...]string{"nginx.", "http."} {
		if len(k) > len(prefix) && string(k[:len(prefix)]) == prefix {
			k = k[len(prefix):]
		}
	}
	return aliasIDs[string(k)]
}
