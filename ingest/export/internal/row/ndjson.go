package row

import (
	"io"
	"math"
	"strconv"
	"time"

	"github.com/denylens/denylens/ingest"
)

const flushAt = 64 << 10

// NewNDJSON returns what writes one JSON object a line.
func NewNDJSON(w io.Writer, o Options) *NDJSON {
	j := &NDJSON{w: w}
	j.row = Row{Options: o, Sink: j}
	for _, c := range Columns {
		j.keys = append(j.keys, `"`+c.Name+`":`)
	}
	return j
}

// NDJSON is an Exporter.
type NDJSON struct {
	w    io.Writer
	buf  []byte
	keys []string
	col  int
	row  Row
}

// Write writes b.Records[lo:hi].
func (j *NDJSON) Write(b *ingest.Batch, lo, hi int, sourceName string) error {
	for i := lo; i < hi; i++ {
		j.col = 0
		j.buf = append(j.buf, '{')
		j.row.Send(b, &b.Records[i], sourceName)
		j.buf = append(j.buf, '}', '\n')
		if len(j.buf) >= flushAt {
			if err := j.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close writes what is still held.
func (j *NDJSON) Close() error { return j.flush() }

func (j *NDJSON) flush() error {
	if len(j.buf) == 0 {
		return nil
	}
	_, err := j.w.Write(j.buf)
	j.buf = j.buf[:0]
	return err
}

func (j *NDJSON) key() {
	if j.col > 0 {
		j.buf = append(j.buf, ',')
	}
	j.buf = append(j.buf, j.keys[j.col]...)
	j.col++
}

func (j *NDJSON) Absent() {
	j.key()
	j.buf = append(j.buf, "null"...)
}

func (j *NDJSON) Integer(n int64) {
	j.key()
	j.buf = strconv.AppendInt(j.buf, n, 10)
}

func (j *NDJSON) Number(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		j.Absent()
		return
	}
	j.key()
	j.buf = strconv.AppendFloat(j.buf, f, 'f', -1, 64)
}

var layouts = map[int]string{0: "2006-01-02T15:04:05Z", 3: "2006-01-02T15:04:05.000Z", 6: "2006-01-02T15:04:05.000000Z", 9: "2006-01-02T15:04:05.000000000Z"}

func (j *NDJSON) Instant(ns int64, digits int) {
	j.key()
	j.buf = append(j.buf, '"')
	j.buf = time.Unix(0, ns).UTC().AppendFormat(j.buf, layouts[digits])
	j.buf = append(j.buf, '"')
}

// Flag is left out where it is not set.
func (j *NDJSON) Flag(set bool) {
	if set {
		j.key()
		j.buf = append(j.buf, "true"...)
	}
}

const hexDigits = "0123456789abcdef"

func (j *NDJSON) Text(s []byte) {
	j.key()
	b := append(j.buf, '"')
	from := 0
	for i, c := range s {
		if c >= ' ' && c != '"' && c != '\\' && c != 0x7f && c != 0xe2 {
			continue
		}
		var esc string
		switch c {
		case '"':
			esc = `\"`
		case '\\':
			esc = `\\`
		case '\n':
			esc = `\n`
		case '\r':
			esc = `\r`
		case '\t':
			esc = `\t`
		case 0xe2:
			// U+2028 and U+2029 end a line in JavaScript, and for some readers.
			if i+2 >= len(s) || s[i+1] != 0x80 || s[i+2]&^1 != 0xa8 {
				continue
			}
			b = append(b, s[from:i]...)
			b = append(b, `\u202`...)
			b = append(b, hexDigits[s[i+2]&0xf])
			from = i + 3
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		if esc == "" {
			b = append(b, `\u00`...)
			b = append(b, hexDigits[c>>4], hexDigits[c&15])
			continue
		}
		b = append(b, esc...)
	}
	b = append(b, s[from:]...)
	j.buf = append(b, '"')
}
