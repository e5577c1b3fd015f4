package ingest

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
)

// NamedFormat is a log format that a server's configuration defines or uses.
type NamedFormat struct {
	Name   string   // its name there; "combined" for nginx' own
	Format string   // what Compile takes
	Paths  []string // logs that are written in it, as the configuration names them
}

// FromServerConfig finds the formats of access logs in the configuration of
// nginx or Apache: those that logs are written in first, in the order of the
// file, then those that are only defined. Name is the path of the file, to
// which includes are relative; open reads an included file (nil: includes are
// not followed). Included files that cannot be read are an error, patterns
// that match nothing are none.
func FromServerConfig(name string, text []byte, open func(path string) ([]byte, error)) ([]NamedFormat, error) {
	c := &serverConf{root: filepath.Dir(name), open: open, seen: map[string]bool{name: true}}
	var err error
	if looksNginx(text) {
		if err = c.nginx(text, 0); err == nil && len(c.logs) == 0 {
			c.logs = append(c.logs, logUse{"logs/access.log", "combined"}) // nginx' default
		}
		c.define("combined", "combined")
	} else {
		err = c.apache(text, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("read server configuration %q: %w", name, err)
	}
	out := c.formats()
	if len(out) == 0 {
		return nil, fmt.Errorf("read server configuration %q: neither log_format nor LogFormat is in it", name)
	}
	return out, nil
}

// serverConf is a configuration while it is read.
type serverConf struct {
	root  string
	open  func(string) ([]byte, error)
	seen  map[string]bool
	defs  []NamedFormat
	logs  []logUse
	files int
}

type logUse struct{ path, format string }

const (
	maxIncludes     = 16 // depth
	maxIncludeFiles = 1000
)

// define notes a format; the last definition of a name counts, as in Apache.
func (c *serverConf) define(name, format string) {
	for i := range c.defs {
		if c.defs[i].Name == name {
			if name != format {
				c.defs[i].Format = format
			}
			return
		}
	}
	c.defs = append(c.defs, NamedFormat{Name: name, Format: format})
}

// formats joins definitions and uses.
func (c *serverConf) formats() []NamedFormat {
	var out []NamedFormat
	at := map[string]int{}
	for _, u := range c.logs {
		i, ok := at[u.format]
		if !ok {
			for _, d := range c.defs {
				if d.Name == u.format {
					i, ok = len(out), true
					out = append(out, d)
					at[u.format] = i
				}
			}
		}
		if ok {
			out[i].Paths = append(out[i].Paths, u.path)
		}
	}
	for _, d := range c.defs {
		if _, ok := at[d.Name]; !ok && d.Name != d.Format {
			out = append(out, d)
		}
	}
	return out
}

// looksNginx tells nginx' configuration from Apache's.
func looksNginx(text []byte) bool {
	for line := range bytes.Lines(text) {
		word, _, _ := strings.Cut(string(bytes.TrimSpace(line)), " ")
		switch strings.ToLower(word) {
		case "log_format", "access_log", "worker_processes", "http", "http{", "events", "server":
			return true
		case "logformat", "customlog", "serverroot", "listen", "loadmodule", "transferlog":
			return false
		}
	}
	return false
}

// include reads the files that pattern names and hands them to read.
func (c *serverConf) include(pattern string, depth int, optional bool, read func([]byte, int) error) error {
	if c.open == nil {
		return nil
	}
	if depth >= maxIncludes {
		return fmt.Errorf("include %q: nested too deep", pattern)
	}
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(c.root, pattern)
	}
	paths := []string{pattern}
	if strings.ContainsAny(pattern, "*?[") {
		var err error
		if paths, err = filepath.Glob(pattern); err != nil {
			return fmt.Errorf("include %q: %w", pattern, err)
		}
		optional = true
	}
	for _, path := range paths {
		if c.seen[path] {
			continue
		}
		c.seen[path] = true
		if c.files++; c.files > maxIncludeFiles {
			return fmt.Errorf("include %q: more than %d files", pattern, maxIncludeFiles)
		}
		text, err := c.open(path)
		if err != nil && optional {
			continue
		}
		if err != nil {
			return fmt.Errorf("include %q: %w", path, err)
		}
		if err := read(text, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// nginx reads directives, whatever block they are in.
func (c *serverConf) nginx(text []byte, depth int) error {
	var words []string
	for s := string(text); ; {
		s = strings.TrimLeft(s, " \t\r\n")
		if s == "" {
			return nil
		}
		switch s[0] {
		case '#':
			_, s, _ = strings.Cut(s, "\n")
			continue
		case ';', '{', '}':
			if s[0] == ';' {
				if err := c.nginxDirective(words, depth); err != nil {
					return err
				}
			}
			words, s = words[:0], s[1:]
			continue
		}
		word, rest, err := nginxToken(s)
		if err != nil {
			return err
		}
		words, s = append(words, word), rest
	}
}

func (c *serverConf) nginxDirective(words []string, depth int) error {
	if len(words) < 2 {
		return nil
	}
	switch words[0] {
	case "include":
		return c.include(words[1], depth, false, c.nginx)
	case "log_format":
		if len(words) < 3 {
			return nil
		}
		escape, parts := "", words[2:]
		if strings.HasPrefix(parts[0], "escape=") {
			escape, parts = parts[0]+" ", parts[1:]
		}
		c.define(words[1], "log_format "+words[1]+" "+escape+quoteNginx(strings.Join(parts, ""))+";")
	case "access_log":
		if words[1] == "off" {
			return nil
		}
		format := "combined"
		if len(words) > 2 && !strings.Contains(words[2], "=") {
			format = words[2]
		}
		c.logs = append(c.logs, logUse{words[1], format})
	}
	return nil
}

// quoteNginx writes s as a string of nginx' configuration.
func quoteNginx(s string) string {
	r := strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
	return "'" + r.Replace(s) + "'"
}
