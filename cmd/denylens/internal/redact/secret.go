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
type Secret struct{ value string }

// NewSecret wraps value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return s.value }

// Set tells whether there is one.
func (s Secret) Set() bool { return s.value != "" }

// String returns the mark, or nothing if no secret is set.
func (s Secret) String() string {
	if s.value == "" {
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
