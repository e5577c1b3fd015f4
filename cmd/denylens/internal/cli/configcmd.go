package cli

import (
	"bufio"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/denylens/denylens/cmd/denylens/internal/alert"
	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/cmd/denylens/internal/escape"
)

const allScopes = config.Reading | config.Judging | config.Sending | config.Batch

func configCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "config [show|check] [FLAG...]",
		Short: "show every setting with where its value comes from, or check them",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.configShow(c) },
	}
	show := &cobra.Command{
		Use:   "show [FLAG...]",
		Short: "show every setting with where its value comes from; -v tells what each means",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.configShow(c) },
	}
	check := &cobra.Command{
		Use:   "check [FLAG...]",
		Short: "say whether the configuration is usable",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.configCheck(c) },
	}
	for _, sub := range []*cobra.Command{c, show, check} {
		a.flags(sub, allScopes)
	}
	c.AddCommand(show, check)
	return c
}

func (a *app) configShow(c *cobra.Command) error {
	conf, err := a.settings(c)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(checked{a.stdout, "standard output"})
	file := conf.Path
	if file == "" {
		file = "none"
	}
	fmt.Fprintf(w, "# configuration file: %s\n", escape.Term(file))
	for i := range config.Settings {
		s := &config.Settings[i]
		if conf.Verbose {
			fmt.Fprintf(w, "\n# %s (%s)\n", s.Doc, s.Env())
		}
		value := s.Value(conf)
		if value == "" {
			value = `""`
		}
		fmt.Fprintf(w, "%-24s %-20s # %s\n", s.Key+":", escape.Term(value), escape.Term(conf.Sources[s.Key]))
	}
	return w.Flush()
}

func (a *app) configCheck(c *cobra.Command) error {
	conf, err := a.settings(c)
	if err != nil {
		return err
	}
	if err := a.usable(conf); err != nil {
		return err
	}
	if _, _, err := format(conf); err != nil {
		return err
	}
	file := conf.Path
	if file == "" {
		file = "no configuration file"
	}
	_, err = fmt.Fprintf(checked{a.stdout, "standard output"}, "%s: ok\n", escape.Term(file))
	return err
}

// usable checks what only the parts that use a setting can check.
func (a *app) usable(conf *config.Config) error {
	for _, s := range alert.Sinks {
		if _, err := s.New(conf, hostname()); err != nil {
			return err
		}
	}
	_, err := reports(conf)
	return err
}
