package inject

import (
	"fmt"
	"strings"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
	"github.com/denylens/denylens/cmd/denylens/internal/splitmix"
)

// probes are files that scanners ask every site for; the list is our own, after
// what stands in public logs of scanners.
var probes = strings.Fields(`/.env /.git/config /.git/HEAD /.svn/entries /.DS_Store /.htpasswd /.aws/credentials /wp-login.php /wp-admin/install.php
	/wp-config.php.bak /wp-content/debug.log /xmlrpc.php /phpinfo.php /info.php /test.php /phpmyadmin/index.php /pma/index.php /adminer.php /admin.php
	/administrator/index.php /manager/html /solr/admin/info /actuator/env /actuator/health /api/swagger.json /swagger-ui.html /console/ /jenkins/login
	/server-status /server-info /backup.zip /backup.sql /db.sql /dump.sql /site.tar.gz /www.zip /old/ /config.json /config.php.old /web.config
	/cgi-bin/test.cgi /cgi-bin/luci /boaform/admin/formLogin /HNAP1/ /vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php /id_rsa /.ssh/id_rsa
	/etc/passwd /..%2f..%2fetc/passwd /index.php?page=../../../../etc/passwd /?id=1%27%20OR%20%271%27=%271 /search?q=%3Cscript%3Ealert(1)%3C/script%3E
	/shell.php /c99.php /r57.php /wso.php /upload.php /filemanager/ /elfinder/ /owa/auth/logon.aspx /autodiscover/autodiscover.xml /telescope/requests
	/_profiler/phpinfo /debug/default/view /.vscode/sftp.json /sftp-config.json /composer.json /package.json /docker-compose.yml /Dockerfile`)

// stage plays the case's misuse; false if the site has nothing to misuse so.
func (r *raid) stage(c Case) bool {
	span := min(c.Duration, time.Hour).Seconds()
	switch c.Scope {
	case "scan":
		r.scan()
	case "stuffing":
		r.stuff(max(span, 900), 150+r.rng.IntN(250), 2)
	case "low_and_slow":
		r.stuff(6*3600, 150+r.rng.IntN(150), 1)
	case "brute_force":
		r.bruteForce()
	case "enumeration":
		r.enumerate()
	case "fake_crawler":
		r.fakeCrawler()
	case "key_sharing":
		return r.shareKey()
	case "flood":
		r.flood()
	case "scraping":
		if len(r.pages) < catalogue {
			return false
		}
		r.scrape()
	case "bypass_probe":
		r.bypass()
	case "botnet":
		r.botnet(max(span, 1800))
	}
	return true
}

