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
	Lines   int64 // lines in this block, rejected ones and blank ones included
	Blank   int64 // empty lines
	Bytes   int64 // bytes of the source that this block covers
	Aux     any   // room for whoever processes batches on the parsing goroutines

	buf []byte
}

// Reset empties b and keeps its memory.
func (b *Batch) Reset() {
	b.Records, b.Rejects, b.buf = b.Records[:0], b.Rejects[:0], b.buf[:0]
	b.Lines, b.Blank, b.Bytes, b.Format = 0, 0, 0, ""
}
