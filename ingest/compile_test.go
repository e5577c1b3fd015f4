package ingest

import (
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"
)

// compileSpecs are format strings in all the ways people paste them.
var compileSpecs = []string{
	"auto", "combined", "COMBINED", "VCOMMON",
	`$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`,
	`log_format main '$remote_addr - $remote_user [$time_local] "$request" '` + "\n" + `'$status $body_bytes_sent "$http_referer" "$http_user_agent"';`,
	`log_format j escape=json '{"t":"$time_iso8601","a":"$remote_addr","s":$status,"r":"$request","ua":"$http_user_agent"}';`,
	`'${remote_addr}|$status|$msec|$request_uri'`,
	`LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"" combined`,
	`%a %{c}a [%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t] "%m %U%q %H" %>s %O %D %{X-Forwarded-For}i`,
	`%h %^[%d:%t %^] "%r" %s %b "%R" "%u"`, `%x %h %s %U`, `%v %h %^ %e [%d:%t %^] "%r" %s %b`,
	`$status$body_bytes_sent`, `%{Foo`, `$`, `${x`, `%`, `'`, `log_format`, `$a $b $c`,
}

func TestPastedFormatsAreCompiled(t *testing.T) {
	for _, c := range []struct{ spec, line, want string }{
		{compileSpecs[5], `203.0.113.7 - bob [14/Mar/2026:09:26:53 +0000] "GET /a b HTTP/1.1" 403 9 "-" "x y"`,
			`{"agent":"x y","bytes":9,"client":"203.0.113.7","method":"GET","path":"/a b","proto":"HTTP/1.1","remote":"203.0.113.7","request":"GET /a b HTTP/1.1","status":403,"time":"2026-03-14T09:26:53Z","uri":"/a b","user":"bob","zone":true}`},
		{compileSpecs[6], `{"t":"2026-03-14T09:26:53+00:00","a":"203.0.113.7","s":403,"r":"GET / HTTP/1.1","ua":"-"}`,
			`{"agent":"-","client":"203.0.113.7","method":"GET","path":"/","proto":"HTTP/1.1","remote":"203.0.113.7","request":"GET / HTTP/1.1","status":403,"time":"2026-03-14T09:26:53Z","uri":"/","zone":true}`},
		{`log_format j escape=json '$remote_addr "$request" $status [$time_local] "$http_user_agent" "$http_referer"'`,
			`203.0.113.7 "GET /\u0001\"x HTTP/1.1" 403 [14/Mar/2026:09:26:53 +0000] "-" ""`,
			"{\"agent\":\"-\",\"client\":\"203.0.113.7\",\"method\":\"GET\",\"path\":\"/\\u0001\\\"x\",\"proto\":\"HTTP/1.1\",\"remote\":\"203.0.113.7\",\"request\":\"GET /\\u0001\\\"x HTTP/1.1\",\"status\":403,\"time\":\"2026-03-14T09:26:53Z\",\"uri\":\"/\\u0001\\\"x\",\"zone\":true}"},
		{`$http_x_forwarded_for - $remote_user [$time_local] "$request" $status $body_bytes_sent $remote_addr $http_host`,
			`198.51.100.1, 10.0.0.1 - - [14/Mar/2026:09:26:53 +0000] "GET / - [x] HTTP/1.1" 403 9 203.0.113.7 shop.example`,
			`{"bytes":9,"client":"203.0.113.7","forwarded":"198.51.100.1, 10.0.0.1","host":"shop.example","method":"GET","path":"/ - [x]","proto":"HTTP/1.1","remote":"203.0.113.7","request":"GET / - [x] HTTP/1.1","status":403,"time":"2026-03-14T09:26:53Z","uri":"/ - [x]","zone":true}`},
		{`$http_x_forwarded_for $remote_addr [$time_local] $status`, `198.51.100.1, 10.0.0.1 203.0.113.7 [14/Mar/2026:09:26:53 +0000] 403`,
			`{"client":"203.0.113.7","forwarded":"198.51.100.1, 10.0.0.1","remote":"203.0.113.7","status":403,"time":"2026-03-14T09:26:53Z","zone":true}`},
		{compileSpecs[7], `203.0.113.7|403|1773480413.250|/a b?c`,
			`{"client":"203.0.113.7","millis":true,"path":"/a b","query":"c","remote":"203.0.113.7","status":403,"time":"2026-03-14T09:26:53.25Z","uri":"/a b?c","zone":true}`},
		{compileSpecs[8], `203.0.113.7 - - [14/Mar/2026:09:26:53 +0000] "GET / HTTP/1.1" 403 - "-" "\"x\""`,
			`{"agent":"\"x\"","bytes":0,"client":"203.0.113.7","method":"GET","path":"/","proto":"HTTP/1.1","remote":"203.0.113.7","request":"GET / HTTP/1.1","status":403,"time":"2026-03-14T09:26:53Z","uri":"/","zone":true}`},
		{compileSpecs[10], `203.0.113.7 - - [14/Mar/2026:09:26:53 +0100] "GET / HTTP/1.1" 403 9 "-" "x"`,
			`{"agent":"x","bytes":9,"client":"203.0.113.7","method":"GET","path":"/","proto":"HTTP/1.1","remote":"203.0.113.7","request":"GET / HTTP/1.1","status":403,"time":"2026-03-14T08:26:53Z","uri":"/","zone":true}`},
		{`%v %h %^[%x] "%r" %s %^ "%u"`, `shop.example 203.0.113.7 - - [14/Mar/2026:09:26:53 +0100] "GET / HTTP/1.1" 403 9 "x"`,
			`{"agent":"x","client":"203.0.113.7","host":"shop.example","method":"GET","path":"/","proto":"HTTP/1.1","remote":"203.0.113.7","request":"GET / HTTP/1.1","status":403,"time":"2026-03-14T08:26:53Z","uri":"/","zone":true}`},
		{compileSpecs[11], `2026-03-14T09:26:53Z 203.0.113.7 403 /x`,
			`{"client":"203.0.113.7","path":"/x","remote":"203.0.113.7","status":403,"time":"2026-03-14T09:26:53Z","uri":"/x","zone":true}`},
		{`$time_iso8601 $host $remote_addr "$request" $status $limit_req_status us=$upstream_status geo=$geoip_country_code id=$request_id`,
			`2026-03-14T09:26:53+00:00 shop.example 2001:db8::7 "GET / HTTP/1.1" 403 REJECTED us=502, 200 geo=DE id=abc`,
			`{"client":"2001:db8::7","country":"DE","host":"shop.example","id":"abc","method":"GET","path":"/","proto":"HTTP/1.1","remote":"2001:db8::7","request":"GET / HTTP/1.1","status":403,"time":"2026-03-14T09:26:53Z","upstream":200,"uri":"/","why":"rate_limit","zone":true}`},
		{`[$time_local] $remote_addr $scheme://$host$request_uri $status`, `[14/Mar/2026:09:26:53 +0000] 203.0.113.7 https://shop.example/x?y 403`,
			`{"client":"203.0.113.7","host":"shop.example","path":"/x","query":"y","remote":"203.0.113.7","status":403,"time":"2026-03-14T09:26:53Z","uri":"/x?y","zone":true}`},
		{`%h %t "%m %U%q %H" %>s %{ms}T`, `203.0.113.7 [14/Mar/2026:09:26:53 +0000] "GET /a?b=c HTTP/1.1" 403 17`,
			`{"client":"203.0.113.7","duration":"17ms","method":"GET","path":"/a","proto":"HTTP/1.1","query":"b=c","remote":"203.0.113.7","status":403,"time":"2026-03-14T09:26:53Z","uri":"/a?b=c","zone":true}`},
		{`%{%Y-%m-%d %H:%M:%S}t %a %>s "%r"`, `2026-03-14 09:26:53 203.0.113.7 403 "GET / HTTP/1.1"`,
			`{"client":"203.0.113.7","method":"GET","path":"/","proto":"HTTP/1.1","remote":"203.0.113.7","request":"GET / HTTP/1.1","status":403,"time":"2026-03-14T09:26:53Z","uri":"/"}`},
	} {
		newFormat, _, err := Compile(c.spec)
		if err != nil {
			t.Errorf("%s: %v", c.spec, err)
			continue
		}
		var r Record
		err = newFormat().Parse([]byte(c.line), &r)
		if got := strings.TrimSpace(describe(&r, err)); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.spec, got, c.want)
		}
	}
}