func (r *raid) scan() {
	a := r.stranger()
	agent := oneOf(r.rng, []string{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/91.0.4472.114 Safari/537.36", "python-requests/2.31.0", "Go-http-client/1.1", "Mozilla/5.0 zgrab/0.x", ""})
	refused := r.rng.Float64() * .6
	r.names("scan", ip(a))
	at := 0.0
	for i, n := 0, 60+r.rng.IntN(400); i < n; i++ {
		q := Ask{Client: a, Method: "GET", URI: oneOf(r.rng, probes), Agent: agent, Answer: Answer{Status: 404}}
		if i >= len(probes) {
			q.URI = fmt.Sprintf("/%s%d%s", oneOf(r.rng, []string{"backup", "old", "test", "admin", "data"}), r.rng.IntN(300), oneOf(r.rng, []string{".zip", ".sql", ".bak", ".php", "/"}))
		}
		if splitmix.Unit(splitmix.Text(q.URI)) < refused {
			q.Status = 403
		}
		r.do(at, q)
		at += .05 + r.rng.ExpFloat64()*.6
	}
}

func (r *raid) stuff(span float64, addresses, tries int) {
	path := r.login()
	status := []int{401, 403}[r.rng.IntN(2)]
	r.names("credential_stuffing", []simulate.Term{term("path", path)}, "brute_force")
	for _, p := range []string{path, strings.TrimSuffix(path, "/")} {
		r.accept(term("path", p))
		r.accept(term("path", p), term("method", "POST"))
	}
	agents := []string{r.browser(), "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/103.0.0.0 Safari/537.36"}
	for range addresses {
		a, agent := r.stranger(), oneOf(r.rng, agents)
		at := r.rng.Float64() * span
		for range 1 + r.rng.IntN(tries) {
			q := Ask{Client: a, Method: "POST", URI: path, Agent: agent, Answer: Answer{Status: status, App: true}}
			if r.rng.Float64() < .005 {
				q.Status = 302
			}
			r.do(at, q)
			at += 2 + r.rng.ExpFloat64()*20
		}
	}
}

func (r *raid) bruteForce() {
	a, path, status := r.stranger(), r.login(), []int{401, 403}[r.rng.IntN(2)]
	r.names("brute_force", ip(a), "credential_stuffing")
	r.accept(term("ip", a), term("path", path))
	at := 0.0
	for range 150 + r.rng.IntN(1000) {
		r.do(at, Ask{Client: a, Method: "POST", URI: path, Agent: "python-requests/2.31.0", Answer: Answer{Status: status, App: true}})
		at += .1 + r.rng.ExpFloat64()*1.5
	}
}

func (r *raid) enumerate() {
	a, agent := r.stranger(), r.browser()
	before, behind, number := r.numbered()
	r.names("enumeration", ip(a))
	folder := strings.TrimSuffix(before, "/")
	for _, p := range []string{folder, folder + "/{n}" + behind} {
		r.accept(term("path", p))
		r.accept(term("ip", a), term("path", p))
	}
	at := 0.0
	for range 150 + r.rng.IntN(800) {
		number++
		q := Ask{Client: a, Method: "GET", URI: fmt.Sprint(before, number, behind), Agent: agent, Answer: Answer{Status: 403, App: true}}
		if u := r.rng.Float64(); u < .04 {
			q.Status = 200
		} else if u < .3 {
			q.Status = 404
		}
		r.do(at, q)
		at += r.rng.ExpFloat64()
	}
}

func (r *raid) fakeCrawler() {
	a := r.stranger()
	r.names("fake_crawler", ip(a), "scraping")
	refused, at := r.rng.Float64()*.5, 0.0
	for range 200 + r.rng.IntN(800) {
		q := Ask{Client: a, Method: "GET", URI: r.page(), Agent: "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Answer: Answer{Status: 200}}
		if r.rng.Float64() < refused {
			q.Status = 403
		}
		r.do(at, q)
		at += .1 + r.rng.ExpFloat64()
	}
}

// shareKey has a known user's key in use at many places. It needs a log that
// names users.
func (r *raid) shareKey() bool {
	user, own := r.sharedKey()
	if len(own) < 20 {
		return false
	}
	r.names("key_sharing", []simulate.Term{term("user", user)})
	for range 25 + r.rng.IntN(35) {
		a, at := r.stranger(), r.rng.Float64()*1800
		for range 5 + r.rng.IntN(25) {
			l := oneOf(r.rng, own)
			r.do(at, Ask{Client: a, User: user, Method: l.Method, URI: l.Path, Agent: l.Agent, Answer: Answer{Status: int(l.Status), Bytes: l.Bytes, App: true}})
			at += 5 + r.rng.ExpFloat64()*120
		}
	}
	return true
}

func (r *raid) flood() {
	a, status := r.stranger(), []int{403, 403, 429}[r.rng.IntN(3)]
	r.names("flood", ip(a), "scan", "attack_blocked")
	at := 0.0
	for range 2000 + r.rng.IntN(4000) {
		r.do(at, Ask{Client: a, Method: "GET", URI: "/", Agent: r.form.Agent, Answer: Answer{Status: status}})
		at += r.rng.ExpFloat64() * .06
	}
}

func (r *raid) scrape() {
	a, agent := r.stranger(), r.browser()
	r.names("scraping", ip(a), "enumeration", "flood")
	refused, at := .05+r.rng.Float64()*.35, 0.0
	for range 700 + r.rng.IntN(1800) {
		q := Ask{Client: a, Method: "GET", URI: r.page(), Agent: agent, Answer: Answer{Status: 200}}
		if r.rng.Float64() < refused {
			q.Status = 403
		}
		r.do(at, q)
		at += .1 + r.rng.ExpFloat64()*.9
	}
}

func (r *raid) bypass() {
	a := r.stranger()
	r.names("bypass_probe", ip(a), "scan")
	ways := strings.Fields("/admin /admin/ /admin/. //admin// /./admin/./ /admin%20 /admin%09 /admin.json /admin..;/ /;/admin /%2e/admin /ADMIN /admin/~ /admin? /admin/* /%61dmin /admin%2f /api/../admin /static/..%2fadmin")
	at := 0.0
	for range 50 + r.rng.IntN(150) {
		r.do(at, Ask{Client: a, Method: oneOf(r.rng, []string{"GET", "GET", "GET", "POST", "HEAD", "PUT", "OPTIONS", "TRACE"}), URI: oneOf(r.rng, ways), Agent: "curl/8.5.0", Answer: Answer{Status: 403}})
		at += .2 + r.rng.ExpFloat64()
	}
}

func (r *raid) botnet(span float64) {
	path := oneOf(r.rng, []string{"/xmlrpc.php", "/.env", "/admin/config.php"})
	r.names("scan", []simulate.Term{term("path", path), term("ua", "IE/6")}, "bypass_probe", "flood", "brute_force")
	for _, ua := range []string{"IE/6", "MSIE/6", "IE", "MSIE"} {
		r.accept(term("ua", ua))
		r.accept(term("path", path), term("ua", ua))
	}
	r.accept(term("path", path))
	for range 200 + r.rng.IntN(300) {
		r.do(r.rng.Float64()*span, Ask{Client: r.stranger(), Method: "GET", URI: path, Agent: "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)", Answer: Answer{Status: 403}})
	}
}
