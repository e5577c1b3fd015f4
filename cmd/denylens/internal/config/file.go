package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// FileName is what a configuration file is called.
const FileName = "denylens.yaml"

// maxFile bounds a configuration file.
const maxFile = 1 << 20

// file is a configuration file, read.
type file struct {
	path  string
	text  []byte
	lines map[string]int // line of each key
}

// places lists where a file is looked for when none is named, first one first.
func places() []string {
	list := []string{FileName}
	if dir := os.Getenv("XDG_CONFIG_HOME"); dir != "" {
		list = append(list, filepath.Join(dir, "denylens", FileName))
	} else if home := os.Getenv("HOME"); home != "" {
		list = append(list, filepath.Join(home, ".config", "denylens", FileName))
	}
	return append(list, filepath.Join("/etc/denylens", FileName))
}

// findFile reads the file called path, or the first one found if path is "".
func findFile(path string) (*file, error) {
	if path != "" {
		f, err := readFile(path)
		if errors.Is(err, os.ErrNotExist) {
			return nil, &Error{Where: path, Why: "no such file", Hint: "give an existing file to --config"}
		}
		return f, err
	}
	for _, p := range places() {
		f, err := readFile(p)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		return f, err
	}
	return nil, nil
}

func readFile(path string) (*file, error) {
	r, err := os.Open(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		e := &Error{Where: path, Why: reason(err)}
		if errors.Is(err, os.ErrPermission) {
			e.Hint = "the configuration is looked for there; --config FILE names another, --config " + os.DevNull + " none"
		}
		return nil, e
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, &Error{Where: path, Why: reason(err)}
	}
	if len(text) > maxFile {
		return nil, &Error{Where: path, Why: "larger than 1 MiB, so no configuration"}
	}
	f := &file{path: path, text: text, lines: map[string]int{}}
	return f, f.walk()
}

// walk notes the line of every key and refuses what is no setting.
func (f *file) walk() error {
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(f.text)).Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) { // nothing but comments
			return nil
		}
		return &Error{Where: f.path, Why: strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil
	}
	if root.Kind != yaml.MappingNode {
		return f.fault(root.Line, "", "must be settings, one a line, as in `workers: 2`", "")
	}
	return f.level(root, "")
}

func (f *file) level(n *yaml.Node, prefix string) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		key := prefix + k.Value
		if k.Kind != yaml.ScalarNode || k.Tag == "!!merge" {
			return f.fault(k.Line, key, "must be a plain name", "")
		}
		if first, twice := f.lines[key]; twice {
			return f.fault(k.Line, key, fmt.Sprintf("is already set in line %d", first), "")
		}
		f.lines[key] = k.Line
		group := isGroup(key)
		switch {
		case v.Kind == yaml.AliasNode:
			return f.fault(k.Line, key, "must not be an alias", "")
		case group && v.Kind == yaml.MappingNode:
			if err := f.level(v, key+"."); err != nil {
				return err
			}
		case group && !(v.Kind == yaml.ScalarNode && v.Tag == "!!null"):
			return f.fault(k.Line, key, "is a group of settings: "+strings.Join(members(key), ", "), "")
		case !group && Find(key) == nil:
			return f.fault(k.Line, key, "unknown setting", meant(Nearest(key, keys())))
		}
	}
	return nil
}

func (f *file) fault(line int, key, why, hint string) error {
	return &Error{Where: f.path + ":" + strconv.Itoa(line), Key: key, Why: why, Hint: hint}
}

func isGroup(key string) bool { return len(members(key)) > 0 }

func members(group string) (names []string) {
	for _, k := range keys() {
		if m, ok := strings.CutPrefix(k, group+"."); ok {
			names = append(names, m)
		}
	}
	return names
}

func keys() []string {
	list := make([]string, len(Settings))
	for i := range Settings {
		list[i] = Settings[i].Key
	}
	return list
}

// reason is an error of the file system without the path, which the message
// has already.
func reason(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
