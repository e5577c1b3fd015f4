package main

import (
	"context"
	"io"

	"github.com/denylens/denylens/detect"
	"github.com/denylens/denylens/ingest"
)

// judge has a log judged as a scan does, with everything at its default.
func judge(ctx context.Context, log io.Reader, format string) (detect.Summary, error) {
	db, crawlers := places()
	engine := detect.New(detect.Config{Geo: db, Crawlers: crawlers})
	reducer := engine.NewReducer()
	err := eachBatch(ctx, log, format, func(b *ingest.Batch) {
		reducer.Reduce(b)
		engine.Observe(b, 0, len(b.Records))
	})
	return engine.Finish(), err
}

// eachBatch reads a log.
func eachBatch(ctx context.Context, log io.Reader, format string, do func(b *ingest.Batch)) error {
	var f ingest.Format
	if spec, ok := ingest.Lookup(format); ok {
		f = spec.New()
	}
	s := ingest.NewScanner(log, "log", f)
	var b ingest.Batch
	for s.Scan(&b) {
		if err := ctx.Err(); err != nil {
			return err
		}
		do(&b)
	}
	return s.Err()
}
