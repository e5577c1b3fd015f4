package cli

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/cmd/denylens/internal/redact"
	"github.com/denylens/denylens/geo"
	"github.com/denylens/denylens/ingest"
	"github.com/denylens/denylens/ingest/export"
)

// shapes are what records can be exported to.
var shapes = []struct {
	name   string
	binary bool
	open   func(io.Writer, export.Options) (export.Exporter, error)
}{
	{"ndjson", false, func(w io.Writer, o export.Options) (export.Exporter, error) { return export.NewNDJSON(w, o), nil }},
	{"arrow", true, func(w io.Writer, o export.Options) (export.Exporter, error) { return export.NewArrow(w, o), nil }},
	{"parquet", true, export.NewParquet},
}

func shapeNames() (names []string) {
	for _, s := range shapes {
		names = append(names, s.name)
	}
	return names
}

func exportCommand(a *app) *cobra.Command {
	to := ""
	c := &cobra.Command{
		Use:   "export --to " + strings.Join(shapeNames(), "|") + " [FLAG...] [FILE|GLOB|-]...",
		Short: "write the records for other tools: JSON lines, Arrow IPC, Parquet",
		Long: `denylens export reads logs and writes what it understood of each line, with country
and network, for DuckDB, ClickHouse, pandas, Spark or jq.`,
		Example: `  denylens export --to parquet -o access.parquet /var/log/nginx/access.log*
  denylens export --to ndjson --rejected bad.txt access.log | jq -c 'select(.status == 403)'`,
		RunE: func(c *cobra.Command, args []string) error { return a.export(c, to, args) },
	}
	a.flags(c, config.Reading)
	c.Flags().StringVar(&to, "to", "ndjson", "`"+strings.Join(shapeNames(), "|")+"` form of the records (default: ndjson; Arrow is an IPC stream)")
	return c
}

func (a *app) export(c *cobra.Command, to string, args []string) error {
	conf, err := a.settings(c)
	if err != nil {
		return err
	}
	if args, err = a.arguments(c, args); err != nil {
		return err
	}
	open, err := a.shape(to, conf)
	if err != nil {
		return err
	}
	o, err := a.reading(conf)
	if err != nil {
		return err
	}
	db, _, err := a.openGeo(conf)
	if err != nil {
		return err
	}
	sources, unread := a.open(args)
	if len(sources) == 0 {
		return unread
	}
	a.zone(conf, &o, sources)
	privacy := redact.NewPrivacy(conf.Privacy, conf.PrivacyKey)
	rej, err := keepRejects(conf, sources, privacy)
	if err != nil {
		return err
	}
	if rej != nil {
		o.Rejected = rej.take
	}
	var stats []ingest.SourceStats
	stop := a.progress(conf, o.Progress, sources)
	err = a.output(conf.Output, sources, func(w io.Writer) error {
		out, err := open(w, export.Options{Enrich: places(db)})
		if err != nil {
			return err
		}
		stats, err = ingest.Run(c.Context(), sources, o, func(b *ingest.Batch, lo, hi int) error {
			for i := lo; i < hi && !privacy.Full(); i++ {
				hide(&b.Records[i], privacy, db)
			}
			return out.Write(b, lo, hi, sources[b.Source].Name)
		})
		return errors.Join(err, out.Close())
	})
	stop()
	return errors.Join(unread, err, rej.close(), unreadable(stats), unknown(stats, privacy))
}

// shape finds the form of records called to. A binary one is not for terminals.
func (a *app) shape(to string, conf *config.Config) (func(io.Writer, export.Options) (export.Exporter, error), error) {
	toStdout := conf.Output == "" || conf.Output == ingest.Stdin
	for _, s := range shapes {
		switch {
		case s.name != to:
		case s.binary && toStdout && terminal(a.stdout):
			return nil, usagef("name a file with -o, or send it into a pipe", "%s is binary and not for a terminal", to)
		default:
			return s.open, nil
		}
	}
	hint := ""
	if n := config.Nearest(to, shapeNames()); n != "" {
		hint = "did you mean " + n + "?"
	}
	return nil, usagef(hint, "--to: must be one of %s, not %q", strings.Join(shapeNames(), ", "), to)
}

// places looks up where clients are.
func places(db *geo.DB) func(*ingest.Record) ([2]byte, uint32) {
	return func(r *ingest.Record) ([2]byte, uint32) {
		if !r.Client.IsValid() {
			return [2]byte{}, 0
		}
		p := db.Lookup(r.Client)
		return p.Country, p.ASN
	}
}

// hide takes out of r who the client is, and the credentials that it sent. What
// is known of the place is kept, since the address is not.
func hide(r *ingest.Record, p *redact.Privacy, db *geo.DB) {
	if r.Client.IsValid() {
		place := db.Lookup(r.Client)
		if r.Country == ([2]byte{}) {
			r.Country = place.Country
		}
		if r.ASN == 0 {
			r.ASN = place.ASN
		}
	}
	r.Remote, r.RemoteText = p.Masked(r.Remote), nil
	r.Client = p.Masked(r.Client)
	r.Forwarded = nil
	if len(r.User) > 0 {
		r.User = []byte(p.User(string(r.User)))
	}
	for _, t := range []*[]byte{&r.Request, &r.URI, &r.Path, &r.Query, &r.Referer, &r.Message} {
		if len(*t) > 0 {
			*t = []byte(p.Text(redact.Text(string(*t))))
		}
	}
}
