//go:build !unix

package ingest

import (
	"hash/fnv"
	"os"
)

// idOf makes do with the name where files have no numbers to be read: a
// rotation is then known by the content alone.
func idOf(info os.FileInfo) fileID {
	h := fnv.New64a()
	h.Write([]byte(info.Name()))
	return fileID{0, h.Sum64()}
}
