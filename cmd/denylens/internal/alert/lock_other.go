//go:build !unix

package alert

import "os"

// lock does nothing where there is no flock: do not share a spool there.
func lock(*os.File) error { return nil }
