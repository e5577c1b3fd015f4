package ingest

// Reject is a line that could not be read.
type Reject struct {
	Flaw Flaw
	Pos  int64  // offset of the line in its source
	Line int64  // line number, from 1
	Text []byte // view into the Batch; empty for lines over the limit
}

// Batch is a block of lines, read: Records in the order of the source, and the
// bytes they point into. The caller owns it and may hand it to Scan again when
// nothing refers to its Records any more.
type Batch struct {
	Source  int      // index of the source, as the caller numbered it
	Format  string   // name of the format that read most lines
	Records []Record // in the order of the source
	Rejects []Reject
	Lines   int64 // lines in this block: records, rejects, blank and left-out ones
	Blank   int64 // empty lines
	Outside int64 // lines left out because Since or Until excludes their time
	Bytes   int64 // bytes of the source that this block covers
	Aux     any   // room for whoever processes batches on the parsing goroutines

	buf         []byte
	place       place
	first, last int64 // earliest and latest Record.Time
}

// place says where the bytes of a Batch were found.
type place struct {
	pos      int64 // offset of buf[0]
	line     int64 // number of the first line in buf
	lines    int   // how many there are in buf
	hole     int64 // NUL bytes dropped just in front of buf
	over     int64 // length of an over-long line skipped in front of hole and buf; its number is line-1
	overAt   int64 // offset of that line
	overHole int64 // NUL bytes dropped in front of that
	cut      bool  // the last line has no line end, and never will
	wide     bool  // UTF-16
}

// Reset empties b and keeps its memory.
func (b *Batch) Reset() {
	b.Records, b.Rejects, b.buf = b.Records[:0], b.Rejects[:0], b.buf[:0]
	b.Lines, b.Blank, b.Outside, b.Bytes, b.Format = 0, 0, 0, 0, ""
	b.place, b.first, b.last = place{}, 0, 0
}
