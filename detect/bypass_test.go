package detect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/denylens/denylens/ingest"
)

// Who writes one refused path in many ways, or asks for it by method after
// method, looks for a way around. Who looks for files of the system by the same
// means scans; and what is small is told nevertheless, among all the scanners of
// a day.
func TestAWayAroundARefusalIsNoBackground(t *testing.T) {
	ways := strings.Fields("/admin /admin/. /./admin/./ /admin%09 /admin.json /admin..;/ /;/admin /%2e/admin /ADMIN /admin/~ /%61dmin /admin%2f /api/../admin /static/..%2fadmin /admin/;x")
	files := strings.Fields("/..%2f..%2fetc/passwd /%2e%2e/%2e%2e/etc/passwd /cgi-bin/..%2f..%2fbin/sh /.env /wp-config.php.bak /phpmyadmin/ /static/..%2f..%2fetc/passwd /.git/config /a..;/b /shell.php%00 /backup.sql /id_rsa /.ssh/id_rsa /x/%2e%2e/%2e%2e/etc/shadow")
	for name, c := range map[string]struct {
		paths, methods []string
		want           string
	}{
		"paths in disguise": {ways, []string{"GET"}, "bypass_probe"},
		"methods":           {ways[:1], strings.Fields("GET POST PUT HEAD OPTIONS TRACE DELETE PATCH"), "bypass_probe"},
		"both":              {ways, strings.Fields("GET POST PUT HEAD"), "bypass_probe"},
		"files":             {files, []string{"GET"}, "scan"},
	} {
		lines := site(72, 200, nil)
		for k := range 45 {
			minute, second := 100+k/15, k%15*4
			request := c.methods[k%len(c.methods)] + " " + c.paths[k%len(c.paths)]
			if len(c.paths) == 1 { // a refusal is looked at from its neighbourhood
				request += []string{"", "/users", "/export", "/keys", "/x", "/y", "/z", "/w", "/v", "/u", "/t", "/s", "/r", "/q", "/p", "/o", "/n", "/m", "/l"}[k%19]
			}
			v := visit{minute, second, 0, "/", 403}
			_, rest, _ := strings.Cut(v.line(0), " [")
			at, _, _ := strings.Cut(rest, "]")
			lines = append(lines, fmt.Sprintf("198.51.100.9 - - [%s] \"%s HTTP/1.1\" 403 512 \"-\" \"curl/8.5.0\"\n", at, request))
		}
		found := analyse(t, ingest.Options{}, inOrder(lines)).Incidents
		if len(found) != 1 || found[0].Cause.ID != c.want || strings.HasPrefix(found[0].ID, "background") {
			t.Errorf("%s: %v, want one, %s", name, titles(Summary{Incidents: found}), c.want)
			for _, in := range found {
				t.Log(in.Cause, in.Causes)
			}
		}
	}
}
