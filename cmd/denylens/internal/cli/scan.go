package cli

import (
	"errors"
	"net"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/denylens/denylens/cmd/denylens/internal/config"
	"github.com/denylens/denylens/cmd/denylens/internal/redact"
	"github.com/denylens/denylens/cmd/denylens/internal/report"
	"github.com/denylens/denylens/detect"
	"github.com/denylens/denylens/geo"
	"github.com/denylens/denylens/ingest"
)

func scanCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "scan [FLAG...] [FILE|GLOB|-]...",
		Short: "read logs to their end and report what happened (the default)",
		Long: `denylens scan reads logs to their end and prints who was refused, since when, why,
and whether they are legitimate. Files may be compressed (gzip, zstd, bzip2, xz);
several files are one log, put in order of time.`,
		Example: `  denylens /var/log/nginx/access.log*
  denylens scan --since 24h --fail-on high --report json=report.json access.log`,
		RunE: func(c *cobra.Command, args []string) error { return a.scan(c, args) },
	}
	a.flags(c, config.Reading|config.Judging|config.Sending|config.Batch)
	return c
}

func (a *app) scan(c *cobra.Command, args []string) error {
	conf, err := a.settings(c)
	if err != nil {
		return err
	}
	if args, err = a.arguments(c, args); err != nil {
		return err
	}
	targets, err := reports(conf)
	if err != nil {
		return err
	}
	if err := needSink(conf); err != nil {
		return err
	}
	r, err := a.newRun(conf, nil)
	if err != nil {
		return err
	}
	sources, unread := a.open(args)
	if len(sources) == 0 {
		return unread
	}
	stats, err := a.read(c, r, sources, func(b *ingest.Batch, lo, hi int) error {
		r.engine.Observe(b, lo, hi)
		return nil
	})
	if err != nil {
		return err
	}
	if lines(stats) == 0 && len(stats) > 0 && unreadable(stats) == nil {
		a.say.warn("there was no line to read")
	}
	var after error
	none := unknown(stats, r.privacy)
	if none == nil || parsed(stats) > 0 {
		sum := r.engine.Finish()
		if conf.ConfirmCrawlers {
			confirmCrawlers(c.Context(), sum.Incidents, net.DefaultResolver)
		}
		rep := assemble(stats, sum, r.geo, r.privacy)
		if err := a.publish(targets, rep, conf, sources); err != nil && !brokenPipe(err) {
			return err
		}
		after = errors.Join(a.alertOf(conf, rep), found(conf, rep.Incidents))
	}
	return errors.Join(unread, unreadable(stats), none, after)
}

// alertOf sends alerts for what a scan found, if that is asked for.
func (a *app) alertOf(conf *config.Config, rep *report.Report) error {
	if !conf.Alert.Send && !conf.Alert.DryRun {
		return nil
	}
	s, err := a.openAlerts(conf)
	if err != nil {
		return err
	}
	return a.sendAll(s, rep)
}

// run is what a command that looks for incidents works with.
type run struct {
	conf    *config.Config
	options ingest.Options
	engine  *detect.Engine
	privacy *redact.Privacy
	geo     []string // the databases used
	names   []string // of the sources
}

// leastBeside is what the program itself, the countries compiled in, stacks and
// the maps of the system take up beside the heap; with large tables it is more.
const leastBeside = 32 << 20

// newRun sets a run up; all that can be wrong with the settings is found here,
// before a log is read.
func (a *app) newRun(conf *config.Config, onChange func(*detect.Incident, detect.Change)) (*run, error) {
	if err := a.usable(conf); err != nil {
		return nil, err
	}
	options, err := a.reading(conf)
	if err != nil {
		return nil, err
	}
	db, used, err := a.openGeo(conf)
	if err != nil {
		return nil, err
	}
	if options.Workers > 0 {
		runtime.GOMAXPROCS(options.Workers)
	}
	options.Workers = max(1, runtime.GOMAXPROCS(0)-1) // the engine keeps a processor busy
	memory := int64(conf.MaxMemory)
	useHugePages(memory / 2)
	debug.SetMemoryLimit(memory - max(leastBeside, memory*3/16))
	debug.SetGCPercent(50)
	r := &run{conf: conf, options: options, geo: used, privacy: redact.NewPrivacy(conf.Privacy, conf.PrivacyKey)}
	r.engine = detect.New(detect.Config{
		FalseAlarmsPerDay: conf.FalseAlarmsPerDay, DenyStatus: conf.DenyStatus, Lateness: conf.Lateness, Patience: conf.Patience,
		Geo: db, Crawlers: geo.KnownCrawlers(), MaxMemory: memory * 2 / 5, // the heap holds half as much again while alarms are explained, and what is not yet collected
		SourceName: r.name, OnChange: onChange,
	})
	r.options.Map = func() func(*ingest.Batch) { return r.engine.NewReducer().Reduce }
	return r, nil
}

func (r *run) name(i int) string {
	if i < len(r.names) {
		return r.names[i]
	}
	return ""
}

// read reads sources to their end; deliver hands the records to the engine, and
// can end the run.
func (a *app) read(c *cobra.Command, r *run, sources []ingest.Source, deliver func(*ingest.Batch, int, int) error) ([]ingest.SourceStats, error) {
	for _, s := range sources {
		r.names = append(r.names, s.Name)
	}
	rej, err := keepRejects(r.conf, sources, r.privacy)
	if err != nil {
		return nil, err
	}
	if rej != nil {
		r.options.Rejected = rej.take
	}
	a.zone(r.conf, &r.options, sources)
	stop := a.progress(r.conf, r.options.Progress, sources)
	stats, err := ingest.Run(c.Context(), sources, r.options, deliver)
	stop()
	return stats, errors.Join(err, rej.close())
}

func parsed(stats []ingest.SourceStats) (n int64) {
	for i := range stats {
		n += stats[i].Parsed
	}
	return n
}

func lines(stats []ingest.SourceStats) (n int64) {
	for i := range stats {
		n += stats[i].Lines
	}
	return n
}

// found is the failure for incidents at or above --fail-on; it says nothing
// that the report has not said.
func found(conf *config.Config, incidents []detect.Incident) error {
	if conf.FailOn == "" {
		return nil
	}
	least := detect.Severity(conf.FailOn).Rank()
	for i := range incidents {
		if incidents[i].Severity.Rank() >= least {
			return &failure{code: exitFound}
		}
	}
	return nil
}
