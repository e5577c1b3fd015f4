package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/geo"
)

// openGeo opens the databases of --geoip over the embedded one, and describes
// what is in use.
func (a *app) openGeo(conf *config.Config) (*geo.DB, []string, error) {
	db, err := geo.Open(conf.GeoIP...)
	if err != nil {
		e := &config.Error{Where: conf.Sources["geoip"], Key: "geoip", Why: err.Error()}
		var b *geo.BaseError
		if errors.As(err, &b) {
			e.Hint = b.Hint
		}
		return nil, nil, e
	}
	var used []string
	for _, b := range db.Bases() {
		// Without an age: a report does not depend on the day it is made.
		line := b.Type
		if !b.Built.IsZero() {
			line += " of " + b.Built.UTC().Format(time.DateOnly)
		}
		if b.Path == "" {
			used = append(used, line)
			continue
		}
		used = append(used, line+", "+b.Path)
		if age := time.Since(b.Built); !b.Built.IsZero() && age > geo.Old {
			a.say.warn("geo database %s is %d days old", b.Path, int(age.Hours()/24))
		}
	}
	return db, used, nil
}

// geoCredits names whose data are built in, and of when they are.
func geoCredits() []string {
	list := []string{geo.Attribution}
	for _, d := range geo.Embedded().Describe(time.Now()) {
		list = append(list, fmt.Sprintf("  %s", d))
	}
	return list
}
