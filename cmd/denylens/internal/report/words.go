package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/escape"
	"github.com/denylens/denylens/detect"
)

var kinds = map[detect.Kind]string{
	detect.Overblock: "over-blocking",
	detect.Misuse:    "misuse",
	detect.Spike:     "spike",
}

// KindWord is what a person calls an incident of kind k.
func KindWord(k detect.Kind) string {
	if w, ok := kinds[k]; ok {
		return w
	}
	return string(k)
}

var causes = map[string]string{
	"permissions":         "changed permissions",
	"ip_block":            "an address or network block",
	"auth_token":          "an invalid or expired token",
	"server_config":       "the server's configuration",
	"geo_block":           "a country block",
	"cdn_waf_rule":        "a CDN or WAF rule",
	"api_version":         "a retired API version",
	"rate_limit":          "a rate limit",
	"ua_rule":             "a user-agent rule",
	"referer_rule":        "a referer rule (hotlink, CSRF)",
	"attack_blocked":      "an attack that is rightly refused",
	"scan":                "a vulnerability scan",
	"bypass_probe":        "attempts to get round a refusal",
	"credential_stuffing": "credential stuffing",
	"brute_force":         "brute force on a login",
	"enumeration":         "enumeration of objects",
	"scraping":            "scraping",
	"fake_crawler":        "a fake crawler",
	"key_sharing":         "a shared or leaked key",
	"flood":               "a flood of requests",
	"undetermined":        "undetermined",
}

// CauseWord is what a person calls the cause id.
func CauseWord(id string) string {
	if w, ok := causes[id]; ok {
		return w
	}
	return id
}

var dims = map[string]string{
	"country": "country", "asn": "AS", "network": "network", "ip": "address", "user": "user", "host": "host",
	"path": "path", "api_version": "API version", "method": "method", "ua": "user agent", "os": "OS",
	"referer": "referer", "rule": "rule", "status": "status",
}

// Cohort names whom a conjunction of terms selects.
func Cohort(terms []detect.Term) string {
	if len(terms) == 0 {
		return "everyone"
	}
	parts := make([]string, len(terms))
	for i, t := range terms {
		name, ok := dims[t.Dim]
		if !ok {
			name = t.Dim
		}
		sep := " "
		if t.Dim == "asn" {
			sep = ""
		}
		parts[i] = name + sep + t.Value
	}
	return strings.Join(parts, ", ")
}

// Who names the whole cohort of an incident.
func Who(in *detect.Incident) string {
	all := Cohort(in.Cohort)
	for _, o := range in.Or {
		all += "; or " + Cohort(o)
	}
	return all
}

// Lasting writes a duration the way people say it.
func Lasting(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		d = d.Round(time.Minute)
		if m := int(d.Minutes()) % 60; m != 0 {
			return fmt.Sprintf("%d h %d min", int(d.Hours()), m)
		}
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	d = d.Round(time.Hour)
	if h := int(d.Hours()) % 24; h != 0 {
		return fmt.Sprintf("%d d %d h", int(d.Hours())/24, h)
	}
	return fmt.Sprintf("%d days", int(d.Hours())/24)
}

const (
	longTime  = "2 Jan 2006 15:04"
	shortTime = "2 Jan 15:04"
)

// period writes from and to, the date of to only where it is another day.
func period(from, to time.Time) string {
	from, to = from.UTC(), to.UTC()
	end := to.Format(longTime)
	if from.Year() == to.Year() && from.YearDay() == to.YearDay() {
		end = to.Format("15:04")
	}
	return from.Format(longTime) + " – " + end + " UTC"
}

// Percent writes a share; neither nothing nor everything is rounded away.
func Percent(share float64) string {
	p := share * 100
	switch {
	case share <= 0:
		return "0%"
	case share >= 1:
		return "100%"
	case p < 0.1:
		return "<0.1%"
	case p > 99.9:
		return ">99.9%"
	case p < 10 || p > 99:
		return strconv.FormatFloat(math.Round(p*10)/10, 'f', -1, 64) + "%"
	}
	return strconv.Itoa(int(math.Round(p))) + "%"
}

// of is part of whole as a share, 0 without a whole.
func of(part, whole int64) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// count writes n and the noun, which takes an s unless n is one.
func count(n int64, noun string) string {
	s := escape.Thousands(n) + " " + noun
	if n != 1 {
		s += "s"
	}
	return s
}

// Bytes writes an amount of data.
func Bytes(n int64) string {
	v, unit := float64(n), "B"
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if v < 1024 {
			break
		}
		v, unit = v/1024, u
	}
	if unit == "B" || v >= 100 {
		return fmt.Sprintf("%.0f %s", v, unit)
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}
