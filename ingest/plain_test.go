package ingest

import (
	"bytes"
	"fmt"
	"strconv"
)

// plainFormat is the simplest format there can be, for tests of everything
// around formats: "SECONDS TEXT".
type plainFormat struct{}

func newPlain() Format { return plainFormat{} }

func (plainFormat) Name() string { return "plain" }

func (plainFormat) Parse(line []byte, r *Record) error {
	sec, text, ok := bytes.Cut(line, []byte{' '})
	if !ok {
		return FlawFormat
	}
	n := int64(0)
	for _, c := range sec {
		if c-'0' > 9 {
			return FlawTime
		}
		n = n*10 + int64(c-'0')
	}
	if len(sec) == 0 {
		return FlawTime
	}
	r.Time, r.Path = n*1e9, text
	return nil
}

// plainLog returns n lines of length about 200, one a second from start.
func plainLog(n int, start int64, tag string) []byte {
	var b bytes.Buffer
	for i := range n {
		b.WriteString(strconv.FormatInt(start+int64(i), 10))
		fmt.Fprintf(&b, " %s-%06d %0150d\n", tag, i, i)
	}
	return b.Bytes()
}
