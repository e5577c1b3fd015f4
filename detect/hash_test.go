package detect

import (
	"bytes"
	"fmt"
	"testing"
)

// The second half of a block must not cancel out against the mixer's constant:
// repeated letters collide then, and NUL bytes forget all that came before.
func TestHashesOfRepeatedLettersDependOnEveryByte(t *testing.T) {
	seen := map[uint64]string{}
	add := func(what string, h uint64) {
		if o, ok := seen[h]; ok {
			t.Errorf("%s and %s have one hash", what, o)
		}
		seen[h] = what
	}
	for n := range 40 {
		b := bytes.Repeat([]byte{'a'}, n)
		add(fmt.Sprint("as ", n), hashBytes(b, 1))
		for i := range b {
			b[i] = 'b'
			add(fmt.Sprint("b at ", i, " of ", n), hashBytes(b, 1))
			b[i] = 'a'
		}
	}
	if hashBytes(nil, 1) == hashBytes(nil, 2) || hashBytes([]byte("abc"), 3) == hashBytes([]byte("abc"), 5) {
		t.Error("the seed separates kinds of names")
	}
}

func TestHashesOfNULBytesDependOnEveryByte(t *testing.T) {
	a, b := []byte("/login\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00/tail"), []byte("/admin\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00/tail")
	if hashBytes(a, 1) == hashBytes(b, 1) {
		t.Errorf("%q and %q have one hash", a, b)
	}
}
