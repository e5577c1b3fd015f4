package config

import (
	"fmt"
	"strings"
)

// Error is what is wrong with the configuration. It names the setting and the
// place where its value stands; it never holds the value of a secret.
type Error struct {
	Where string // "denylens.yaml:3", "flag --workers", "environment DENYLENS_WORKERS"
	Key   string
	Why   string
	Hint  string // what to do; "" if the reason says it
}

// Error returns "where: key: why".
func (e *Error) Error() string {
	parts := make([]string, 0, 3)
	key := e.Key
	if strings.HasPrefix(e.Where, "flag ") {
		key = "" // the flag says it
	}
	for _, p := range []string{e.Where, key, e.Why} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ": ")
}

// hinted is a reason that comes with advice.
type hinted struct {
	error
	hint string
}

func meant(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %s?", name)
}
