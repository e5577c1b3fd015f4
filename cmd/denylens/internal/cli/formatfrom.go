package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/ingest"
)

// maxServerConfig bounds a file of a server's configuration.
const maxServerConfig = 4 << 20

// formatFrom reads the log formats out of a server's configuration. If logs are
// written in several, a line is read by the first that fits.
func formatFrom(conf *config.Config) (func() ingest.Format, []string, error) {
	where := conf.Sources["format_from"]
	fail := func(err error) (func() ingest.Format, []string, error) {
		return nil, nil, &config.Error{Where: where, Key: "format_from", Why: err.Error()}
	}
	text, err := readServerConfig(conf.FormatFrom)
	if err != nil {
		return fail(err)
	}
	named, err := ingest.FromServerConfig(conf.FormatFrom, text, readServerConfig)
	if err != nil {
		return fail(err)
	}
	var names, warnings []string
	var formats []func() ingest.Format
	for _, n := range named {
		if len(n.Paths) == 0 && len(formats) > 0 {
			continue // defined, but no log is written in it
		}
		f, w, err := ingest.Compile(n.Format)
		if err != nil {
			warnings = append(warnings, fmt.Sprintf("%s: %v", n.Name, err))
			continue
		}
		names, formats, warnings = append(names, n.Name), append(formats, f), append(warnings, w...)
	}
	switch len(formats) {
	case 0:
		return fail(fmt.Errorf("%q holds no format that can be read: %s", conf.FormatFrom, strings.Join(warnings, "; ")))
	case 1:
		return formats[0], warnings, nil
	}
	return ingest.Either(strings.Join(names, "|"), formats...), warnings, nil
}

func readServerConfig(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxServerConfig))
}
