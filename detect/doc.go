// Package detect turns the records of access logs into incidents: who is being
// refused, since when, why, and whether they are legitimate.
//
// It opens no file, reads no clock and draws no random number. The same records
// give the same incidents, however they were read.
//
//	e := detect.New(detect.Config{Geo: geo.Embedded(), Crawlers: geo.KnownCrawlers()})
//	o := ingest.Options{Map: func() func(*ingest.Batch) { return e.NewReducer().Reduce }}
//	stats, err := ingest.Run(ctx, sources, o, func(b *ingest.Batch, lo, hi int) error {
//		e.Observe(b, lo, hi)
//		return nil
//	})
//	...
//	for _, in := range e.Finish().Incidents {
//		fmt.Println(in.Severity, in.Title, in.Cause.ID)
//	}
//
// Config.OnChange is told of incidents as they open, change and end.
//
// # What is counted
//
// The unit of evidence is a client that is refused for the first time in an
// hour. A client is an address, or the /64 of an IPv6 one, together with the
// user name if there is one. Requests are not counted: one stuck client makes
// thousands of them, and each says nothing that the first one did not.
//
// A request has values: host, path prefixes, API version, method, user agent,
// system, referring site. All of them together are its leaf. A client has
// values too: country, AS, wide and narrow network, user. A cohort is a
// conjunction of values; a series follows a cohort of one value.
//
// For each series s and minute t
//
//	A  clients active in s that were not refused in s during the last hour
//	D  those of them that are refused in s now; D <= A
//
// A refusal is no news, and not in D, if its template (the path with numbers
// and identifiers taken out) was never served to more than one client and was
// refused in an earlier minute; if it asks for what no visitor asks for; or if
// an open incident has the client and the request already. Clients known to
// attack are in no series.
//
// # When a minute is too much
//
// What is usual for a series is a rate pi, learned as a beta distribution that
// leans on the series above it: the country of a network, the prefix of a path,
// else everyone. It has a long memory (half-life a week) and a short one (six
// hours), which counts where it contradicts the long one, and a season: hours of
// the day that are always worse, once that has proved itself on earlier days
// (season.go). Counts wait half an hour before they are learned. The null
// hypothesis is not pi but everything up to an envelope p0 = pi * max(1.5,
// exp(3 sigma)) and a margin for what is not known yet, where sigma is how much
// the rate wanders from quarter hour to quarter hour. D is beta-binomial, for
// clients of one cohort are not independent.
//
// Eight alternatives p1 stand against it: five fixed rates and three multiples
// of p0. Each has a Shiryaev-Roberts statistic
//
//	R(t) = (R(t-1) + 1) * L(t),  L = P(D | A, p1) / P(D | A, p0)
//
// and M is their mean, an e-detector: while the null holds, M at time t is t at
// most in expectation, whenever one looks. With K series of weights w (hosts and
// versions more, networks less, their sum being K), alarms are the largest set R
// of series with
//
//	w M >= K / (alpha |R|),  alpha = false alarms allowed a minute
//
// which bounds the expected number of false alarms under any dependence between
// the series. That is the one knob, Config.FalseAlarmsPerDay. Where M gets larger
// than the model has it although nothing is wrong, the threshold rises until the
// promise holds again (tails.go), and Summary.Calibration tells how well the
// model fits. An alarm must also be worth a person's time: three clients or more,
// not all of one network (unless it is the network or the user that is refused),
// twice as many as expected, a share that matters.
//
// A minute is judged when it is over, and in parts of ten seconds while clients
// are newly refused (haste.go): likelihood ratios may be multiplied up at any
// moment.
//
// In the first 15 minutes, when nothing is known, a series is compared with
// everybody else in the same minute instead.
//
// # Who is responsible
//
// An alarm says that something is wrong, not what: a country's block also
// raises its networks and the browsers used there. All clients of the last 45
// minutes, of six hours where there are few, are laid out as cells (a leaf and a client's values), each with o
// refused clients, n clients and e expected ones; e is the rate of refusals of
// the most refused of the cell's values, summed over the minutes that clients
// were at risk. A cohort of one to three values scores
//
//	S = o ln(o/e) - (o-e)  less  0.7 ln(1+V) for each value named among V
//
// (the binomial's ratio where e is not small). From the best, the explanation
// climbs to a wider cohort while the rest of that is elevated too, descends to
// a narrower one that holds nearly all of it and leaves nothing behind, and of
// equal names takes the one nearer to a cause. What is left is explained again:
// there may be several causes at once. If it ends at everyone, but two or three
// values of one dimension hold nearly all of it and the others are as ever,
// those are named (split.go). What else it could be called, how others fare on
// the same paths, and what those share who are spared is told as evidence
// (runnersup.go, beside.go).
//
// A limit of rates refuses whoever asks most, so its refusals lie where heavy
// clients ask. If on the same paths those who ask little are spared, and the
// refused are served in the same minute, terms that only say who is heavy are
// dropped (limit.go).
//
// Alarms of the same clients are the same event, and an event is one Incident.
//
// # Right or wrong, and why
//
// Each client has log-odds of being legitimate, by what it did before: how
// long it was served, whether it signed in, loaded pictures, followed links,
// asked for what nobody is served, and whether it is the crawler that it claims
// to be. Never by having been refused, which is what is judged. The sum over
// the refused clients, and whether the refusals follow what they are or what
// they did, make an incident an over-blocking, misuse, or a spike of neither.
//
// Causes are weighed by a table of evidence, a line a fact, in nats, for and
// against (cause.go). What a log or an error log states outright weighs most.
// If no cause stands out, the answer is "undetermined".
//
// # Besides
//
// Single clients that were served and are refused now have a test of their own
// (turned.go), and several of them that share something are one incident
// (kindred.go); scanners have a random walk (scan.go), other misuse has a habit each
// (misuse.go), shared users and waves of probes a table each (sharing.go,
// wave.go). Visitors of a country, an operator, a host or with a browser version
// who stop coming are missed (absence.go), for what an edge refuses is not in this log. Forms and
// buttons of the site itself that are refused to the few who use them are told
// (deadend.go). Cohorts in force when the log begins are followed silently and told
// if they end (before.go); what is refused from the first line to the last,
// to all or to some, is listed as standing (standing.go).
//
// # Memory
//
// All tables are bounded by Config.MaxMemory. Summary.Refused counts what found
// no room.
//
// # References
//
//   - Shin, Ramdas, Rinaldo: E-detectors. New England Journal of Statistics in
//     Data Science, 2024.
//   - Dandapanthula, Ramdas: Multiple testing in multi-stream sequential change
//     detection. arXiv 2501.04130, 2025.
//   - Dawid: Statistical theory: the prequential approach. Journal of the Royal
//     Statistical Society A, 1984, for when a season is believed.
//   - Siffer, Fouque, Termier, Largouet: Anomaly detection in streams with extreme
//     value theory. KDD 2017, for thresholds that rise with the tail.
//   - Turner, Ly, Grünwald: Generic E-variables for exact sequential k-sample
//     tests. Journal of Statistical Planning and Inference, 2024; arXiv
//     2106.02693.
//   - West, Harrison: Bayesian Forecasting and Dynamic Models, for power
//     discounting.
//   - Noufaily et al.: An improved algorithm for outbreak detection. Statistics
//     in Medicine, 2013, for guard band and re-weighting; not its regression.
//   - Neill: Expectation-based scan statistics. 2009, for the score.
//   - Bailis et al.: MacroBase. SIGMOD 2017; arXiv 1603.00567, for the order of
//     pruning; not its ranking by risk ratio.
//   - Jung, Paxson, Berger, Balakrishnan: Fast portscan detection using
//     sequential hypothesis testing. IEEE S&P 2004.
//   - Flajolet, Fusy, Gandouet, Meunier: HyperLogLog. 2007.
package detect
