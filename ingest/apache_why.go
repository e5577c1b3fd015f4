package ingest

import (
	"bytes"
	"strings"
)

// apacheNumbers maps the numbers of Apache's messages to what they explain
// (httpd 2.5; the answer is 403 unless noted).
var apacheNumbers = map[int]Why{
	1630: WhyRule, 1797: WhyRule, 2398: WhyRule, 2400: WhyRule,
	1631: WhyAuthz,
	1276: WhyNoIndex, 1275: WhyNoIndex,
	132: WhyFilePermission, 1234: WhyFilePermission, 35: WhyFilePermission, 36: WhyFilePermission, 31: WhyFilePermission,
	37: WhySymlink, 670: WhySymlink,
	529: WhyHtaccess,
	38:  WhyServerConfig, 127: WhyServerConfig, 669: WhyServerConfig, 10160: WhyServerConfig, 898: WhyServerConfig,
	916: WhyServerConfig, 917: WhyServerConfig, 2327: WhyServerConfig, 2809: WhyServerConfig, 2810: WhyServerConfig,
	2812: WhyServerConfig, 1262: WhyServerConfig, 1263: WhyServerConfig, 1265: WhyServerConfig,
	10410: WhyRule, 10411: WhyRule, 10508: WhyRule, 10406: WhyRule, 10408: WhyRule, 10409: WhyRule, 10412: WhyRule,
	10414: WhyRule, 10415: WhyRule, 10417: WhyRule, 10418: WhyRule, 10419: WhyRule, 10420: WhyRule,
	2219: WhyTLSRequired,
	2222: WhyClientCert, 2223: WhyClientCert, 2225: WhyClientCert, 2229: WhyClientCert, 2253: WhyClientCert, 2256: WhyClientCert,
	2261: WhyClientCert, 2262: WhyClientCert, 2263: WhyClientCert, 2264: WhyClientCert, 2265: WhyClientCert,
	10158: WhyClientCert, 10421: WhyClientCert, 10422: WhyClientCert, 2035: WhyClientCert, 10096: WhyClientCert,
	// 401
	1614: WhyAuthFailed, 1617: WhyAuthFailed, 1618: WhyAuthFailed, 1629: WhyAuthFailed, 1776: WhyAuthFailed, 1777: WhyAuthFailed,
	1778: WhyAuthFailed, 1779: WhyAuthFailed, 1780: WhyAuthFailed, 1781: WhyAuthFailed, 1782: WhyAuthFailed, 1783: WhyAuthFailed,
	1784: WhyAuthFailed, 1785: WhyAuthFailed, 1786: WhyAuthFailed, 1787: WhyAuthFailed, 1788: WhyAuthFailed, 1789: WhyAuthFailed,
	1790: WhyAuthFailed, 1791: WhyAuthFailed, 1792: WhyAuthFailed, 1793: WhyAuthFailed, 1794: WhyAuthFailed,
}

// apacheTexts does the same for 2.2, which has no numbers, and for modules of
// others.
var apacheTexts = []struct {
	text string
	why  Why
}{
	{"client denied by server configuration", WhyRule},
	{"Directory index forbidden by", WhyNoIndex},
	{"directory index forbidden by", WhyNoIndex},
	{"file permissions deny server access", WhyFilePermission},
	{"search permissions are missing", WhyFilePermission},
	{"Symbolic link not allowed", WhySymlink},
	{"unable to check htaccess file", WhyHtaccess},
	{"authorization failure for", WhyAuthz},
	{"password mismatch", WhyAuthFailed},
	{"Password Mismatch", WhyAuthFailed},
	{"not found: ", WhyAuthFailed},
	{"Options ExecCGI is off", WhyServerConfig},
	{"Forbidden: ", WhyServerConfig},
	{"SSL connection required", WhyTLSRequired},
}

// apacheWhy says which refusal a message of Apache's error log explains, and
// takes user and path out of it where they are.
func apacheWhy(number int, msg []byte, r *Record) Why {
	why, ok := apacheNumbers[number]
	if !ok && number == 0 {
		for _, t := range apacheTexts {
			if !strings.Contains(view(msg), t.text) || t.why == WhyAuthFailed && !bytes.HasPrefix(msg, []byte("user ")) {
				continue
			}
			why = t.why
			break
		}
	}
	if bytes.HasPrefix(msg, []byte("user ")) {
		if i := bytes.IndexAny(msg[5:], ": "); i > 0 {
			r.User = msg[5 : 5+i]
		}
	}
	if i := bytes.Index(msg, []byte("server configuration: uri ")); i >= 0 {
		r.Path = msg[i+len("server configuration: uri "):]
	} else if i := bytes.Index(msg, []byte(` for "`)); i >= 0 && why == WhyAuthz {
		r.Path = quotedAt(msg, i+len(` for "`))
	}
	return why
}
