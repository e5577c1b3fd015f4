package cli

import "github.com/denylens/denylens/ingest"

// follow turns arguments into sources that do not end.
func (a *app) follow(args []string, r *run) ([]ingest.Source, error) { return a.open(args) }
