package export

import (
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/denylens/denylens/ingest"
	"github.com/denylens/denylens/ingest/export/internal/row"
)

// groupRows is how many rows are written together: enough for a column to
// compress well, few enough to hold in memory.
const groupRows = 1 << 16

// NewArrow returns an Exporter that writes an Arrow IPC stream.
func NewArrow(w io.Writer, o Options) Exporter {
	t := newTable(w, o)
	sw := ipc.NewWriter(&t.out, ipc.WithSchema(t.schema))
	t.write, t.end = sw.Write, sw.Close
	return t
}

// guard keeps the first error of a writer to itself: version 15 panics if the
// disk is full at the wrong moment. It also hides the writer's Close.
type guard struct {
	w   io.Writer
	err error
}

func (g *guard) Write(p []byte) (int, error) {
	if g.err == nil {
		_, g.err = g.w.Write(p)
	}
	return len(p), nil
}

// table gathers rows into columns.
type table struct {
	schema *arrow.Schema
	build  *array.RecordBuilder
	rows   int
	col    int
	row    row.Row
	out    guard
	write  func(arrow.Record) error
	end    func() error
}

func newTable(w io.Writer, o Options) *table {
	types := map[row.Kind]arrow.DataType{
		row.Text: arrow.BinaryTypes.String, row.Integer: arrow.PrimitiveTypes.Int64, row.Number: arrow.PrimitiveTypes.Float64,
		row.Instant: &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}, row.Flag: arrow.FixedWidthTypes.Boolean,
	}
	var fields []arrow.Field
	for _, c := range row.Columns {
		fields = append(fields, arrow.Field{Name: c.Name, Type: types[c.Kind], Nullable: true})
	}
	t := &table{schema: arrow.NewSchema(fields, nil), out: guard{w: w}}
	t.build = array.NewRecordBuilder(memory.DefaultAllocator, t.schema)
	t.row = row.Row{Options: o, Sink: t}
	return t
}

func (t *table) Write(b *ingest.Batch, lo, hi int, sourceName string) error {
	for i := lo; i < hi; i++ {
		t.col = 0
		t.row.Send(b, &b.Records[i], sourceName)
		if t.rows++; t.rows == groupRows {
			if err := t.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *table) flush() error {
	if t.rows == 0 {
		return nil
	}
	t.rows = 0
	rec := t.build.NewRecord()
	defer rec.Release()
	if err := t.write(rec); err != nil {
		return err
	}
	return t.out.err
}

// Close writes the rows that are held and ends the file.
func (t *table) Close() error {
	err := t.flush()
	t.build.Release()
	if cerr := t.end(); err == nil {
		err = cerr
	}
	if err == nil {
		err = t.out.err
	}
	return err
}

func (t *table) next() array.Builder {
	t.col++
	return t.build.Field(t.col - 1)
}

func (t *table) Absent()         { t.next().AppendNull() }
func (t *table) Integer(n int64) { t.next().(*array.Int64Builder).Append(n) }
func (t *table) Number(f float64) {
	t.next().(*array.Float64Builder).Append(f)
}
func (t *table) Text(b []byte) { t.next().(*array.StringBuilder).BinaryBuilder.Append(b) }
func (t *table) Flag(set bool) { t.next().(*array.BooleanBuilder).Append(set) }
func (t *table) Instant(ns int64, _ int) {
	t.next().(*array.TimestampBuilder).Append(arrow.Timestamp(ns))
}
