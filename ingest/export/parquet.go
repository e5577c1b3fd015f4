package export

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/schema"

	"github.com/denylens/denylens/ingest/export/internal/row"
)

// NewParquet returns an Exporter that writes a Parquet file: Snappy, plain
// string columns, for which Parquet makes its own dictionaries.
//
// The columns are written one by one: package pqarrow does it by itself, but
// brings gRPC and Flight along, and eight milliseconds to every start.
func NewParquet(w io.Writer, o Options) (Exporter, error) {
	t := newTable(w, o)
	root, err := parquetSchema()
	if err != nil {
		return nil, fmt.Errorf("begin Parquet file: %w", err)
	}
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy), parquet.WithCreatedBy("denylens"))
	p := parquetWriter{file: file.NewParquetWriter(&t.out, root, file.WithWriterProps(props))}
	t.write, t.end = p.write, p.file.Close
	return t, nil
}

func parquetSchema() (*schema.GroupNode, error) {
	var fields schema.FieldList
	for _, c := range row.Columns {
		physical, logical := parquet.Types.Int64, schema.LogicalType(schema.NoLogicalType{})
		switch c.Kind {
		case row.Text:
			physical, logical = parquet.Types.ByteArray, schema.StringLogicalType{}
		case row.Number:
			physical = parquet.Types.Double
		case row.Flag:
			physical = parquet.Types.Boolean
		case row.Instant:
			logical = schema.NewTimestampLogicalType(true, schema.TimeUnitNanos)
		case row.Integer:
			logical = schema.NewIntLogicalType(64, true)
		}
		node, err := schema.NewPrimitiveNodeLogical(c.Name, parquet.Repetitions.Optional, logical, physical, -1, -1)
		if err != nil {
			return nil, err
		}
		fields = append(fields, node)
	}
	return schema.NewGroupNode("schema", parquet.Repetitions.Repeated, fields, -1)
}

// parquetWriter writes each record as a row group.
type parquetWriter struct {
	file    *file.Writer
	defined []int16 // by row: 1 = there is a value
	texts   []parquet.ByteArray
	flags   []bool
}

func (p *parquetWriter) write(rec arrow.Record) error {
	group := p.file.AppendRowGroup()
	for _, col := range rec.Columns() {
		chunk, err := group.NextColumn()
		if err != nil {
			return err
		}
		if err := p.column(chunk, col); err != nil {
			return err
		}
		if err := chunk.Close(); err != nil {
			return err
		}
	}
	return group.Close()
}

func (p *parquetWriter) column(chunk file.ColumnChunkWriter, col arrow.Array) (err error) {
	p.defined = p.defined[:0]
	for i := range col.Len() {
		level := int16(1)
		if col.IsNull(i) {
			level = 0
		}
		p.defined = append(p.defined, level)
	}
	valid := col.NullBitmapBytes()
	switch c := col.(type) {
	case *array.Int64:
		chunk.(*file.Int64ColumnChunkWriter).WriteBatchSpaced(c.Int64Values(), p.defined, nil, valid, 0)
	case *array.Timestamp:
		chunk.(*file.Int64ColumnChunkWriter).WriteBatchSpaced(arrow.Int64Traits.CastFromBytes(arrow.TimestampTraits.CastToBytes(c.TimestampValues())), p.defined, nil, valid, 0)
	case *array.Float64:
		chunk.(*file.Float64ColumnChunkWriter).WriteBatchSpaced(c.Float64Values(), p.defined, nil, valid, 0)
	case *array.Boolean:
		p.flags = p.flags[:0]
		for i := range c.Len() {
			if c.IsValid(i) {
				p.flags = append(p.flags, c.Value(i))
			}
		}
		_, err = chunk.(*file.BooleanColumnChunkWriter).WriteBatch(p.flags, p.defined, nil)
	case *array.String:
		p.texts = p.texts[:0]
		for i := range c.Len() {
			if c.IsValid(i) {
				p.texts = append(p.texts, parquet.ByteArray(c.Value(i)))
			}
		}
		_, err = chunk.(*file.ByteArrayColumnChunkWriter).WriteBatch(p.texts, p.defined, nil)
	default:
		err = fmt.Errorf("parquet: no column for %s", col.DataType())
	}
	return err
}
