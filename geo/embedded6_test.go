//go:build !nogeoembed

package geo

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/phuslu/iploc"
)

// TestSixAnswersAsIplocDoes asks both about each network's first address, the
// one before it, and addresses drawn at random. The package's own answers come
// from another process, since its first one changes the data.
func TestSixAnswersAsIplocDoes(t *testing.T) {
	var asked []netip.Addr
	add := func(high, low uint64) {
		var b [16]byte
		binary.BigEndian.PutUint64(b[:], high)
		binary.BigEndian.PutUint64(b[8:], low)
		if a := netip.AddrFrom16(b); !a.Is4In6() {
			asked = append(asked, a)
		}
	}
	table := six()
	rng := rand.New(rand.NewPCG(6, 403))
	if len(table.high) < 300_000 {
		t.Fatalf("%d networks", len(table.high))
	}
	for i, high := range table.high {
		if i%37 == 0 || table.low[i] != 0 {
			add(high, table.low[i])
			add(high, table.low[i]-1)
			add(high-1, 1<<64-1)
		}
	}
	for range 100_000 {
		add(0x2000<<48|rng.Uint64()>>3, rng.Uint64())
	}
	add(0, 0)
	add(0, 1)
	add(1<<64-1, 1<<64-1)
	const key = "DENYLENS_TEST_IPLOC"
	if os.Getenv(key) != "" {
		var out strings.Builder
		for _, a := range asked {
			out.WriteString((iploc.IPCountry(a) + "??")[:2])
		}
		os.Stdout.WriteString("<" + out.String() + ">")
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestSixAnswersAsIplocDoes$")
	cmd.Env = append(os.Environ(), key+"=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(out), "<")
	theirs, _, _ := strings.Cut(rest, ">")
	if len(theirs) != 2*len(asked) {
		t.Fatalf("%d answers to %d questions", len(theirs)/2, len(asked))
	}
	wrong := 0
	for i, a := range asked {
		if ours, want := embeddedCountry(a), codeOf(theirs[2*i:2*i+2]); ours != want {
			if wrong++; wrong < 10 {
				t.Errorf("%v: %q, iploc says %q", a, ours, want)
			}
		}
	}
	t.Logf("%d addresses, %d of them answered otherwise", len(asked), wrong)
}