func TestWrongFormatStringsAreNamedByTheirWrongPart(t *testing.T) {
	for spec, want := range map[string]string{
		"":                              "",
		"combind":                       `no format is called "combind"`,
		"$remote_addr $":                `behind the $ at "$"`,
		"${remote_addr $status":         "no } behind",
		"$request$http_user_agent":      "between $request and $http_user_agent",
		"%h %Y %>s":                     "%Y is no directive",
		"%h %{User-Agent":               `no } behind "%{User-Agent"`,
		"%h %{%Q}t":                     "%Q is not understood",
		"%{fortnight}T":                 "unit must be",
		"%h %^ %Z":                      "%Z is no specifier",
		"log_format main":               "must follow",
		"log_format main escape=x '$a'": "escape=x",
		"log_format main '$a":           "not closed",
		"AWSELB":                        "not read",
		"$nonsense":                     "none of its variables is known: $nonsense",
		"[$a] $b|${c}":                  "none of its variables is known: $a $b $c",
		"$nonsense $status":             "",
		strings.Repeat("$status ", 65):  "more than 64",
	} {
		_, _, err := Compile(spec)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", spec, err, want)
		}
	}
}

func TestWhatCannotBeToldApartIsWarnedOf(t *testing.T) {
	for spec, want := range map[string]string{
		`$remote_addr $time_iso8601 $status $http_referer $http_user_agent`:          "$http_referer and $http_user_agent are not quoted",
		`$remote_addr|$status|$time_iso8601|$http_referer|$http_user_agent`:          "$http_referer is not quoted",
		`escape=none '$remote_addr $status [$time_local] "$request"'`:                "escape=none",
		`$remote_addr "$request" [$time_local]`:                                      "no status",
		`$status "$request" [$time_local]`:                                           "no client address",
		`$status "$request" $remote_addr`:                                            "no time",
		`{"a":"$remote_addr","s":"$status","t":"$time_iso8601","x":"$host $scheme"}`: `"x" mixes`,
	} {
		_, warnings, err := Compile(spec)
		if err != nil || !strings.Contains(strings.Join(warnings, "\n"), want) {
			t.Errorf("%s: got %q %v, want %q", spec, warnings, err, want)
		}
	}
	if _, w, err := Compile(compileSpecs[4]); len(w) > 0 || err != nil {
		t.Errorf("combined is warned of: %q %v", w, err)
	}
}

