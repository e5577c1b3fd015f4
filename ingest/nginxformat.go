package ingest

import (
	"fmt"
	"slices"
	"strings"
)

// nginxVar says what a variable of nginx is to us.
type nginxVar struct {
	field field
	rank  uint8
	class class
}

// nginxVars lists the variables that are read, or that have a form of their
// own. Any other one is text that is passed over.
var nginxVars = map[string]nginxVar{
	"remote_addr":               {jfAddr, 0, classToken},
	"binary_remote_addr":        {jfBinaryAddr, 0, classText},
	"realip_remote_addr":        {jfNone, 0, classToken},
	"proxy_protocol_addr":       {jfNone, 0, classToken},
	"remote_port":               {jfNone, 0, classNumber},
	"remote_user":               {jfUser, 0, classText},
	"time_local":                {jfTime, 2, classTime},
	"time_iso8601":              {jfTime, 1, classTime},
	"msec":                      {jfTime, 0, classTime},
	"request":                   {jfRequest, 0, classText},
	"request_method":            {jfMethod, 0, classToken},
	"request_uri":               {jfURI, 0, classText},
	"uri":                       {jfURI, 1, classText},
	"document_uri":              {jfURI, 1, classText},
	"args":                      {jfQuery, 0, classText},
	"query_string":              {jfQuery, 0, classText},
	"server_protocol":           {jfProto, 0, classToken},
	"status":                    {jfStatus, 0, classStatus},
	"body_bytes_sent":           {jfBytes, 0, classNumber},
	"bytes_sent":                {jfBytes, 1, classNumber},
	"request_length":            {jfNone, 0, classNumber},
	"request_time":              {jfSeconds, 0, classNumber},
	"http_referer":              {jfReferer, 0, classText},
	"http_user_agent":           {jfAgent, 0, classText},
	"http_x_forwarded_for":      {jfForwarded, 0, classText},
	"proxy_add_x_forwarded_for": {jfForwarded, 3, classText},
	"http_cf_connecting_ip":     {jfForwarded, 1, classToken},
	"http_true_client_ip":       {jfForwarded, 2, classToken},
	"http_x_real_ip":            {jfForwarded, 2, classToken},
	"host":                      {jfHost, 0, classToken},
	"http_host":                 {jfHost, 1, classToken},
	"server_name":               {jfHost, 2, classToken},
	"server_port":               {jfNone, 0, classNumber},
	"scheme":                    {jfNone, 0, classToken},
	"request_id":                {jfRequestID, 0, classToken},
	"http_cf_ray":               {jfRequestID, 1, classToken},
	"connection":                {jfRequestID, 2, classNumber},
	"connection_requests":       {jfNone, 0, classNumber},
	"pipe":                      {jfNone, 0, classToken},
	"hostname":                  {jfNone, 0, classToken},
	"pid":                       {jfNone, 0, classNumber},
	"upstream_status":           {jfUpstream, 0, classList},
	"upstream_cache_status":     {jfNone, 0, classToken},
	"gzip_ratio":                {jfNone, 0, classNumber},
	"limit_req_status":          {jfLimit, 0, classToken},
	"limit_conn_status":         {jfLimit, 1, classToken},
	"http_cf_ipcountry":         {jfCountry, 0, classToken},
	"geoip_country_code":        {jfCountry, 1, classToken},
	"geoip2_country_code":       {jfCountry, 1, classToken},
	"geoip2_data_country_code":  {jfCountry, 1, classToken},
	"geoip_org":                 {jfASN, 0, classText},
	"geoip2_asn":                {jfASN, 0, classToken},
	"is_args":                   {jfNone, 0, classToken},
}

// nginxOther lists nginx' other variables, nginxFamilies what the names of
// further ones begin with. All of them are text that is passed over.
var (
	nginxOther = strings.Fields(`ancient_browser bytes_received content_length content_type date_gmt date_local
		document_root fastcgi_path_info fastcgi_script_name http2 http3 https invalid_referer limit_rate memcached_key
		modern_browser msie nginx_version protocol realpath_root request_body request_body_file request_completion request_filename
		request_port secure_link secure_link_expires server_addr session_log_id session_time slice_range spdy uid_got uid_reset uid_set`)
	nginxFamilies = []string{"arg_", "cookie_", "geoip_", "geoip2_", "http_", "jwt_", "proxy_", "quic_", "realip_", "sent_http_",
		"sent_trailer_", "ssl_", "tcpinfo_", "upstream_"}
)

// ofNginx tells whether nginx or one of its modules sets the variable; others
// are the operator's own.
func ofNginx(name string) bool {
	_, read := nginxVars[name]
	return read || slices.Contains(nginxOther, name) ||
		slices.ContainsFunc(nginxFamilies, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

func lookupNginxVar(name string) nginxVar {
	if v, ok := nginxVars[name]; ok {
		return v
	}
	switch {
	case strings.HasPrefix(name, "upstream_") && !strings.HasPrefix(name, "upstream_http_") &&
		!strings.HasPrefix(name, "upstream_cookie_") && !strings.HasPrefix(name, "upstream_trailer_"):
		return nginxVar{jfNone, 0, classList}
	case strings.HasPrefix(name, "ssl_") && !strings.HasSuffix(name, "_dn"),
		strings.HasPrefix(name, "proxy_") && !strings.HasPrefix(name, "proxy_add"), strings.HasPrefix(name, "tcpinfo_"):
		return nginxVar{jfNone, 0, classToken}
	}
	return nginxVar{jfNone, 0, classText}
}

// parseNginxFormat takes the text of a log_format apart: quotes and directive
// are gone, escape is what escape= said ("" if nothing). Variables of the
// operator's own are passed over, but if all are such, it is an error.
func parseNginxFormat(text, escape string) (*layout, error) {
	l := &layout{name: "log_format", escape: escape}
	switch escape {
	case "", "default", "json", "none":
	default:
		return nil, fmt.Errorf("log_format: escape=%s: must be default, json or none", escape)
	}
	var strange []string
	known := false
	for text != "" {
		i := strings.IndexByte(text, '$')
		if i < 0 {
			l.literal(text)
			break
		}
		l.literal(text[:i])
		name, rest, err := nginxName(text[i:])
		if err != nil {
			return nil, err
		}
		if ofNginx(name) {
			known = true
		} else {
			strange = append(strange, "$"+name)
		}
		v := lookupNginxVar(name)
		l.add("$"+name, v.field, v.rank, v.class)
		text = rest
	}
	if !known && len(strange) > 0 {
		return nil, fmt.Errorf("log_format: none of its variables is known: %s", strings.Join(strange, " "))
	}
	return l, nil
}

// nginxName reads $name or ${name} at the front of s.
func nginxName(s string) (name, rest string, err error) {
	body := s[1:]
	braced := strings.HasPrefix(body, "{")
	if braced {
		body = body[1:]
	}
	n := 0
	for n < len(body) && (body[n] == '_' || body[n]-'0' <= 9 || body[n]|0x20-'a' < 26) {
		n++
	}
	if n == 0 {
		return "", "", fmt.Errorf("log_format: no variable name behind the $ at %q", clip(s))
	}
	name, rest = body[:n], body[n:]
	if braced {
		if !strings.HasPrefix(rest, "}") {
			return "", "", fmt.Errorf("log_format: no } behind %q", "${"+name)
		}
		rest = rest[1:]
	}
	return name, rest, nil
}

// clip shortens s for a message.
func clip(s string) string {
	if len(s) > 24 {
		return s[:24] + "..."
	}
	return s
}
