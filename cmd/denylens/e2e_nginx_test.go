//go:build e2e

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/denylens/denylens/ingest"
)

// nginxConf refuses for each reason nginx knows. %[1]s is the folder, %[2]d the
// port, %[3]s the user line, %[4]s the log format.
const nginxConf = `%[3]s
daemon off;
worker_processes 1;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log info;
events { worker_connections 128; }
http {
	log_format main '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for"';
	access_log %[1]s/access.log %[4]s;
	client_body_temp_path %[1]s/tmp; proxy_temp_path %[1]s/tmp; fastcgi_temp_path %[1]s/tmp; uwsgi_temp_path %[1]s/tmp; scgi_temp_path %[1]s/tmp;
	types { text/html html; }
	set_real_ip_from 127.0.0.0/8;
	real_ip_header X-Forwarded-For;
	limit_req_zone $binary_remote_addr zone=slow:1m rate=30r/m;
	map $http_user_agent $unwanted { default 0; "~*grabber" 1; }
	include %[1]s/more.conf*;
	server {
		listen 127.0.0.1:%[2]d;
		server_name shop.example;
		root %[1]s/www;
		location /ranges/ { deny 177.0.0.0/8; allow all; }
		location /secret/ { auth_basic staff; auth_basic_user_file %[1]s/htpasswd; }
		location /limited/ { limit_req zone=slow burst=2 nodelay; limit_req_status 403; }
		location /pics/ { valid_referers none server_names; if ($invalid_referer) { return 403; } }
		location /agent/ { if ($unwanted) { return 403; } }
		include %[1]s/site.conf*;
	}
}
`

// newNginx starts nginx with that configuration.
func newNginx(t *testing.T, format string) *web {
	t.Helper()
	bin := needs(t, "nginx")
	s := &web{dir: open(t), port: freePort(t), http: http.Client{Transport: &http.Transport{}}}
	website(t, s.dir)
	public(t, s.dir, "tmp")
	user := ""
	if os.Getuid() == 0 {
		user = "user www-data;"
		os.Chmod(filepath.Join(s.dir, "tmp"), 0o777)
	}
	conf := filepath.Join(s.dir, "nginx.conf")
	put(t, conf, fmt.Sprintf(nginxConf, s.dir, s.port, user, format), 0o644)
	s.start(t, bin, "-c", conf, "-p", s.dir)
	return s
}

const (
	berlin   = "91.64.10.20"
	saoPaulo = "177.32.11.12"
	lisbon   = "2001:818:dead:beef::7"
	browser  = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:148.0) Gecko/20100101 Firefox/148.0"
)

// refusals asks for everything that either server refuses, and for what it does
// not, and checks the answers against what the configuration says.
func (s *web) refusals(t *testing.T) {
	t.Helper()
	want := func(status int, x exchange, password string) {
		t.Helper()
		if x.agent == "" {
			x.agent = browser
		}
		if got := s.get(t, x, password); got != status {
			t.Errorf("%s %s from %s: %d, want %d", x.method, x.path, x.client, got, status)
		}
	}
	for i := range 20 {
		id := fmt.Sprintf("page.html?n=%d", i)
		want(200, exchange{client: berlin, path: "/ok/" + id}, "")
		want(200, exchange{client: lisbon, path: "/ok/" + id, referer: "https://shop.example/"}, "")
		want(200, exchange{client: berlin, path: "/ranges/" + id}, "")
		want(403, exchange{client: saoPaulo, path: "/ranges/" + id}, "")
		want(403, exchange{client: berlin, path: "/noindex/"}, "")
		want(200, exchange{client: berlin, path: "/noindex/" + id}, "")
		want(401, exchange{client: berlin, path: "/secret/" + id}, "")
		want(401, exchange{client: berlin, path: "/secret/" + id, user: "ada"}, "wrong")
		want(200, exchange{client: berlin, path: "/secret/" + id, user: "ada"}, "lovelace")
		want(403, exchange{client: berlin, path: "/locked/page.html"}, "")
		want(404, exchange{client: berlin, path: "/nothing/" + id}, "")
		want(403, exchange{client: berlin, path: "/pics/page.html", referer: "http://leech.example/wall"}, "")
		want(200, exchange{client: berlin, path: "/pics/page.html"}, "")
		want(403, exchange{client: lisbon, path: "/agent/page.html", agent: "PageGrabber/2.1"}, "")
	}
	for _, agent := range []string{`quote " and \ backslash`, "tab\tinside", "caf\xe9 latin1", "emoji 🦊", `" 403 0 "-" "forged`, "[02/Mar/2026:00:00:00 +0000]"} {
		want(200, exchange{client: berlin, path: "/ok/page.html", agent: agent}, "")
	}
	for _, path := range []string{"/ok/page.html?q=%0a%0d1.2.3.4", "/ok/page.html?q=%22%20403%200", "/ok/page.html?u=http://user:pw@h/"} {
		want(200, exchange{client: berlin, path: path}, "")
	}
}

func TestE2ENginxLinesAreReadAsTheyWereMeant(t *testing.T) {
	for _, format := range []string{"combined", "main"} {
		t.Run(format, func(t *testing.T) {
			s := newNginx(t, format)
			s.refusals(t)
			limited := 0
			for i := range 12 {
				if s.get(t, exchange{client: saoPaulo, path: fmt.Sprintf("/limited/page.html?n=%d", i), agent: browser}, "") == 403 {
					limited++
				}
			}
			if limited < 6 {
				t.Errorf("%d of 12 requests limited", limited)
			}
			path := s.settled(t)
			why := reasons(t, filepath.Join(s.dir, "error.log"))
			for w, least := range map[ingest.Why]int{ingest.WhyRule: 20, ingest.WhyNoIndex: 20, ingest.WhyFilePermission: 20, ingest.WhyAuthFailed: 20, ingest.WhyRateLimit: limited} {
				if why[w] < least {
					t.Errorf("error log: %v %d times, want %d; have %v", w, why[w], least, why)
				}
			}

			s.compare(t, exported(t, path))
			s.checkReport(t, path)
		})
	}
}

// checkReport checks a scan's sums against what was sent, with the error log
// beside the access log: its lines are no requests.
func (s *web) checkReport(t *testing.T, path string) {
	t.Helper()
	denied := 0
	clients, refused := map[string]bool{}, map[string]bool{} // a client is an address, and its user if it names one
	for _, x := range s.sent {
		clients[x.client+" "+x.user] = true
		if x.status == 403 {
			denied++
			refused[x.client+" "+x.user] = true
		}
	}
	for _, with := range [][]string{{path}, {path, filepath.Join(s.dir, "error.log")}} {
		r, _ := scan(t, 0, with...)
		tr := r.Traffic
		if tr.Requests != int64(len(s.sent)) || tr.Denied != int64(denied) || tr.Clients != int64(len(clients)) || tr.DeniedClients != int64(len(refused)) {
			t.Errorf("scan of %d files: %d requests, %d refused, %d clients, %d refused; want %d, %d, %d, %d", len(with),
				tr.Requests, tr.Denied, tr.Clients, tr.DeniedClients, len(s.sent), denied, len(clients), len(refused))
		}
		if r.Input.Rejected != 0 {
			t.Errorf("scan of %d files: %d lines rejected: %+v", len(with), r.Input.Rejected, r.Input.Sources)
		}
	}
}
