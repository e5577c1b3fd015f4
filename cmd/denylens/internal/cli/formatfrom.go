package cli

import (
	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/ingest"
)

func formatFrom(conf *config.Config) (func() ingest.Format, []string, error) { return nil, nil, nil }
