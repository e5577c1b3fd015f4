package ingest

// Flaw is the reason why a line is not a Record. It is an error that costs no
// allocation, so a flood of bad lines costs no memory.
type Flaw uint8

const (
	NoFlaw          Flaw = iota
	FlawFormat           // fits no format
	FlawTime             // no time stamp where the format has one, or not a time
	FlawStatus           // no status where the format has one, or not three digits
	FlawQuote            // a quoted field that does not end
	FlawColumns          // fewer or other columns than the format has
	FlawNumber           // a number that is none
	FlawJSON             // not a JSON object
	FlawDuplicate        // JSON: a key that matters occurs twice (someone may have added it)
	FlawMissing          // JSON: a field without which a line means nothing is missing
	FlawTooLong          // longer than the limit; skipped to the next line
	FlawBinary           // NUL bytes: a hole left by truncation, or no log at all
	FlawUTF16            // UTF-16 text
	FlawDepth            // JSON: nested too deep
	FlawDirective        // a comment or directive line (#Fields: ...); no loss
	FlawOther            // a line of a known kind that carries no request (notice, start-up message); no loss
	FlawFuture           // time stamp far ahead of the rest of the log
	FlawInterrupted      // the last line of an input that ended in the middle of it
	NumFlaws
)

var flawNames = [NumFlaws]string{
	"none", "no_format", "bad_time", "bad_status", "bad_quote", "bad_columns", "bad_number", "bad_json", "duplicate_key",
	"missing_field", "too_long", "binary", "utf16", "too_deep", "directive", "no_request", "future_time", "cut_off",
}

// String returns the name under which a flaw is counted in reports.
func (f Flaw) String() string {
	if f < NumFlaws {
		return flawNames[f]
	}
	return "unknown"
}

// Error makes a Flaw an error.
func (f Flaw) Error() string { return "line rejected: " + f.String() }

// Loss tells whether a line with this flaw was information lost. Directives
// and start-up messages are not.
func (f Flaw) Loss() bool { return f != FlawDirective && f != FlawOther && f != NoFlaw }
