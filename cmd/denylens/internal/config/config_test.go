package config

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// load loads with args as the command line and text as the file.
func load(t *testing.T, text string, args ...string) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), FileName)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	Flags(fs, Common|Reading|Judging|Sending|Batch)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return Load(fs, path, noon)
}

func TestFlagBeatsEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	f := func(env, text string, args []string, want int, source string) {
		t.Helper()
		t.Setenv("DENYLENS_WORKERS", env)
		c, err := load(t, text, args...)
		if err != nil {
			t.Fatal(err)
		}
		if c.Workers != want || !strings.Contains(c.Sources["workers"], source) {
			t.Errorf("workers %d from %q, want %d from %q", c.Workers, c.Sources["workers"], want, source)
		}
	}
	f("", "", nil, 0, "default")
	f("", "# comment\nworkers: 3\n", nil, 3, FileName+":2")
	f("4", "workers: 3\n", nil, 4, "environment DENYLENS_WORKERS")
	f("4", "workers: 3\n", []string{"--workers", "5"}, 5, "flag --workers")
	f("4", "workers: 3\n", []string{"--workers=0"}, 0, "flag --workers")
}

func TestEverySettingCanStandInTheFileAndInTheEnvironment(t *testing.T) {
	text := `
format: combined
time_zone: +05:30
geoip: [a.mmdb, b.mmdb]
trusted_proxy: [10.0.0.0/8, 192.0.2.1]
deny_status: [403, 1020]
since: 2026-11-23
until: 2026-11-24T08:00:00+02:00
report: [text, json=r.json]
output: o
rejected: r
false_alarms_per_day: 1.5
lateness: 30s
patience: 5s
confirm_crawlers: true
max_memory: 1GiB
workers: 2
fail_on: high
privacy: truncate
no_color: true
progress: never
quiet: true
verbose: true
alert: {send: true, dry_run: true, min_severity: low, spool: /s, group_wait: 1m, digest_over: 9}
slack: {webhook_url: https://hooks.slack.com/x, allow_host: [h]}
`
	c, err := load(t, text)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.GeoIP) != 2 || c.TimeZone.Name != "+05:30" || len(c.DenyStatus) != 2 || c.DenyStatus[1] != 1020 || c.MaxMemory != 1<<30 || c.FalseAlarmsPerDay != 1.5 ||
		c.TrustedProxy[1] != netip.MustParsePrefix("192.0.2.1/32") || !c.Since.Equal(noon.Add(-36*time.Hour)) || !c.ConfirmCrawlers || !c.Until.Equal(noon.Add(-6*time.Hour)) ||
		c.Report[1] != "json=r.json" || c.Alert.GroupWait != time.Minute || !c.Alert.Send || c.Slack.WebhookURL.Reveal() != "https://hooks.slack.com/x" {
		t.Errorf("%+v", c)
	}
	for i := range Settings {
		s := &Settings[i]
		if s.Key == "format_from" || s.Key == "privacy_key" || s.Key == "slack.webhook_url_file" {
			continue
		}
		if !strings.Contains(c.Sources[s.Key], FileName+":") {
			t.Errorf("%s comes from %q", s.Key, c.Sources[s.Key])
		}
		t.Setenv(s.Env(), s.Value(c))
	}
	t.Setenv("DENYLENS_SLACK_WEBHOOK_URL", "https://hooks.slack.com/x")
	e, err := load(t, "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range Settings {
		s := &Settings[i]
		if s.Value(e) != s.Value(c) {
			t.Errorf("%s: %q from the environment, %q from the file", s.Key, s.Value(e), s.Value(c))
		}
	}
}

func TestMistakesAreNamedWithTheirPlace(t *testing.T) {
	f := func(text, where, why, hint string) {
		t.Helper()
		_, err := load(t, text)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: error %v", text, err)
			return
		}
		if !strings.HasSuffix(e.Where, where) || !strings.Contains(e.Error(), why) || !strings.Contains(e.Hint, hint) {
			t.Errorf("%q: %v (hint %q)", text, e, e.Hint)
		}
	}
	f("workers: 2\nworkres: 3\n", ":2", "workres: unknown setting", "workers")
	f("false_alarm_per_day: 3\n", ":1", "unknown setting", "false_alarms_per_day")
	f("slack:\n  webhok_url: x\n", ":2", "slack.webhok_url: unknown setting", "slack.webhook_url")
	f("slack: https://hooks.slack.com/x\n", ":1", "slack: is a group", "")
	f("workers: 2\nworkers: 3\n", ":2", "already set in line 1", "")
	f("workers: many\n", ":1", "whole number", "")
	f("workers: 999\n", ":1", "between 0 and 256", "")
	f("workers: {a: 1}\n", ":1", "plain value", "")
	f("false_alarms_per_day: 0\n", ":1", "between", "")
	f("false_alarms_per_day: .nan\n", ":1", "between", "")
	f("lateness: 5\n", ":1", "unit", "")
	f("lateness: 5h\n", ":1", "between 1s and 1h", "")
	f("max_memory: 3\n", ":1", "between 64MiB", "")
	f("max_memory: much\n", ":1", "256MiB", "")
	f("privacy: trunkate\n", ":1", "one of full, truncate, pseudonym", "truncate")
	f("time_zone: Europe/Berln\n", ":1", `such as Europe/Berlin, not "Europe/Berln"`, "")
	f("time_zone: +15:00\n", ":1", "an offset such as", "")
	f("trusted_proxy: [10.0.0.0/40]\n", ":1", "network", "")
	f("deny_status: [403, abc]\n", ":1", "whole numbers", "")
	f("since: yesterday\n", ":1", "must be a time", "")
	f("since: 2026-01-02\nuntil: 2026-01-01\n", ":2", "later than since", "")
	f("format: combined\nformat_from: x\n", ":1", "together", "")
	f("- a\n", ":1", "settings", "")
	f("a: [\n", FileName, "line", "")
	f("x: &a [1]\nworkers: *a\n", ":1", "unknown", "")
	f(strings.Repeat("# x\n", 300000), FileName, "1 MiB", "")
}

