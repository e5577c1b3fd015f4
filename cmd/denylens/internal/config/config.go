// Package config holds every setting of denylens once: its name, default,
// meaning and limits. A value comes from a flag, else from the environment
// (DENYLENS_ and the name in capitals), else from a file, else it is the
// default; Config remembers which.
//
// The file is YAML. A key that is no setting, a key given twice and a value
// out of range are errors that say where they stand.
package config

import (
	"net/netip"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/redact"
)

// Config is the effective configuration of one run.
type Config struct {
	Format            string
	FormatFrom        string
	GeoIP             []string
	TimeZone          Zone
	TrustedProxy      []netip.Prefix
	DenyStatus        []int // empty: what each format calls a refusal
	Since, Until      time.Time
	Report            []string
	Output            string
	Rejected          string
	FalseAlarmsPerDay float64
	Lateness          time.Duration
	Patience          time.Duration
	ConfirmCrawlers   bool
	MaxMemory         Bytes
	Workers           int
	FailOn            string // "", or a severity
	Privacy           string // full, truncate or pseudonym
	PrivacyKey        redact.Secret
	NoColor           bool
	Progress          string // auto, never or always
	Quiet             bool
	Verbose           bool
	Alert             Alert
	Slack             Slack

	Path     string            // the file that was read; "" if none
	Sources  map[string]string // where each setting's value comes from, by key
	Warnings []string          // what is odd but no error
}

// Alert says when and how alerts are sent.
type Alert struct {
	Send        bool // scan: send at the end
	DryRun      bool // print instead of sending
	MinSeverity string
	Spool       string        // folder for alerts not delivered yet; "" keeps them in memory
	GroupWait   time.Duration // how long news is collected that comes soon after an alert
	DigestOver  int           // more news at once than this become one message
}

// Slack says where to.
type Slack struct {
	WebhookURL     redact.Secret
	WebhookURLFile string
	AllowHost      []string
}

// Zone is that of times that state none.
type Zone struct {
	Name     string         // as it was set
	Location *time.Location // nil: auto, what the access log states
}

// Bytes is an amount of memory.
type Bytes int64

// Scope says which commands a setting's flag belongs to.
type Scope uint8

// Scopes of flags. A setting may have several.
const (
	Common  Scope = 1 << iota // every command that reads a configuration
	Reading                   // commands that read logs
	Judging                   // commands that look for incidents
	Sending                   // commands that send alerts
	Batch                     // scan only
)

// Setting is one setting.
type Setting struct {
	Key    string // name in the file; a dot stands for a level
	Flag   string // long flag; "" if there is none
	Short  string // short flag
	Scope  Scope
	Arg    string // what the help calls the value
	Secret bool   // never printed
	Def    string // default, as a user would write it
	Doc    string // one line, no capital, no full stop
	field  func(*Config) any
	check  check
}

// Env is the environment variable of s.
func (s *Setting) Env() string { return envName(s.Key) }

// Value writes the value that c has for s as a user would; a secret is masked.
func (s *Setting) Value(c *Config) string { return format(s.field(c)) }
