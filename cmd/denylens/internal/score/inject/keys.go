package inject

import (
	"net/netip"
	"strings"
)

// Keys names the series that a line belongs to, for rules that have a series for
// each value of a property.
type Keys struct {
	r        *reader
	networks map[netip.Addr]string
	folders  map[string]string
}

// NewKeys returns the keys of a log's lines.
func NewKeys(lines []Line) *Keys {
	return &Keys{newReader(lines), map[netip.Addr]string{}, map[string]string{}}
}

// Of appends the series of a line to list: that of everybody, whose Term is
// empty, country, network of 24 bits, first folder of the path, version of the
// browser and host.
func (k *Keys) Of(list []Term, l *Line) []Term {
	list = append(list, Term{})
	add := func(dim, value string) {
		if value != "" {
			list = append(list, Term{dim, value})
		}
	}
	if l.Country[0] != 0 {
		add("country", string(l.Country[:]))
	}
	net, ok := k.networks[l.Client]
	if !ok {
		net = network(l.Client, 24, 48)
		k.networks[l.Client] = net
	}
	add("network", net)
	folder, ok := k.folders[l.Path]
	if !ok {
		if t := prefixes(l.Path); len(t) > 0 {
			folder = t[0][0].Value
		}
		k.folders[l.Path] = folder
	}
	add("path", folder)
	_, major := k.r.agent(l.Agent)
	add("ua", major)
	host, _, _ := strings.Cut(l.Host, ":")
	add("host", host)
	return list
}
