package ingest

import (
	"fmt"
	"strings"
)

// Compile turns what a user gives as --format into a Format: "auto", the name
// of one of Formats, or a pasted format string: nginx' log_format (with $),
// Apache's LogFormat or GoAccess' (with %), with or without quotes and the
// directive around it. Warnings say what in it cannot be told apart or is
// missing; the error names the part that is wrong.
func Compile(spec string) (newFormat func() Format, warnings []string, err error) {
	spec = strings.TrimSpace(spec)
	if spec == "" || spec == "auto" {
		return NewAuto, nil, nil
	}
	if s, ok := Lookup(spec); ok {
		return wrap(s.New), nil, nil
	}
	if name, ok := goaccessNames[spec]; ok {
		s, _ := Lookup(name)
		return wrap(s.New), nil, nil
	}
	if goaccessOther[spec] {
		return nil, nil, fmt.Errorf("format %s: logs of that kind are not read", spec)
	}
	l, err := parseLayout(spec)
	if err != nil {
		return nil, nil, err
	}
	newFormat, warnings, err = l.compile()
	if err != nil {
		return nil, warnings, err
	}
	return wrap(newFormat), warnings, nil
}

// parseLayout recognises whose format string spec is, and takes it apart.
func parseLayout(spec string) (*layout, error) {
	word, rest := spec, ""
	if i := strings.IndexAny(spec, " \t\n"); i > 0 {
		word, rest = spec[:i], spec[i:]
	}
	switch strings.ToLower(word) {
	case "log_format":
		args, err := nginxArgs(rest)
		if err != nil {
			return nil, err
		}
		if len(args) < 2 {
			return nil, fmt.Errorf("log_format: a name and a format must follow")
		}
		return nginxLayout(args[0], args[1:])
	case "logformat", "customlog":
		args := apacheArgs(rest)
		if strings.EqualFold(word, "customlog") && len(args) > 0 {
			args = args[1:]
		}
		if len(args) == 0 {
			return nil, fmt.Errorf("%s: a format must follow", word)
		}
		return parseApacheFormat(args[0])
	}
	if args, ok := quotedOnly(spec); ok {
		if strings.Contains(spec, "$") {
			return nginxLayout("log_format", args)
		}
		spec = strings.Join(args, "")
	}
	if strings.Contains(spec, `\"`) {
		spec = strings.ReplaceAll(spec, `\"`, `"`)
	}
	switch {
	case hasNginxVar(spec):
		return parseNginxFormat(spec, "")
	case looksGoAccess(spec):
		return parseGoAccessFormat(spec)
	case strings.Contains(spec, "%"):
		return parseApacheFormat(spec)
	}
	return nil, fmt.Errorf("no format is called %q, and it is no format string: there is no $variable and no %%directive in it", clip(spec))
}

// quotedOnly splits a format pasted with its quotes around it, but without the
// directive: one string, or several that nginx would join. Two double-quoted
// strings on one line are rather a format that has quotes.
func quotedOnly(spec string) (args []string, ok bool) {
	double := 0
	for s := strings.TrimRight(spec, "; \t\r\n"); s != ""; s = strings.TrimLeft(s, " \t\r\n") {
		if s[0] == '"' {
			double++
		}
		if s[0] != '\'' && s[0] != '"' && !strings.HasPrefix(s, "escape=") {
			return nil, false
		}
		arg, rest, err := nginxToken(s)
		if err != nil || rest != "" && !strings.ContainsRune(" \t\r\n", rune(rest[0])) {
			return nil, false
		}
		args, s = append(args, arg), rest
	}
	return args, len(args) > 0 && (double < 2 || strings.Contains(spec, "\n"))
}

func hasNginxVar(s string) bool {
	for i := 0; i+1 < len(s); i++ {
		if s[i] == '$' && (s[i+1] == '{' || s[i+1] == '_' || s[i+1]|0x20-'a' < 26) {
			return true
		}
	}
	return false
}

// nginxLayout compiles the arguments of a log_format behind its name.
func nginxLayout(name string, args []string) (*layout, error) {
	escape := ""
	if e, ok := strings.CutPrefix(args[0], "escape="); ok {
		escape, args = e, args[1:]
	}
	l, err := parseNginxFormat(strings.Join(args, ""), escape)
	if err != nil {
		return nil, err
	}
	l.name = name
	return l, nil
}
