package inject

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
	"github.com/denylens/denylens/cmd/denylens/internal/splitmix"
)

// Site is a background: a log of a time at which nothing is known to have been
// wrong.
type Site struct {
	Name string // a real site has a hash for a name: whose log it is, is nobody's business
	Real bool
	Test bool // it belongs to the part that is only measured, never looked at
	Load func(ctx context.Context) (*Log, error)
}

// Split names the part that the site belongs to.
func (s *Site) Split() string {
	if s.Test {
		return "test"
	}
	return "dev"
}

// inTest tells whether a site of this name is in the test part: two of three
// are. It depends on nothing but the name, so that a site never moves.
func inTest(name string) bool { return splitmix.Text("split "+name)%3 != 0 }

// hashed is the name under which a site is published.
func hashed(name string) string { return fmt.Sprintf("site-%x", sha256.Sum256([]byte(name)))[:11] }

// RealSites lists the logs of some folders, given as in PATH. A name that is in
// several of them is one site.
func RealSites(folders string) (list []Site, err error) {
	for _, dir := range filepath.SplitList(folders) {
		paths, err := filepath.Glob(filepath.Join(dir, "*.log.gz"))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			name := strings.TrimSuffix(filepath.Base(path), ".log.gz")
			if slices.ContainsFunc(list, func(s Site) bool { return s.Name == hashed(name) }) {
				continue
			}
			list = append(list, Site{hashed(name), true, inTest(name), func(context.Context) (*Log, error) { return readSite(path) }})
		}
	}
	slices.SortFunc(list, func(a, b Site) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func readSite(path string) (*Log, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", path, err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", path, err)
	}
	log, err := Read(text, "")
	if err != nil {
		return nil, err
	}
	log.Lines = slices.DeleteFunc(log.Lines, func(l Line) bool { return !l.Request })
	log.Sort() // several files of one site follow each other
	return log, nil
}

// Simulated is an ordinary simulated day or more; a shorter one is a piece of a
// Monday from nine o'clock on.
func Simulated(format string, seed uint64, perDay int, length time.Duration) Site {
	start := simulate.DefaultStart
	if length < 24*time.Hour {
		start = start.Add(9 * time.Hour)
	}
	name := fmt.Sprintf("sim-%s-%d-%dk", format, seed, perDay/1000)
	return Site{name, false, inTest(name), func(ctx context.Context) (*Log, error) {
		var b bytes.Buffer
		requests := int(float64(perDay) * length.Hours() / 24)
		_, err := simulate.Run(ctx, simulate.Options{Scenario: "quiet", Seed: seed, Format: format, Start: start, Requests: requests, Duration: length}, &b)
		if err != nil {
			return nil, err
		}
		read := format
		if format == "main" {
			read = "combined"
		}
		log, err := Read(b.Bytes(), read)
		if err == nil {
			log.Sort()
		}
		return log, err
	}}
}

// edges are networks of a content network, behind which many clients have the
// addresses of few machines.
var edges = func() (list []netip.Prefix) {
	for _, s := range strings.Fields("173.245.48.0/20 103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 141.101.64.0/18 108.162.192.0/18 190.93.240.0/20 188.114.96.0/20 197.234.240.0/22 198.41.128.0/17 162.158.0.0/15 104.16.0.0/13 104.24.0.0/14 172.64.0.0/13 131.0.72.0/22 2400:cb00::/32 2a06:98c0::/29") {
		list = append(list, netip.MustParsePrefix(s))
	}
	return list
}()

// isProxy tells whether an address is that of a proxy in front of the site.
func isProxy(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || slices.ContainsFunc(edges, func(p netip.Prefix) bool { return p.Contains(a) })
}

// behindProxy is the share of lines whose address is a proxy's.
func behindProxy(lines []Line) float64 {
	n := 0
	for i := range lines {
		if lines[i].Edge {
			n++
		}
	}
	return float64(n) / float64(max(1, len(lines)))
}
