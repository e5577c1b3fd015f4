package cli

import (
	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/geo"
)

// openGeo opens the databases of --geoip, or the embedded one.
func openGeo(conf *config.Config) (*geo.DB, []string, error) { return nil, nil, nil }

// geoCredits names whose data are built in.
func geoCredits() []string { return nil }

// crawlers knows the published addresses of crawlers.
func crawlers() *geo.Crawlers { return nil }
