package ingest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// escapeNginx writes b as nginx does with escape=default.
func escapeNginx(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		if c < 0x20 || c == '"' || c == '\\' || c >= 0x7F {
			fmt.Fprintf(&s, `\x%02X`, c)
		} else {
			s.WriteByte(c)
		}
	}
	return s.String()
}

// escapeApache writes b as Apache's ap_escape_logitem does.
func escapeApache(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		if i := strings.IndexByte("\b\n\r\t\v", c); i >= 0 {
			s.WriteString(`\` + "bnrtv"[i:i+1])
		} else if c == '"' || c == '\\' {
			s.WriteByte('\\')
			s.WriteByte(c)
		} else if c < 0x20 || c >= 0x7F {
			fmt.Fprintf(&s, `\x%02x`, c)
		} else {
			s.WriteByte(c)
		}
	}
	return s.String()
}

// FuzzCombined writes lines as nginx and Apache would, whatever clients send,
// and demands that nothing of it moves to another field.
func FuzzCombined(f *testing.F) {
	f.Add([]byte("bob"), []byte("GET / HTTP/1.1"), []byte("-"), []byte(`say "hi" \x22`), false)
	f.Add([]byte(`] "GET / HTTP/1.1" 200 1 "-" "-" [23/Nov/2026:22:45:04 +0000`), []byte("\x16\x03"), []byte(""), []byte{}, true)
	f.Add([]byte(`[x] [`), []byte(`1.2.3.4 - - [23/Nov/2026 22:45:04 +0000] "GET / HTTP/1.1" 403 1 "-" "-"`), []byte("\\"), []byte("\""), false)
	layout, _, err := Compile(`$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" rt=$request_time`)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, user, request, referer, agent []byte, apache bool) {
		user = bytes.ReplaceAll(user, []byte{':'}, nil) // a colon ends the name in basic authentication
		if len(bytes.Trim(user, " -")) == 0 {
			user = []byte("u")
		}
		escape := escapeNginx
		if apache {
			escape = escapeApache
		}
		line := fmt.Sprintf(`203.0.113.7 - %s [23/Nov/2026:22:45:04 +0000] "%s" 403 17 "%s" "%s"`, escape(user), escape(request), escape(referer), escape(agent))
		for _, c := range []struct {
			f    Format
			line string
		}{{NewAuto(), line}, {newCLF("combined")(), line}, {layout(), line + " rt=0.5"}} {
			var r Record
			if err := c.f.Parse([]byte(c.line), &r); err != nil {
				t.Fatalf("%s: %v: %q", c.f.Name(), err, c.line)
			}
			if r.Client.String() != "203.0.113.7" || r.Status != 403 || r.Bytes != 17 || r.Time != 1795473904e9 {
				t.Fatalf("%s: what the server wrote is read as %v %d %d %d: %q", c.f.Name(), r.Client, r.Status, r.Bytes, r.Time, c.line)
			}
			for _, p := range []struct{ got, want []byte }{{r.User, user}, {r.Request, request}, {r.Referer, referer}, {r.Agent, agent}} {
				if want := orNil(p.want); !bytes.Equal(p.got, want) {
					t.Fatalf("%s: got %q, want %q: %q", c.f.Name(), p.got, want, c.line)
				}
			}
		}
	})
}

// FuzzAnyLine reads lines of any kind: no panic, the same twice, and a line
// that is rejected stays as it was.
func FuzzAnyLine(f *testing.F) {
	for _, s := range Formats {
		lines, _, _ := formatSamples(f, s.Name)
		for _, l := range lines {
			f.Add([]byte(l))
		}
	}
	for _, l := range wrappedLines {
		f.Add([]byte(l))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		formats := []Format{NewAuto(), Guess([][]byte{line}).New()}
		for _, s := range Formats {
			formats = append(formats, s.New())
		}
		for _, g := range formats {
			var a, b Record
			first := bytes.Clone(line)
			errA := g.Parse(first, &a)
			if errA != nil && !bytes.Equal(first, line) {
				t.Fatalf("%s rejected %q and changed it", g.Name(), line)
			}
			descA := describe(&a, errA)
			if errB := g.Parse(bytes.Clone(line), &b); describe(&b, errB) != descA {
				t.Fatalf("%s reads %q in two ways", g.Name(), line)
			}
		}
	})
}

