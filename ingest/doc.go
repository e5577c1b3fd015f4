// Package ingest reads web access logs: bytes in, Records out.
//
// A log is a Source: a file, a pipe, a file that is still being written to. A
// Format turns one line into one Record, without allocation; which Format that
// is can be named (Lookup), compiled from the server's own configuration
// (Compile), or guessed from the first lines (Guess).
//
// The simple way in reads on one goroutine. The caller owns the Batch, and
// everything in it is overwritten by the next Scan:
//
//	f, err := os.Open("access.log")
//	...
//	s := ingest.NewScanner(f, "access.log", nil) // nil: guess the format
//	var b ingest.Batch
//	for s.Scan(&b) {
//		for i := range b.Records {
//			r := &b.Records[i]
//			if r.Has&ingest.HasStatus != 0 && r.Status == 403 {
//				fmt.Printf("%s refused to %s\n", r.Path, r.Client)
//			}
//		}
//	}
//	if err := s.Err(); err != nil {
//		...
//	}
//
// The fast way is Run: many sources, compressed or not, parsed on all
// processors, merged by time and delivered in order on the caller's goroutine.
// Run promises that neither the number of goroutines nor the size of the
// blocks shows in what is delivered.
//
//	sources, err := ingest.Files([]string{"/var/log/nginx/access.log*"})
//	...
//	stats, err := ingest.Run(ctx, sources, ingest.Options{}, func(b *ingest.Batch, lo, hi int) error {
//		for i := lo; i < hi; i++ {
//			count(&b.Records[i])
//		}
//		return nil
//	})
//
// Follow and NewWatch give Sources that have no end.
//
// # What a line is
//
// Lines end at a line feed; one carriage return in front of it goes. A byte
// order mark at the start goes. A last line without an end is a line, if a
// Format can read it. Whatever cannot be read is counted by its Flaw, costs no
// memory, and ends nothing: lines over the limit are skipped up to the next
// line feed, holes of NUL bytes are stepped over, UTF-16 is named. For every
// Batch, Lines is the sum of records, rejects, blank lines and lines left out.
//
// # Memory
//
// Blocks are 128 KiB. A fixed set of them goes round in each open source, so
// what Run holds does not depend on the size of a log, the length of a line or
// the ratio of a compression.
package ingest
