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
	var all firstOf
	var warnings []string
	for _, n := range named {
		if len(n.Paths) == 0 && len(all.make) > 0 {
			continue // defined, but no log is written in it
		}
		f, w, err := ingest.Compile(n.Format)
		if err != nil {
			warnings = append(warnings, fmt.Sprintf("%s: %v", n.Name, err))
			continue
		}
		all.names, all.make, warnings = append(all.names, n.Name), append(all.make, f), append(warnings, w...)
	}
	switch len(all.make) {
	case 0:
		return fail(fmt.Errorf("%q holds no format that can be read: %s", conf.FormatFrom, strings.Join(warnings, "; ")))
	case 1:
		return all.make[0], warnings, nil
	}
	return all.new, warnings, nil
}

func readServerConfig(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxServerConfig))
}

// firstOf makes Formats that read each line by the first of several that fits.
type firstOf struct {
	names []string
	make  []func() ingest.Format
}

func (f *firstOf) new() ingest.Format {
	s := &several{name: strings.Join(f.names, "|")}
	for _, m := range f.make {
		s.formats = append(s.formats, m())
	}
	return s
}

type several struct {
	name    string
	formats []ingest.Format
	last    int // the one that read the line before
}

func (s *several) Name() string { return s.name }

func (s *several) Parse(line []byte, r *ingest.Record) error {
	first := s.formats[s.last].Parse(line, r)
	if first == nil {
		return nil
	}
	for i, f := range s.formats {
		if i == s.last {
			continue
		}
		r.Reset()
		if f.Parse(line, r) == nil {
			s.last = i
			return nil
		}
	}
	r.Reset()
	return first
}
