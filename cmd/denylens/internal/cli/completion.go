package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

func completionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:       "completion " + strings.Join(shells, "|"),
		Short:     "write the completion script of a shell",
		Example:   "  source <(denylens completion bash)",
		ValidArgs: shells,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("denylens completion bash", "name a shell: %s", strings.Join(shells, ", "))
			}
			w := checked{a.stdout, "standard output"}
			switch args[0] {
			case "bash":
				return c.Root().GenBashCompletionV2(w, true)
			case "zsh":
				return c.Root().GenZshCompletion(w)
			case "fish":
				return c.Root().GenFishCompletion(w, true)
			case "powershell":
				return c.Root().GenPowerShellCompletionWithDesc(w)
			}
			return usagef("", "shell must be one of %s, not %q", strings.Join(shells, ", "), args[0])
		},
	}
}
