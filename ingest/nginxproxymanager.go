package ingest

// The layouts of nginx Proxy Manager: hosts that are proxied, with and without
// the last of their columns, and others; and that of NPMplus. The user agent
// stands before the referer.
const (
	npmPlus   = `[$time_local] $host $remote_addr $request_time "$request" $status $body_bytes_sent $bytes_sent $http_referer $http_user_agent`
	npmCached = `[$time_local] $upstream_cache_status $upstream_status $status - $request_method $scheme $host "$request_uri" ` +
		`[Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] "$http_user_agent" "$http_referer"`
	npmProxied = `[$time_local] $upstream_cache_status $upstream_status $status - $request_method $scheme $host "$request_uri" ` +
		`[Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] [Sent-to $server] "$http_user_agent" "$http_referer"`
	npmStandard = `[$time_local] $status - $request_method $scheme $host "$request_uri" ` +
		`[Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] "$http_user_agent" "$http_referer"`
)

var newNginxProxyManager = Either("nginx_proxy_manager",
	mustCompile(npmProxied), mustCompile(npmStandard), mustCompile(npmCached), mustCompile(npmPlus))

// mustCompile compiles a log_format of our own.
func mustCompile(text string) func() Format {
	l, err := parseNginxFormat(text, "")
	if err != nil {
		panic(err)
	}
	f, _, err := l.compile()
	if err != nil {
		panic(err)
	}
	return f
}