func TestEmptyFileIsNoMistake(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n", "null\n", "slack:\n"} {
		if _, err := load(t, text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestErrorsDoNotShowSecrets(t *testing.T) {
	_, err := load(t, "slack:\n  webhook_url: [CANARY, {a: CANARY}]\n")
	if err == nil || strings.Contains(err.Error(), "CANARY") {
		t.Errorf("error %v", err)
	}
	c, err := load(t, "slack:\n  webhook_url: CANARY\n")
	if err != nil {
		t.Fatal(err)
	}
	if v := Find("slack.webhook_url").Value(c); v != "[redacted]" {
		t.Errorf("shown as %q", v)
	}
}

func TestSecretMayStandInAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hook")
	os.WriteFile(path, []byte("https://hooks.slack.com/x\n"), 0o644)
	c, err := load(t, "slack:\n  webhook_url_file: "+path+"\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.Slack.WebhookURL.Reveal() != "https://hooks.slack.com/x" || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "chmod 600") {
		t.Errorf("webhook %q, warnings %q", c.Slack.WebhookURL.Reveal(), c.Warnings)
	}
	if _, err := load(t, "slack:\n  webhook_url_file: /no/such\n"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("error %v", err)
	}
}

func TestSettingsAreDescribedOnce(t *testing.T) {
	seen := map[string]bool{}
	for i := range Settings {
		s := &Settings[i]
		if seen[s.Key] || s.Flag != "" && seen["--"+s.Flag] || s.Short != "" && seen["-"+s.Short] {
			t.Errorf("%s stands twice", s.Key)
		}
		seen[s.Key], seen["--"+s.Flag], seen["-"+s.Short] = true, true, true
		if s.Doc == "" || strings.HasSuffix(s.Doc, ".") || s.Doc[0] >= 'A' && s.Doc[0] <= 'Z' {
			t.Errorf("%s: doc %q", s.Key, s.Doc)
		}
		if s.Secret && s.Flag != "" {
			t.Errorf("%s is a secret with a flag", s.Key)
		}
	}
	if c, err := Load(nil, os.DevNull, noon); err != nil || c.Workers != 0 {
		t.Errorf("defaults: %v", err)
	}
}

func TestZonesAreNamedInSeveralWays(t *testing.T) {
	f := func(in, name string, offset int) {
		t.Helper()
		z, err := ParseZone(in)
		if err != nil || z.Name != name || z.Location == nil {
			t.Fatalf("ParseZone(%q) = %+v, %v", in, z, err)
		}
		if _, got := noon.In(z.Location).Zone(); got != offset {
			t.Errorf("%q is %d s ahead of UTC, want %d", in, got, offset)
		}
	}
	f("+02:00", "+02:00", 7200)
	f("-0330", "-03:30", -12600)
	f("+14", "+14:00", 50400)
	f("Europe/Berlin", "Europe/Berlin", 3600)
	f("UTC", "UTC", 0)
	_, here := noon.Local().Zone()
	f("local", "local", here)
	if z, err := ParseZone("auto"); err != nil || z.Location != nil {
		t.Errorf("auto: %+v, %v", z, err)
	}
	for _, bad := range []string{"", "128", "02:00", "+2", "+02:60", "CEST", "../zoneinfo/UTC"} {
		if z, err := ParseZone(bad); err == nil {
			t.Errorf("%q is taken for %v", bad, z.Location)
		}
	}
}

func TestNearestFindsTypingMistakes(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		if got := Nearest(name, []string{"workers", "privacy", "format"}); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
	f("wrokers", "workers")
	f("fromat", "format")
	f("xyz", "")
	f("", "")
}

func FuzzFile(f *testing.F) {
	f.Add("workers: 2\nslack: {webhook_url: x}\n")
	f.Add("a: &a [*a]\n")
	f.Add("? [x]: y\n<<: {a: b}\n")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), FileName)
		os.WriteFile(path, []byte(text), 0o600)
		if c, err := Load(nil, path, noon); err == nil && c.FalseAlarmsPerDay <= 0 {
			t.Errorf("%q is taken", text)
		}
	})
}
