package ingest

// Spec is a format that users can name.
type Spec struct {
	Name  string        // what --format takes
	Title string        // one line for `denylens formats`
	New   func() Format // a Format for one goroutine
	shape shape         // lines of other shapes it cannot read
}

// Formats are the formats that can be named. Where two read a line equally
// well, auto-detection prefers the one that stands first.
var Formats = []Spec{
	{"combined", "nginx' and Apache's default: common with referer and user agent, and whatever is appended", newCLF("combined"), shapeText},
	{"vhost_combined", "combined behind a column with the virtual host", newCLF("vhost_combined"), shapeText},
	{"common", "Common Log Format: address, user, time, request, status, size", newCLF("common"), shapeText},
	{"vhost_common", "common behind a column with the virtual host", newCLF("vhost_common"), shapeText},
	{"cloudflare", "Cloudflare Logpush, data set http_requests, one JSON object a line", newCloudflare, shapeJSON},
	{"cloudflare_events", "Cloudflare Logpush, data set firewall_events, one JSON object a line", newCloudflareEvents, shapeJSON},
	{"apinto", "API gateway Apinto (APIPark), output of type json", newApintoJSON, shapeJSON},
	{"caddy", "Caddy's access log, and Coraza's messages in it", newCaddy, shapeJSON},
	{"json", "one flat JSON object a line, keys named as nginx' variables or as usual", newJSONAccess, shapeJSON},
	{"nginx_proxy_manager", "nginx Proxy Manager's own layout", newNginxProxyManager, shapeBracket},
	{"ltsv", "Labeled Tab-separated Values", newLTSV, shapeText},
	{"iis", "IIS, W3C's extended format, columns as #Fields names them; the sub-status explains refusals", newIIS, shapeText},
	{"cloudfront", "CloudFront's standard log, W3C's extended format parted by tabs", newCloudFront, shapeText},
	{"alb", "AWS Application Load Balancer; the action behind a refusal explains it", newALB, shapeText},
	{"apinto_line", "API gateway Apinto, output of type line, documented layout", newApintoLine, shapeText},
	{"nginx_error", "nginx' error log: explains refusals", newNginxError, shapeSlash},
	{"apache_error", "Apache's error log: explains refusals", newApacheError, shapeBracket},
}

// Headed tells whether the head of a source names its columns, so that each source
// has to be looked at: by Guess, not by New.
func (s Spec) Headed() bool {
	_, ok := s.New().(*w3c)
	return ok
}

// Lookup returns the format of that name.
func Lookup(name string) (Spec, bool) {
	for _, s := range Formats {
		if s.Name == name {
			return s, true
		}
	}
	return Spec{}, false
}

// shape is what a line looks like at its first bytes. It keeps formats from
// being tried in vain where log lines of several kinds are mixed.
type shape uint8

const (
	shapeText    shape = iota // anything else
	shapeJSON                 // {
	shapeSlash                // 2006/01/02 15:04:05 [: nginx' error log
	shapeBracket              // [
)

func shapeOf(line []byte) shape {
	switch {
	case len(line) == 0:
		return shapeText
	case line[0] == '{':
		return shapeJSON
	case line[0] == '[':
		return shapeBracket
	case len(line) > 20 && line[4] == '/' && line[7] == '/' && line[13] == ':' && line[0]-'0' <= 9:
		return shapeSlash
	}
	return shapeText
}
