// Command denylens finds out who is being refused by a web site, since when,
// why, and whether they are legitimate.
package main

import (
	"os"

	"github.com/denylens/denylens/cmd/denylens/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
