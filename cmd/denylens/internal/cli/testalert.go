package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/denylens/denylens/cmd/denylens/internal/alert"
	"github.com/denylens/denylens/cmd/denylens/internal/config"
)

func testAlertCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "test-alert [FLAG...]",
		Short: "send a test alert the way real ones go, and say what came of it",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.testAlert(c) },
	}
	a.flags(c, config.Sending)
	return c
}

// testAlert sends one message past grouping and spool: it changes no state.
func (a *app) testAlert(c *cobra.Command) error {
	conf, err := a.settings(c)
	if err != nil {
		return err
	}
	n := alert.Trial(time.Now())
	tried := 0
	for _, s := range alert.Sinks {
		sink, err := s.New(conf, hostname())
		if err != nil {
			return err
		}
		if conf.Alert.DryRun {
			sink = dry{a, s.Name, s.Compose}
		}
		if sink == nil {
			continue
		}
		tried++
		if err := sink.Send(c.Context(), &n); err != nil {
			return &failure{exitAlerts, s.Name + ": " + err.Error(), ""}
		}
		if !conf.Alert.DryRun {
			fmt.Fprintf(checked{a.stdout, "standard output"}, "%s: delivered, alert %s\n", s.Name, n.ID)
		}
	}
	if tried == 0 {
		return usagef("set DENYLENS_SLACK_WEBHOOK_URL, or slack.webhook_url_file in the configuration", "no webhook is configured")
	}
	return nil
}
