package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/cmd/denylens/internal/escape"
)

// flagError says what is wrong with a flag and which one was meant. It does not
// repeat a value, which may be a secret.
func (a *app) flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usagef(fmt.Sprintf("denylens %s --help lists the flags", c.Name()), "%s", err)
	}
	name := unknown.GetSpecifiedName()
	what := "unknown flag: --" + name
	if unknown.GetSpecifiedShortnames() != "" {
		what = "unknown flag: -" + name
	}
	for i := range config.Settings {
		if s := &config.Settings[i]; s.Secret && (fold(s.Key) == fold(name)) {
			return usagef("set "+s.Env()+" or put it in the configuration file", "--%s: a secret is not taken from an argument, which every user of the machine can see", name)
		}
	}
	var known []string
	c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	hint := fmt.Sprintf("denylens %s --help lists the flags", c.Name())
	if n := config.Nearest(name, known); n != "" && len(name) > 1 {
		hint = "did you mean --" + n + "?"
	}
	return usagef(hint, "%s", what)
}

func fold(s string) string { return strings.NewReplacer("-", "", "_", "", ".", "").Replace(s) }

// help writes the help of a command to standard output.
func help(c *cobra.Command, _ []string) {
	w := c.OutOrStdout()
	if text := c.Long; text != "" {
		fmt.Fprintln(w, text)
	} else {
		fmt.Fprintf(w, "denylens %s: %s\n", c.Name(), c.Short)
	}
	fmt.Fprintln(w)
	describe(w, c)
}

func usage(c *cobra.Command) error {
	describe(c.OutOrStderr(), c)
	return nil
}

func describe(w io.Writer, c *cobra.Command) {
	columns := min(max(width(w), 60), 100)
	if !c.HasParent() {
		fmt.Fprintln(w, "Usage: denylens [COMMAND] [FLAG...] [FILE...]")
		fmt.Fprintln(w, "\nCommands:")
		for _, s := range c.Commands() {
			if !s.Hidden {
				fmt.Fprintf(w, "  %-12s %s\n", s.Name(), s.Short)
			}
		}
		fmt.Fprintln(w, "\ndenylens COMMAND --help tells more, flags included.")
		return
	}
	fmt.Fprintf(w, "Usage: %s\n", strings.TrimSuffix(c.UseLine(), " [flags]"))
	if c.Example != "" {
		fmt.Fprintf(w, "\n%s\n", c.Example)
	}
	if subs := c.Commands(); len(subs) > 0 {
		fmt.Fprintln(w, "\nCommands:")
		for _, s := range subs {
			if !s.Hidden {
				fmt.Fprintf(w, "  %-12s %s\n", s.Name(), s.Short)
			}
		}
	}
	if c.HasAvailableLocalFlags() {
		fmt.Fprintln(w, "\nFlags:")
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				flagHelp(w, f, columns)
			}
		})
	}
}

// placeholder is the annotation of a flag that names its value in the help.
const placeholder = "denylens_placeholder"

// takePlaceholders moves the placeholder that the usage of a flag begins with, in
// backquotes, to where completion scripts do not show it.
func takePlaceholders(c *cobra.Command) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if rest, ok := strings.CutPrefix(f.Usage, "`"); ok {
			arg, doc, _ := strings.Cut(rest, "` ")
			f.Usage = doc
			f.Annotations = map[string][]string{placeholder: {arg}}
		}
	})
	for _, sub := range c.Commands() {
		takePlaceholders(sub)
	}
}

// flagHelp writes a flag and, beside it or below it, what it does.
func flagHelp(w io.Writer, f *pflag.Flag, columns int) {
	const indent = 30
	head := "      --" + f.Name
	if f.Shorthand != "" {
		head = "  -" + f.Shorthand + ", --" + f.Name
	}
	text := f.Usage
	if arg := f.Annotations[placeholder]; len(arg) > 0 {
		head += " " + arg[0]
	}
	if f.Name == "help" {
		text = "show this"
	}
	for i, l := range escape.Term(text).Wrap(columns - indent) {
		if i == 0 && len(head) > indent-2 {
			fmt.Fprintln(w, head)
			head = ""
		}
		if i > 0 {
			head = ""
		}
		fmt.Fprintf(w, "%-*s%s\n", indent, head, l)
	}
}
