package inject

// Keys names the series that a line belongs to, for rules that have a series for
// each value of a property.
type Keys struct{ r *reader }

// NewKeys returns the keys of a log's lines.
func NewKeys(lines []Line) *Keys { return &Keys{newReader(lines)} }

// Of lists the series of a line: that of everybody, whose Term is empty, country,
// network of 24 bits, first folder of the path, version of the browser and host.
func (k *Keys) Of(l *Line) []Term {
	list := []Term{{}}
	for _, scope := range []string{"country", "network24", "path", "ua_major", "host"} {
		if t := scopes[scope](l, k.r); len(t) > 0 && t[0][0].Value != "" {
			list = append(list, t[0][0])
		}
	}
	return list
}
