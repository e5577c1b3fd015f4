package alert

import (
	"github.com/denylens/denylens/cmd/denylens/internal/config"
)

// Sinks are the ways to a reader. New returns nil if c does not set one up; an
// error names the setting that is wrong. Compose writes what would be sent.
var Sinks = []struct {
	Name    string
	New     func(c *config.Config, from string) (Sink, error)
	Compose func(n *Notice, from string) ([]byte, error)
}{
	{"slack", fromSlackSettings, Payload},
}

func fromSlackSettings(c *config.Config, from string) (Sink, error) {
	if !c.Slack.WebhookURL.Set() {
		return nil, nil
	}
	s, err := NewSlack(c.Slack.WebhookURL, c.Slack.AllowHost, from)
	if err != nil {
		return nil, &config.Error{Where: c.Sources["slack.webhook_url"], Key: "slack.webhook_url", Why: err.Error()}
	}
	return s, nil
}
