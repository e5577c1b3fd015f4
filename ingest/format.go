package ingest

// Format reads lines of one layout. A Format may keep caches (the last time
// stamp, the order of JSON keys), so each goroutine has its own.
type Format interface {
	// Name is the name users know the format by (--format NAME).
	Name() string
	// Parse fills r, which is empty, from line (without its line end) and
	// returns nil or a Flaw. It sets no Pos and no Line, keeps nothing of line,
	// does not allocate, and rewrites line only where it unescapes a field in
	// place, after it has accepted the whole line.
	Parse(line []byte, r *Record) error
}