// viaEncodingJSON reads a JSON object with encoding/json, as jsonAccess.collect
// does with its own scanner. It returns nil if a vital key occurs twice.
func viaEncodingJSON(line []byte) map[field]string {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	dec.Token()
	got := map[field]string{}
	rank := map[field]uint8{}
	seen := map[uint8]bool{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil
		}
		var raw json.RawMessage
		if dec.Decode(&raw) != nil {
			return nil
		}
		id := aliasID([]byte(key.(string)))
		if id == 0 {
			continue
		}
		a := aliases[id]
		again := seen[id]
		seen[id] = true
		if again && a.field.vital() {
			return nil
		}
		var text string
		switch {
		case a.field == jfUpstream && string(raw) == "null":
		case raw[0] == '{' || raw[0] == '[' || string(raw) == "null":
			if _, ok := got[a.field]; ok && again && rank[a.field] == a.rank {
				delete(got, a.field)
			}
			continue
		case raw[0] == '"':
			if json.Unmarshal(raw, &text) != nil {
				return nil
			}
		default:
			text = string(raw)
		}
		if _, ok := got[a.field]; !ok || a.rank <= rank[a.field] {
			got[a.field], rank[a.field] = text, a.rank
		}
	}
	return got
}

// FuzzJSON compares our scanner with encoding/json on all that is valid.
func FuzzJSON(f *testing.F) {
	for _, name := range []string{"json", "cloudflare", "apinto"} {
		lines, _, _ := formatSamples(f, name)
		for _, l := range lines {
			f.Add([]byte(l))
		}
	}
	f.Add([]byte(`{"st\u0061tus":"4\u00303","ua":"\ud83d\ude00\ud83d \u00e9\/\b\f\n\r\t","status":1}`))
	f.Add([]byte(` { "a" : [ 1 , {"b":"}"} ] , "ua" : null , "ua" : "x" , "status" : 403 , "agent":true} `))
	f.Fuzz(func(t *testing.T, line []byte) {
		p := newJSONAccess().(*jsonAccess)
		for range 2 { // the second time the keys are known
			var m found
			flaw := p.collect(line, &m)
			trimmed := bytes.TrimLeft(line, " \t\r\n")
			if !json.Valid(line) || trimmed[0] != '{' || flaw == FlawDepth {
				continue
			}
			want := viaEncodingJSON(line)
			if want == nil {
				if flaw != FlawDuplicate {
					t.Fatalf("%q: got %v, want a duplicate", line, flaw)
				}
				continue
			}
			if flaw != NoFlaw {
				t.Fatalf("%q: %v", line, flaw)
			}
			for f := jfNone + 1; f < numFields; f++ {
				w, ok := want[f]
				if have := m.have&(1<<f) != 0; have != ok {
					t.Fatalf("%q: field %d: have %v, want %v", line, f, have, ok)
				}
				text := bytes.Clone(m.v[f].text)
				if m.v[f].kind == jsonString {
					text = unescapeJSON(text)
				}
				if got := validUTF8(text); ok && got != validUTF8([]byte(w)) {
					t.Fatalf("%q: field %d: got %q, want %q", line, f, got, w)
				}
			}
		}
	})
}

// validUTF8 replaces each byte that is none, as encoding/json does.
func validUTF8(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		s.WriteRune(r)
		b = b[n:]
	}
	return s.String()
}

