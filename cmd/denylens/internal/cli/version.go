package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/denylens/denylens/cmd/denylens/internal/report"
)

// release is set by the linker (-X) in releases.
var release = ""

// version is the release, else what the build knows of its commit.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	revision, modified := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			revision = s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = "+changes"
		}
	}
	switch {
	case info.Main.Version != "" && info.Main.Version != "(devel)":
		return info.Main.Version
	case revision != "":
		return "devel-" + revision + modified
	}
	return "devel"
}

func versionCommand(a *app) *cobra.Command {
	schema := false
	c := &cobra.Command{
		Use:   "version",
		Short: "show the version, and whose data are built in",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			w := checked{a.stdout, "standard output"}
			if schema {
				_, err := w.Write(report.SchemaFile)
				return err
			}
			_, err := fmt.Fprintf(w, "denylens %s\n%s %s/%s\nreport schema %s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, report.Schema)
			for _, l := range geoCredits() {
				if err == nil {
					_, err = fmt.Fprintln(w, l)
				}
			}
			return err
		},
	}
	c.Flags().BoolVar(&schema, "schema", false, "print the JSON Schema of the JSON report")
	return c
}
