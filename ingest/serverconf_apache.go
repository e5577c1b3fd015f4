package ingest

import (
	"fmt"
	"strings"
)

// apache reads directives, whatever section they are in.
func (c *serverConf) apache(text []byte, depth int) error {
	joined := strings.ReplaceAll(strings.ReplaceAll(string(text), "\\\r\n", ""), "\\\n", "")
	for line := range strings.Lines(joined) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '<' {
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		args := apacheArgs(rest)
		if len(args) == 0 {
			continue
		}
		if err := c.apacheDirective(strings.ToLower(word), args, depth); err != nil {
			return err
		}
	}
	return nil
}

func (c *serverConf) apacheDirective(word string, args []string, depth int) error {
	switch word {
	case "serverroot":
		c.root = args[0]
	case "include", "includeoptional":
		return c.include(args[0], depth, word == "includeoptional", c.apache)
	case "logformat":
		name := "" // the default of TransferLog
		if len(args) > 1 {
			name = args[1]
		}
		c.define(name, apacheSpec(args[0]))
	case "transferlog":
		c.logs = append(c.logs, logUse{args[0], ""})
	case "customlog", "globallog":
		format := ""
		if len(args) > 1 && !strings.HasPrefix(args[1], "env=") && !strings.HasPrefix(args[1], "expr=") {
			format = args[1]
		}
		if strings.Contains(format, "%") { // the format itself, not its name
			c.define(format, apacheSpec(format))
		}
		c.logs = append(c.logs, logUse{args[0], format})
	}
	return nil
}

// apacheSpec writes a format as the directive that Compile takes.
func apacheSpec(format string) string {
	return fmt.Sprintf(`LogFormat "%s"`, strings.ReplaceAll(format, `"`, `\"`))
}
