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

// apacheConf refuses for each reason Apache knows. %[1]s is the folder, %[2]d
// the port, %[3]s the user lines, %[4]s the log format's name.
const apacheConf = `ServerRoot %[1]s
PidFile %[1]s/apache.pid
DefaultRuntimeDir %[1]s/tmp
Mutex file:%[1]s/tmp
Listen 127.0.0.1:%[2]d
ServerName shop.example
%[3]s
ErrorLog %[1]s/error.log
LogLevel warn
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule authn_file_module /usr/lib/apache2/modules/mod_authn_file.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_host_module /usr/lib/apache2/modules/mod_authz_host.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule auth_basic_module /usr/lib/apache2/modules/mod_auth_basic.so
LoadModule access_compat_module /usr/lib/apache2/modules/mod_access_compat.so
LoadModule autoindex_module /usr/lib/apache2/modules/mod_autoindex.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so
LoadModule remoteip_module /usr/lib/apache2/modules/mod_remoteip.so
LoadModule rewrite_module /usr/lib/apache2/modules/mod_rewrite.so
LoadModule setenvif_module /usr/lib/apache2/modules/mod_setenvif.so
TypesConfig /dev/null
RemoteIPHeader X-Forwarded-For
RemoteIPInternalProxy 127.0.0.0/8
LogFormat "%%v:%%p %%a %%l %%u %%t \"%%r\" %%>s %%O \"%%{Referer}i\" \"%%{User-Agent}i\"" vhost_combined
LogFormat "%%a %%l %%u %%t \"%%r\" %%>s %%O \"%%{Referer}i\" \"%%{User-Agent}i\"" combined
CustomLog %[1]s/access.log %[4]s
DocumentRoot %[1]s/www
DirectoryIndex index.html
<Directory %[1]s/www>
	Options -Indexes +FollowSymLinks
	AllowOverride All
	Require all granted
</Directory>
<Directory %[1]s/www/ranges>
	<RequireAll>
		Require all granted
		Require not ip 177.0.0.0/8
	</RequireAll>
</Directory>
<Directory %[1]s/www/secret>
	AuthType Basic
	AuthName staff
	AuthUserFile %[1]s/htpasswd.apache
	Require valid-user
</Directory>
RewriteEngine On
RewriteCond %%{HTTP_USER_AGENT} grabber [NC]
RewriteRule ^/agent/ - [F]
RewriteCond %%{HTTP_REFERER} !^$
RewriteCond %%{HTTP_REFERER} !^https?://shop\.example/ [NC]
RewriteRule ^/pics/ - [F]
`

func newApache(t *testing.T, format string) *web {
	t.Helper()
	bin := needs(t, "apache2")
	s := &web{dir: open(t), port: freePort(t), http: http.Client{Transport: &http.Transport{}}}
	website(t, s.dir)
	public(t, s.dir, "tmp")
	user := ""
	if os.Getuid() == 0 {
		user = "User www-data\nGroup www-data"
	}
	put(t, filepath.Join(s.dir, "htpasswd.apache"), "ada:{SHA}MJgvYgf2tRctgBqviyzN0HpBdyY=\n", 0o644)
	put(t, filepath.Join(s.dir, "www", "closed", ".htaccess"), "Require all denied\n", 0o644)
	put(t, filepath.Join(s.dir, "www", "broken", ".htaccess"), "Require all granted\n", 0)
	conf := filepath.Join(s.dir, "apache.conf")
	put(t, conf, fmt.Sprintf(apacheConf, s.dir, s.port, user, format), 0o644)
	s.start(t, bin, "-f", conf, "-DFOREGROUND")
	return s
}

func TestE2EApacheLinesAreReadAsTheyWereMeant(t *testing.T) {
	for _, format := range []string{"combined", "vhost_combined"} {
		t.Run(format, func(t *testing.T) {
			s := newApache(t, format)
			s.refusals(t)
			for range 15 {
				for _, path := range []string{"/closed/page.html", "/broken/page.html"} {
					if got := s.get(t, exchange{client: berlin, path: path, agent: browser}, ""); got != 403 {
						t.Errorf("%s: %d, want 403", path, got)
					}
				}
			}
			path := s.settled(t)
			why := reasons(t, filepath.Join(s.dir, "error.log"))
			for w, least := range map[ingest.Why]int{ingest.WhyRule: 35, ingest.WhyNoIndex: 20, ingest.WhyAuthFailed: 20, ingest.WhyHtaccess: 15, ingest.WhyFilePermission: 20} {
				if why[w] < least {
					t.Errorf("error log: %v %d times, want %d; have %v", w, why[w], least, why)
				}
			}

			s.compare(t, exported(t, path))
			s.checkReport(t, path)
		})
	}
}
