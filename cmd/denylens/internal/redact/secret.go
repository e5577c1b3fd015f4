// Package redact keeps secrets out of everything that is shown or sent:
// credentials of ours (Secret), and the credentials of visitors that stand in
// the request lines of a log (Text).
package redact

import (
	"errors"
	"log/slog"
	"net/url"
)

// Mark is what stands where a secret was.
const Mark = "[redacted]"

// Secret is a credential of ours. No form of printing shows it; Reveal is the
// only way to it.
//
// Note: the value hides in a closure, because fmt prints a private string
// within another struct's private field by reflection, whatever methods it has.
type Secret struct{ value func() string }

// NewSecret wraps value; "" is no secret.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{func() string { return value }}
}

// Reveal returns the secret itself.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return s.value()
}

// Set tells whether there is one.
func (s Secret) Set() bool { return s.value != nil }

// String returns the mark, or nothing if no secret is set.
func (s Secret) String() string {
	if !s.Set() {
		return ""
	}
	return Mark
}

// GoString does the same for %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText does the same for JSON, YAML and XML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue does the same for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Err returns err without the URL that net/http puts into its errors: a Slack
// webhook's URL is the credential.
func Err(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
