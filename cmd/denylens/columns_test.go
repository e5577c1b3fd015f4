package main

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"

	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/parquet-go/parquet-go"
	"github.com/rogpeppe/go-internal/testscript"
)

// holdsAll checks that a Parquet file or an Arrow stream holds what the JSON
// lines do: holds FILE JSONLINES. Parquet is read by another library than the
// one that writes it.
func holdsAll(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: holds FILE JSONLINES")
	}
	want := jsonRows(ts, []byte(ts.ReadFile(args[1])))
	data := []byte(ts.ReadFile(args[0]))
	var got []map[string]any
	if bytes.HasPrefix(data, []byte("PAR1")) {
		got = parquetRows(ts, data)
	} else {
		got = arrowRows(ts, data)
	}
	if len(got) != len(want) || len(want) == 0 {
		ts.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		for _, name := range []string{"offset", "line", "client_addr", "path", "referer", "status", "bytes", "country"} {
			if !reflect.DeepEqual(got[i][name], want[i][name]) {
				ts.Fatalf("row %d: %s is %#v, in the JSON %#v", i, name, got[i][name], want[i][name])
			}
		}
	}
}

func jsonRows(ts *testscript.TestScript, data []byte) (rows []map[string]any) {
	for d := json.NewDecoder(bytes.NewReader(data)); ; {
		var row map[string]any
		if err := d.Decode(&row); err == io.EOF {
			return rows
		} else {
			ts.Check(err)
		}
		rows = append(rows, row)
	}
}

// exportedRow are the columns that are compared.
type exportedRow struct {
	Offset  *int64  `parquet:"offset,optional" json:"offset"`
	Line    *int64  `parquet:"line,optional" json:"line"`
	Client  *string `parquet:"client_addr,optional" json:"client_addr"`
	Path    *string `parquet:"path,optional" json:"path"`
	Referer *string `parquet:"referer,optional" json:"referer"`
	Status  *int64  `parquet:"status,optional" json:"status"`
	Bytes   *int64  `parquet:"bytes,optional" json:"bytes"`
	Country *string `parquet:"country,optional" json:"country"`
}

func parquetRows(ts *testscript.TestScript, data []byte) []map[string]any {
	rows, err := parquet.Read[exportedRow](bytes.NewReader(data), int64(len(data)))
	ts.Check(err)
	var b bytes.Buffer
	for _, r := range rows {
		ts.Check(json.NewEncoder(&b).Encode(r))
	}
	return jsonRows(ts, b.Bytes())
}

func arrowRows(ts *testscript.TestScript, data []byte) (rows []map[string]any) {
	r, err := ipc.NewReader(bytes.NewReader(data))
	ts.Check(err)
	defer r.Release()
	for r.Next() {
		text, err := r.Record().MarshalJSON()
		ts.Check(err)
		var part []map[string]any
		ts.Check(json.Unmarshal(text, &part))
		rows = append(rows, part...)
	}
	ts.Check(r.Err())
	return rows
}
