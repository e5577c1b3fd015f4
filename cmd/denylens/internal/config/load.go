package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/denylens/denylens/cmd/denylens/internal/redact"
)

// Flags defines the flags of the settings in scope on fs.
func Flags(fs *pflag.FlagSet, scope Scope) {
	for i := range Settings {
		s := &Settings[i]
		if s.Flag == "" || s.Scope&scope == 0 {
			continue
		}
		doc := s.Doc
		if s.Def != "" && s.Def != "false" && !strings.Contains(doc, "default") {
			doc += " (default: " + s.Def + ")"
		}
		if s.Arg != "" {
			doc = "`" + s.Arg + "` " + doc
		}
		var zero Config
		switch s.field(&zero).(type) {
		case *bool:
			fs.BoolP(s.Flag, s.Short, false, doc)
		case *[]string, *[]int:
			fs.StringArrayP(s.Flag, s.Short, nil, doc)
		default:
			fs.StringP(s.Flag, s.Short, "", doc)
		}
	}
}

// Load finds the effective configuration: fs holds the flags of the command
// line, path is the file named there or "". now is what relative times count
// back from. What is wrong is told by an *Error.
func Load(fs *pflag.FlagSet, path string, now time.Time) (*Config, error) {
	c := &Config{Sources: map[string]string{}}
	v := viper.New()
	v.SetConfigType("yaml")
	f, err := findFile(path)
	if err != nil {
		return nil, err
	}
	if f != nil {
		c.Path = f.path
		if err := v.ReadConfig(bytes.NewReader(f.text)); err != nil {
			return nil, &Error{Where: f.path, Why: "not YAML"}
		}
	}
	for i := range Settings {
		s := &Settings[i]
		v.SetDefault(s.Key, s.Def)
		_ = v.BindEnv(s.Key, s.Env()) // fails without a key only
		if flag := lookup(fs, s); flag != nil {
			_ = v.BindPFlag(s.Key, flag) // fails for a nil flag only
		}
		if err := c.take(s, v.Get(s.Key), source(s, fs, f), now); err != nil {
			return nil, err
		}
	}
	if err := c.webhookFile(); err != nil {
		return nil, err
	}
	c.warn(f)
	return c, c.together()
}

func (c *Config) take(s *Setting, raw any, where string, now time.Time) error {
	c.Sources[s.Key] = where
	dst := s.field(c)
	in, err := words(raw)
	if err == nil && len(in) == 0 {
		in = []string{s.Def}
	}
	if err == nil {
		err = set(dst, in, now)
	}
	if err == nil && s.check != nil {
		err = s.check(dst)
	}
	if err == nil {
		return nil
	}
	e := &Error{Where: where, Key: s.Key, Why: err.Error()}
	var h hinted
	if errors.As(err, &h) {
		e.Hint = h.hint
	}
	if s.Secret {
		e.Why = "not usable"
	}
	return e
}

func lookup(fs *pflag.FlagSet, s *Setting) *pflag.Flag {
	if fs == nil || s.Flag == "" {
		return nil
	}
	if f := fs.Lookup(s.Flag); f != nil && f.Changed {
		return f
	}
	return nil
}

// source says where the value of s comes from, in the order of precedence.
func source(s *Setting, fs *pflag.FlagSet, f *file) string {
	switch {
	case lookup(fs, s) != nil:
		return "flag --" + s.Flag
	case os.Getenv(s.Env()) != "":
		return "environment " + s.Env()
	case f != nil && f.lines[s.Key] > 0:
		return f.path + ":" + strconv.Itoa(f.lines[s.Key])
	}
	return "default"
}

func envName(key string) string {
	return "DENYLENS_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// webhookFile reads the webhook out of its file.
func (c *Config) webhookFile() error {
	path := c.Slack.WebhookURLFile
	if path == "" || c.Slack.WebhookURL.Set() {
		return nil
	}
	where := c.Sources["slack.webhook_url_file"]
	r, err := os.Open(path)
	if err != nil {
		return &Error{Where: where, Key: "slack.webhook_url_file", Why: fmt.Sprintf("open %q: %s", path, reason(err))}
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, 4096))
	if err != nil || strings.TrimSpace(string(text)) == "" {
		return &Error{Where: where, Key: "slack.webhook_url_file", Why: fmt.Sprintf("%q holds no webhook", path)}
	}
	c.Slack.WebhookURL = redact.NewSecret(strings.TrimSpace(string(text)))
	c.Sources["slack.webhook_url"] = "file " + path
	c.warnReadable(path)
	return nil
}

// together checks what several settings say together.
func (c *Config) together() error {
	if !c.Since.IsZero() && !c.Until.IsZero() && !c.Since.Before(c.Until) {
		return &Error{Where: c.Sources["until"], Key: "until", Why: "must be later than since (" + c.Since.Format(time.RFC3339) + ")"}
	}
	if c.FormatFrom != "" && c.Format != "auto" {
		return &Error{Where: c.Sources["format"], Key: "format", Why: "cannot be given together with format_from (" + c.Sources["format_from"] + ")"}
	}
	return nil
}

func (c *Config) warn(f *file) {
	if f != nil && (f.lines["slack.webhook_url"] > 0 || f.lines["privacy_key"] > 0) {
		c.warnReadable(f.path)
	}
	known := map[string]bool{"DENYLENS_CONFIG": true}
	names := make([]string, len(Settings))
	for i := range Settings {
		names[i] = Settings[i].Env()
		known[names[i]] = true
	}
	for _, e := range os.Environ() {
		name, _, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, "DENYLENS_") || known[name] {
			continue
		}
		w := "environment " + name + ": no such setting"
		if n := Nearest(name, names); n != "" {
			w += ", did you mean " + n + "?"
		}
		c.Warnings = append(c.Warnings, w)
	}
}

func (c *Config) warnReadable(path string) {
	if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() && st.Mode().Perm()&0o077 != 0 {
		c.Warnings = append(c.Warnings, fmt.Sprintf("%s: holds a secret and others can read it; chmod 600 would stop that", path))
	}
}
