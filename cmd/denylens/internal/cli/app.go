// Package cli is the command line of denylens: one file for each command. Only
// this package writes to standard output and standard error, and only Main
// decides the exit code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/denylens/denylens/cmd/denylens/internal/config"
)

// app is what commands share.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	say            *voice
	commands       []string // names
	configFile     string
}

// commands are the sub-commands in the order of the help.
var commands = []struct {
	name string
	make func(*app) *cobra.Command
}{
	{"scan", scanCommand}, {"watch", watchCommand}, {"export", exportCommand}, {"formats", formatsCommand}, {"simulate", simulateCommand},
	{"config", configCommand}, {"test-alert", testAlertCommand}, {"doctor", doctorCommand}, {"completion", completionCommand}, {"version", versionCommand},
}

// Main runs denylens with args (without the program's name) and returns the
// exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) (exit int) {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, say: &voice{w: stderr}}
	defer func() {
		if r := recover(); r != nil {
			a.say.print("", fmt.Sprintf("internal error: %v", r))
			a.say.hint("please report this, with DENYLENS_PANIC=1 set for the whole story")
			if os.Getenv("DENYLENS_PANIC") != "" {
				panic(r)
			}
			exit = exitBug
		}
	}()
	signal.Ignore(syscall.SIGPIPE) // writing tells
	ctx, stop := a.signals()
	defer stop()
	root := a.root(args)
	root.SetArgs(a.implied(root, args))
	err := root.ExecuteContext(ctx)
	if errors.Is(err, context.Canceled) {
		err = errors.Join(err, context.Cause(ctx))
	}
	a.say.fail(err)
	return code(err)
}

// signals returns a context that the first SIGINT or SIGTERM ends; the second
// ends the process at once.
func (a *app) signals() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	go func() {
		if s, ok := <-c; ok {
			signal.Reset(os.Interrupt, syscall.SIGTERM)
			cancel(&stopped{s})
		}
	}()
	return ctx, func() { signal.Stop(c); cancel(nil) }
}

// root makes the command tree. Of a command that args name only that one is made:
// the flags of all take two milliseconds. Completion tells of all.
func (a *app) root(args []string) *cobra.Command {
	root := &cobra.Command{
		Use:           "denylens",
		Short:         "tells who is refused by a web site, since when, why, and whether they are legitimate",
		Long:          rootHelp,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cobra.EnableCommandSorting = false
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetVersionTemplate("denylens {{.Version}}\n")
	root.SetFlagErrorFunc(a.flagError)
	root.SetUsageFunc(usage)
	root.SetHelpFunc(help)
	root.SetHelpCommand(&cobra.Command{Use: "help", Hidden: true, Run: func(c *cobra.Command, args []string) {
		target, _, err := root.Find(args)
		if err != nil || target == nil {
			target = root
		}
		help(target, nil)
	}})
	for _, c := range commands {
		a.commands = append(a.commands, c.name)
	}
	one := len(args) > 0 && args[0] != "completion" && slices.Contains(a.commands, args[0])
	for i := range commands {
		if one && commands[i].name != args[0] {
			continue
		}
		c := commands[i].make(a)
		c.DisableFlagsInUseLine = true
		takePlaceholders(c)
		root.AddCommand(c)
	}
	return root
}

const rootHelp = `denylens reads the access logs you have (nginx, Apache, Cloudflare) and tells who
is being refused (403 and its kin), since when, why, whether they are legitimate,
and what to do.

  denylens /var/log/nginx/access.log*     what happened (short for denylens scan)
  denylens watch /var/log/nginx/access.log
  ssh web1 cat /var/log/nginx/access.log | denylens`

// implied puts the command scan in where a user has left it out: in front of
// files, of flags alone, and of nothing where a pipe is on standard input.
func (a *app) implied(root *cobra.Command, args []string) []string {
	scan, _, err := root.Find([]string{"scan"})
	if err != nil {
		return args
	}
	flags := scan.Flags()
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--help" || arg == "-h" || arg == "--version":
			return args
		case arg == "--":
			return append([]string{"scan"}, args...)
		case strings.HasPrefix(arg, "--"):
			if f := flags.Lookup(arg[2:]); f != nil && f.NoOptDefVal == "" {
				i++ // its value
			}
		case strings.HasPrefix(arg, "-") && arg != "-":
			if f := flags.ShorthandLookup(arg[len(arg)-1:]); f != nil && f.NoOptDefVal == "" {
				i++
			}
		default:
			if isCommand(root, arg) {
				return args
			}
			return append([]string{"scan"}, args...)
		}
	}
	if len(args) > 0 || !terminal(a.stdin) {
		return append([]string{"scan"}, args...)
	}
	return args
}

func isCommand(root *cobra.Command, name string) bool {
	if name == "help" || strings.HasPrefix(name, cobra.ShellCompRequestCmd) {
		return true
	}
	for _, c := range root.Commands() {
		if c.Name() == name || c.HasAlias(name) {
			return true
		}
	}
	return false
}

// settings loads the configuration for a command.
func (a *app) settings(c *cobra.Command) (*config.Config, error) {
	path := a.configFile
	if path == "" {
		path = os.Getenv("DENYLENS_CONFIG")
	}
	conf, err := config.Load(c.Flags(), path, time.Now())
	if err != nil {
		return nil, err
	}
	a.say.quiet = conf.Quiet
	for _, w := range conf.Warnings {
		a.say.warn("%s", w)
	}
	return conf, nil
}

// flags gives c the flags of the settings in scope.
func (a *app) flags(c *cobra.Command, scope config.Scope) {
	config.Flags(c.Flags(), scope|config.Common)
	c.Flags().SortFlags = false
	c.Flags().StringVar(&a.configFile, "config", "", "`FILE` configuration, also DENYLENS_CONFIG (default: ./denylens.yaml, ~/.config/denylens/, /etc/denylens/)")
}