// FuzzCloudflare compares with encoding/json what is read of valid records.
func FuzzCloudflare(f *testing.F) {
	for _, name := range []string{"cloudflare", "cloudflare_events"} {
		lines, _, _ := formatSamples(f, name)
		for _, l := range lines {
			f.Add([]byte(l))
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, g := range []Format{newCloudflare(), newCloudflareEvents()} {
			var r Record
			if g.Parse(bytes.Clone(line), &r) != nil || !json.Valid(line) {
				continue
			}
			var m map[string]json.RawMessage
			if err := json.Unmarshal(line, &m); err != nil {
				t.Fatalf("read, but %v: %q", err, line)
			}
			for key, got := range map[string][]byte{"ClientIP": r.RemoteText, "RayID": r.RequestID, "ClientRequestMethod": r.Method,
				"ClientRequestHost": r.Host, "ClientRequestUserAgent": r.Agent, "ClientRequestReferer": r.Referer} {
				var want string
				if json.Unmarshal(m[key], &want) != nil {
					continue // not a string
				}
				if validUTF8(got) != want {
					t.Fatalf("%s: got %q, want %q: %q", key, got, want, line)
				}
			}
			if raw := string(m["EdgeResponseStatus"]); len(raw) == 3 && raw[0] != '"' && raw != fmt.Sprint(r.Status) && r.Status != 403 {
				t.Fatalf("status: got %d, want %s", r.Status, raw)
			}
		}
	})
}

// FuzzErrorLogs sends requests that nginx and Apache refuse and log raw: the
// client must stay who it is.
func FuzzErrorLogs(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1"), []byte("h"), []byte("r"))
	f.Add([]byte(`x", client: 6.6.6.6, server: s, request: "GET / HTTP/1.1", host: "h`), []byte(`", client: 6.6.6.6`), []byte(`, referer: x [client 6.6.6.6]`))
	f.Fuzz(func(t *testing.T, request, host, referer []byte) {
		for _, c := range []struct {
			f    Format
			line string
		}{
			{newNginxError(), fmt.Sprintf(`2026/03/14 09:26:53 [error] 1#1: *5 access forbidden by rule, client: 203.0.113.7, server: s, request: "%s", host: "%s", referrer: "%s"`, request, host, referer)},
			{newApacheError(), fmt.Sprintf(`[Sat Mar 14 09:26:53.1 2026] [authz_core:error] [pid 1:tid 2] [client 203.0.113.7:59138] AH01630: client denied by server configuration: /srv/%s, referer: %s`, escapeApache(request), escapeApache(referer))},
		} {
			var r Record
			if err := c.f.Parse([]byte(c.line), &r); err != nil {
				t.Fatalf("%v: %q", err, c.line)
			}
			if r.Client.String() != "203.0.113.7" || r.Why != WhyRule {
				t.Fatalf("client %v, why %v: %q", r.Client, r.Why, c.line)
			}
		}
	})
}

// FuzzCompile compiles anything, and reads some lines by it.
func FuzzCompile(f *testing.F) {
	for _, s := range compileSpecs {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		newFormat, _, err := Compile(spec)
		if err != nil {
			if err.Error() == "" || newFormat != nil {
				t.Fatalf("%q: error without a text", spec)
			}
			return
		}
		g := newFormat()
		for _, l := range []string{"", typicalLine, `{"a":"b","status":403}`, "a b c d e f g h i j", "1 - 2 | 3 \" 4", spec} {
			var r Record
			line := []byte(l)
			if err := g.Parse(line, &r); err != nil && string(line) != l {
				t.Fatalf("%q rejected %q and changed it", spec, l)
			}
		}
	})
}

// FuzzServerConfig reads anything as a server's configuration.
func FuzzServerConfig(f *testing.F) {
	f.Add([]byte("http { log_format a '$remote_addr' \" $status\"; access_log /x a; include b; }"))
	f.Add([]byte("LogFormat \"%h %>s\" a\nCustomLog /x a\nInclude b\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		FromServerConfig("/etc/x.conf", text, func(string) ([]byte, error) { return text, nil })
	})
}
