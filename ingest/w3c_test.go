package ingest

import (
	"bytes"
	"strings"
	"testing"
)

const iisHead = "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-03-02 09:00:00\n"

func TestColumnsAreThoseThatTheDirectiveNames(t *testing.T) {
	log := iisHead + `#Fields: date time c-ip cs-username s-port cs-method cs-uri-stem cs-uri-query sc-status sc-substatus sc-bytes time-taken cs-host cs(User-Agent) cs(X-Forwarded-For)
2026-03-02 09:00:01 203.0.113.7 - 443 GET /a x=1 403 6 1234 20 www.example.com Mozilla/5.0+(X11) 198.51.100.4
2026-03-02 09:00:02 203.0.113.8 anna 443 GET /b - 200 0 99 3 www.example.com curl/8.5.0 -
`
	lines := bytes.Split([]byte(strings.TrimSuffix(log, "\n")), []byte("\n"))
	rk := Guess(lines)
	if rk.Best() != "iis" {
		t.Fatalf("taken for %q", rk.Best())
	}
	f := rk.New() // of a goroutine that never sees the directive
	var r Record
	if err := f.Parse(bytes.Clone(lines[4]), &r); err != nil || r.Why != WhyAddress || r.Bytes != 1234 || string(r.Host) != "www.example.com" || string(r.Query) != "x=1" || string(r.Forwarded) != "198.51.100.4" || string(r.Agent) != "Mozilla/5.0 (X11)" {
		t.Errorf("%v: %s", err, describe(&r, nil))
	}
	r.Reset()
	if err := f.Parse([]byte(`2026-03-02 09:00:03 203.0.113.7 GET /a 403 6`), &r); err == nil {
		t.Errorf("other columns are read: %s", describe(&r, nil))
	}
	r.Reset()
	if err := f.Parse(lines[3], &r); err != FlawDirective {
		t.Errorf("a directive: %v", err)
	}
}

func TestADirectiveOfOneIsNotOneOfTheOther(t *testing.T) {
	head := []byte("#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status")
	line := []byte("2026-03-02\t09:15:01\tFRA56-P4\t919\t203.0.113.7\tGET\td1.cloudfront.net\t/a.html\t403")
	rk := Guess([][]byte{[]byte("#Version: 1.0"), head, line})
	if rk.Best() != "cloudfront" {
		t.Fatalf("taken for %q", rk.Best())
	}
	iis := newIIS().(*w3c)
	if rk.directed(iis); iis.columns != columnsOf([]byte(iisFields)) {
		t.Error("IIS has CloudFront's columns")
	}
	var r Record
	if err := rk.New().Parse(line, &r); err != nil || string(r.Host) != "d1.cloudfront.net" || r.Status != 403 {
		t.Errorf("%v: %s", err, describe(&r, nil))
	}
}

func TestTooManyColumnsAreNone(t *testing.T) {
	if c := columnsOf(bytes.Repeat([]byte("x "), maxSlots+1)); c.n != 0 {
		t.Errorf("%d columns", c.n)
	}
}
