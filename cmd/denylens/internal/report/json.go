package report

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
)

// SchemaFile is the JSON Schema (draft 2020-12) of the JSON report.
//
//go:embed schema/report-v1.schema.json
var SchemaFile []byte

// JSON writes r as one indented object, its keys in a fixed order and its
// maps sorted. It is valid UTF-8 whatever the log held.
func JSON(w io.Writer, r *Report, _ Options) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("write JSON report: %w", err)
	}
	return nil
}
