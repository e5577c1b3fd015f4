package cli

import "github.com/spf13/cobra"

func exportCommand(a *app) *cobra.Command { return &cobra.Command{Use: "export", Hidden: true} }