// TestLinesWithTwoReadingsAreRejected: where data can imitate the layout, a
// line that it does imitate is not guessed at.
func TestLinesWithTwoReadingsAreRejected(t *testing.T) {
	newFormat, _, err := Compile(`escape=none '$remote_addr|$remote_user|$time_iso8601|$request|$status|$body_bytes_sent|$http_user_agent'`)
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]error{
		`203.0.113.7||2026-03-14T09:26:53+00:00|GET / HTTP/1.1|200|4|x`:              nil,
		`203.0.113.7|a|b|2026-03-14T09:26:53+00:00|GET /a|b HTTP/1.1|200|4|x|y`:      nil,
		`203.0.113.7||2026-03-14T09:26:53+00:00|GET / HTTP/1.1|200|4|x|403|9|y`:      FlawColumns,
		`203.0.113.7||2026-03-14T09:26:53+00:00|GET /|200|4|` + `x HTTP/1.1|403|4|y`: FlawColumns,
	} {
		var r Record
		if err := newFormat().Parse([]byte(line), &r); err != want {
			t.Errorf("%s: got %v, want %v", line, err, want)
		}
	}
}

func TestFormatsAreFoundInServerConfigurations(t *testing.T) {
	files := map[string]string{
		"/etc/nginx/conf.d/shop.conf": "server {\n access_log /var/log/shop.log json buffer=32k;\n location / { access_log off; }\n}\n",
		"/etc/apache2/sites/x.conf":   "<VirtualHost *:80>\n CustomLog ${APACHE_LOG_DIR}/x.log \"%v %h %>s\" env=!quiet\n</VirtualHost>\n",
	}
	open := func(path string) ([]byte, error) {
		if s, ok := files[path]; ok {
			return []byte(s), nil
		}
		return nil, fs.ErrNotExist
	}
	nginx := `# comment with ' and "
http {
  log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                  '$status $body_bytes_sent "$http_referer" "${http_user_agent}"'; # trailing
  log_format json escape=json '{"it\'s":"$status"}';
  log_format unused "$status";
  map $http_user_agent $bad { "~*x{2}" 1; default 0; }
  access_log /var/log/nginx/access.log;
  access_log syslog:server=10.0.0.1 main if=$bad;
  include conf.d/shop.conf;
}`
	got, err := FromServerConfig("/etc/nginx/nginx.conf", []byte(nginx), open)
	if err != nil {
		t.Fatal(err)
	}
	want := []NamedFormat{
		{"combined", "combined", []string{"/var/log/nginx/access.log"}},
		{"main", `log_format main '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "${http_user_agent}"';`, []string{"syslog:server=10.0.0.1"}},
		{"json", `log_format json escape=json '{"it\'s":"$status"}';`, []string{"/var/log/shop.log"}},
		{"unused", `log_format unused '$status';`, nil},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("nginx:\n got %q\nwant %q", got, want)
	}
	apache := "ServerRoot /etc/apache2\nLogFormat \"%h %l %u %t \\\"%r\\\" %>s %b\" common\n#LogFormat \"%x\" no\nLogFormat \"%h \\\n %>s\"\nTransferLog logs/t.log\nCustomLog logs/access.log common\nInclude sites/x.conf\nIncludeOptional sites/absent.conf\n"
	got, err = FromServerConfig("/etc/apache2/apache2.conf", []byte(apache), open)
	if err != nil {
		t.Fatal(err)
	}
	want = []NamedFormat{
		{"", `LogFormat "%h  %>s"`, []string{"logs/t.log"}},
		{"common", `LogFormat "%h %l %u %t \"%r\" %>s %b"`, []string{"logs/access.log"}},
		{"%v %h %>s", `LogFormat "%v %h %>s"`, []string{"${APACHE_LOG_DIR}/x.log"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("apache:\n got %q\nwant %q", got, want)
	}
	for _, f := range got {
		if _, _, err := Compile(f.Format); err != nil {
			t.Errorf("%s: %v", f.Format, err)
		}
	}
	if _, err := FromServerConfig("/etc/nginx/nginx.conf", []byte("http { include absent.conf; }"), open); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an include that is not there: %v", err)
	}
	if _, err := FromServerConfig("x", []byte("nothing"), nil); err == nil {
		t.Error("a file without formats is no error")
	}
}

func TestReadingByACompiledFormatAllocatesNothing(t *testing.T) {
	for spec, line := range map[string]string{
		compileSpecs[4] + ` rt=$request_time us="$upstream_status"`: typicalLine + ` rt=0.5 us="502, 200"`,
		compileSpecs[6]: `{"t":"2026-03-14T09:26:53+00:00","a":"203.0.113.7","s":403,"r":"GET / HTTP/1.1","ua":"\u00e9"}`,
		compileSpecs[7]: `203.0.113.7|403|1773480413.250|/a b?c`,
		"combined":      `<190>Mar 14 09:26:53 web1 nginx: ` + typicalLine,
		"common":        wrappedLines[9],
	} {
		newFormat, _, err := Compile(spec)
		if err != nil {
			t.Fatal(err)
		}
		f, r, buf := newFormat(), new(Record), make([]byte, 0, 4096)
		for _, l := range []string{line, "nonsense", ""} {
			if n := testing.AllocsPerRun(20, func() {
				r.Reset()
				if err := f.Parse(append(buf[:0], l...), r); err != nil && l == line {
					t.Errorf("%s: %v", spec, err)
				}
			}); n != 0 {
				t.Errorf("%s: %v allocations", spec, n)
			}
		}
	}
}
