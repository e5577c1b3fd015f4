// Package export writes Records for other tools: as JSON lines, as an Arrow
// IPC stream, as a Parquet file. The columns are the same in all three and are
// public interface.
//
// It is a package of its own because the column formats weigh far more than
// everything else: who reads logs only does not carry them.
//
//	out := export.NewNDJSON(os.Stdout, export.Options{})
//	_, err := ingest.Run(ctx, sources, ingest.Options{}, func(b *ingest.Batch, lo, hi int) error {
//		return out.Write(b, lo, hi, sources[b.Source].Name)
//	})
//	...
//	err = out.Close()
package export

import (
	"io"

	"github.com/denylens/denylens/ingest"
	"github.com/denylens/denylens/ingest/export/internal/row"
)

// Exporter takes Records in order.
type Exporter interface {
	// Write adds b.Records[lo:hi], which come from the named source. It keeps
	// nothing of b.
	Write(b *ingest.Batch, lo, hi int, sourceName string) error
	// Close writes what is still held. It does not close the io.Writer
	// underneath.
	Close() error
}

// Options say what is added to the Records.
type Options = row.Options

// NewNDJSON returns an Exporter that writes one JSON object a line.
func NewNDJSON(w io.Writer, o Options) Exporter { return row.NewNDJSON(w, o) }
