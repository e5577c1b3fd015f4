package ingest

// maxWrappers is how many wrappers (syslog, Docker, ...) may be around a line.
const maxWrappers = 2

// peel takes one wrapper off a line.
func peel(line []byte) (inner []byte, ok bool) { return line, false }
