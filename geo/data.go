package geo

import (
	"bufio"
	"embed"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"sync"
)

//go:embed data/*.txt
var dataFiles embed.FS

// owner is a crawler or an edge network, as data/*.txt describe them.
type owner struct {
	name, kind, source, asOf string
	claims, rdns             []string
	closed                   bool
	own, wide                []netip.Prefix
}

// owners reads the compiled-in files, once. They are tested, so an error in
// them cannot happen here.
var owners = sync.OnceValue(func() []owner {
	list, err := readOwners(dataFiles)
	if err != nil {
		panic(err)
	}
	return list
})

func readOwners(files fs.FS) ([]owner, error) {
	names, err := fs.Glob(files, "data/*.txt")
	if err != nil {
		return nil, err
	}
	var out []owner
	for _, name := range names {
		f, err := files.Open(name)
		if err != nil {
			return nil, err
		}
		lines := bufio.NewScanner(f)
		for n := 1; lines.Scan(); n++ {
			if out, err = readOwnerLine(out, strings.TrimSpace(lines.Text())); err != nil {
				f.Close()
				return nil, fmt.Errorf("read %s, line %d: %w", name, n, err)
			}
		}
		f.Close()
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return out, nil
}

func readOwnerLine(list []owner, line string) ([]owner, error) {
	if text, ok := strings.CutPrefix(line, "#"); ok {
		key, value, _ := strings.Cut(strings.TrimSpace(text), ":")
		return ownerKey(list, key, strings.TrimSpace(value)), nil
	}
	if line == "" {
		return list, nil
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("range %q before any name", line)
	}
	text, wide := strings.CutPrefix(line, "~")
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, err
	}
	if p != p.Masked() {
		return nil, fmt.Errorf("%s is an address in %s", p, p.Masked())
	}
	if p.Addr().Is6() && p.Bits() > 64 {
		return nil, fmt.Errorf("%s is narrower than /64", p)
	}
	o := &list[len(list)-1]
	if wide {
		o.wide = append(o.wide, p)
	} else {
		o.own = append(o.own, p)
	}
	return list, nil
}

// ownerKey takes what it knows; other comments are for people.
func ownerKey(list []owner, key, value string) []owner {
	if key == "name" {
		return append(list, owner{name: value})
	}
	if len(list) == 0 {
		return list
	}
	o := &list[len(list)-1]
	switch key {
	case "kind":
		o.kind = value
	case "source":
		o.source = value
	case "as-of":
		o.asOf = value
	case "closed":
		o.closed = value == "yes"
	case "claims":
		o.claims = words(value)
	case "rdns":
		o.rdns = words(value)
	}
	return list
}

func words(s string) []string {
	list := strings.Split(s, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}
