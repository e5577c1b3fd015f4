package ingest

import (
	"fmt"
	"strings"
)

// nginxArgs splits the arguments of an nginx directive, up to its semicolon
// or the end of s.
func nginxArgs(s string) ([]string, error) {
	var args []string
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		if s == "" || s[0] == ';' {
			return args, nil
		}
		if s[0] == '#' {
			_, s, _ = strings.Cut(s, "\n")
			continue
		}
		arg, rest, err := nginxToken(s)
		if err != nil {
			return nil, err
		}
		args, s = append(args, arg), rest
	}
}

// nginxToken reads one word or quoted string as nginx' own reader does.
func nginxToken(s string) (arg, rest string, err error) {
	quote := s[0]
	if quote != '\'' && quote != '"' {
		i := 0
		for ; i < len(s) && !strings.ContainsRune(" \t\r\n;", rune(s[i])); i++ {
			switch {
			case s[i] == '{' && i > 0 && s[i-1] == '$': // ${name}
				if end := strings.IndexByte(s[i:], '}'); end > 0 {
					i += end
				}
				continue
			case s[i] == '\\' && i+1 < len(s):
				i++
				continue
			case s[i] != '{' && s[i] != '}':
				continue
			}
			if i == 0 {
				return s[:1], s[1:], nil
			}
			return unquoteNginx(s[:i]), s[i:], nil
		}
		return unquoteNginx(s[:i]), s[i:], nil
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case quote:
			return unquoteNginx(s[1:i]), s[i+1:], nil
		}
	}
	return "", "", fmt.Errorf("log_format: the quote at %q is not closed", clip(s))
}

// unquoteNginx decodes the escapes of nginx' configuration: \" \' \\ \t \r \n.
// Other backslashes stay.
func unquoteNginx(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			switch s[i+1] {
			case '"', '\'', '\\', ' ', '#':
				b.WriteByte(s[i+1])
				i++
				continue
			case 't':
				b.WriteByte('\t')
				i++
				continue
			case 'r':
				b.WriteByte('\r')
				i++
				continue
			case 'n':
				b.WriteByte('\n')
				i++
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// apacheArgs splits the arguments of one line of Apache's configuration.
func apacheArgs(s string) []string {
	var args []string
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		if s == "" {
			return args
		}
		if quote := s[0]; quote == '"' || quote == '\'' {
			i := 1
			for i < len(s) && s[i] != quote {
				if s[i] == '\\' && i+1 < len(s) {
					i++
				}
				i++
			}
			end := min(i, len(s))
			args = append(args, strings.ReplaceAll(s[1:end], `\`+string(quote), string(quote)))
			s = s[min(i+1, len(s)):]
			continue
		}
		i := strings.IndexAny(s, " \t\r\n")
		if i < 0 {
			i = len(s)
		}
		args = append(args, s[:i])
		s = s[i:]
	}
}
