package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/denylens/denylens/cmd/denylens/internal/cli"
	"github.com/denylens/denylens/cmd/denylens/internal/report"
	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
)

// Whatever happens at a site, its report keeps the published schema, the same
// at any number of workers, and the text of it stays text.
func TestReportsOfAllScenariosKeepTheSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.SchemaFile))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("report.json", doc); err != nil {
		t.Fatal(err)
	}
	schema := c.MustCompile("report.json")
	for i, name := range simulate.Names() {
		if testing.Short() && i%5 != 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			if _, err := simulate.Run(t.Context(), simulate.Options{Scenario: name, Requests: 10_000}, &log); err != nil {
				t.Fatal(err)
			}
			run := func(args ...string) string {
				t.Helper()
				var out, errs bytes.Buffer
				if code := cli.Main(append(args, "-"), bytes.NewReader(log.Bytes()), &out, &errs); code != 0 {
					t.Fatalf("%v: exit code %d: %s", args, code, errs.String())
				}
				return out.String()
			}
			js := run("--report", "json", "--workers", "2")
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(js))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); err != nil {
				t.Errorf("schema: %v", err)
			}
			if one := run("--report", "json", "--workers", "1"); one != js {
				t.Error("one worker and two differ")
			}
			if text := run("-v"); !utf8.ValidString(text) || strings.Contains(text, "\x1b") {
				t.Error("the text report is no text")
			}
		})
	}
}
