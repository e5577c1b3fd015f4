package detect

import "time"

// Kind is what an incident is.
type Kind string

const (
	Overblock Kind = "overblock" // clients with evidence of legitimacy are refused
	Misuse    Kind = "misuse"    // clients that behave with ill intent, refused or not
	Spike     Kind = "spike"     // refusals rose and the evidence supports neither side
)

// Severity orders incidents by harm.
type Severity string

const (
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// Severities lists the severities from least to most harmful.
var Severities = []Severity{Low, Medium, High, Critical}

// Rank is the position of s in Severities, -1 if it is none of them.
func (s Severity) Rank() int {
	for i, v := range Severities {
		if v == s {
			return i
		}
	}
	return -1
}

// Term is one conjunct of a cohort: clients or requests whose dimension Dim has
// value Value. The dimensions are listed at Dims.
type Term struct {
	Dim   string `json:"dim"`
	Value string `json:"value"`
}

// Guess is one possible cause with what speaks for and against it.
type Guess struct {
	ID          string   `json:"id"`
	Probability float64  `json:"probability"`
	For         []string `json:"for"`
	Against     []string `json:"against"`
}

// Impact counts whom an incident touched, from its start to its end (or to now).
type Impact struct {
	Requests           int64   `json:"requests"`             // requests of the cohort
	Denied             int64   `json:"denied"`               // of those, refused
	Clients            int64   `json:"clients"`              // distinct clients of the cohort
	DeniedClients      int64   `json:"denied_clients"`       // of those, refused at least once
	LikelyLegitClients int64   `json:"likely_legit_clients"` // of those, with evidence of legitimacy
	ShareBefore        float64 `json:"share_before"`         // share of the cohort's clients refused before the start, per minute
	ShareDuring        float64 `json:"share_during"`         // the same during the incident
}

// Text is one sentence of evidence.
type Text struct {
	Text string `json:"text"`
}

// Sample is one line of the log that shows the incident.
type Sample struct {
	Source string `json:"source"`
	Offset int64  `json:"offset"`
	Line   string `json:"line"` // rendered again from the record, secrets redacted; hostile text, encode it
	asked  asked
}

// asked are parts of a sample's line, to ask the same again.
type asked struct{ method, uri, referer, agent, host string }

// Step is a next step: a sentence and, where there is one, a command to paste.
type Step struct {
	Text    string `json:"text"`
	Command string `json:"command,omitempty"`
}

// Cause is the best guess.
type Cause struct {
	ID          string  `json:"id"`
	Probability float64 `json:"probability"`
}

// Score tells how sure the statistics are.
type Score struct {
	Log10E              float64 `json:"log10_e_value"`          // decimal logarithm of the e-value at its highest
	ExpectedFalsePerDay float64 `json:"expected_false_per_day"` // how often chance alone would do this, over all cohorts
}

// Incident is one event. Its JSON form is public interface (denylens.report/v1).
type Incident struct {
	ID         string     `json:"id"`
	Kind       Kind       `json:"kind"`
	State      string     `json:"state"` // open, resolved
	Severity   Severity   `json:"severity"`
	Title      string     `json:"title"`
	Start      time.Time  `json:"start"`         // onset
	End        *time.Time `json:"end,omitempty"` // absent while open
	DetectedAt time.Time  `json:"detected_at"`   // when a live run would have opened it
	Cohort     []Term     `json:"cohort"`        // a conjunction; empty = everyone
	Or         [][]Term   `json:"or,omitempty"`  // further conjunctions of the same event
	Cause      Cause      `json:"cause"`
	Causes     []Guess    `json:"causes"`
	Impact     Impact     `json:"impact"`
	Evidence   []Text     `json:"evidence"`
	Samples    []Sample   `json:"samples"`
	NextSteps  []Step     `json:"next_steps"`
	Score      Score      `json:"score"`
	Spark      []float64  `json:"spark,omitempty"` // refused clients of the cohort a minute around the start, for drawing; at most 60
}

// Standing is a denial that was there before the log began: no incident.
type Standing struct {
	Cohort        []Term    `json:"cohort"`
	Share         float64   `json:"share"` // of the cohort's clients, refused
	Denied        int64     `json:"denied"`
	DeniedClients int64     `json:"denied_clients"`
	Since         time.Time `json:"since"`
	Last          time.Time `json:"last"`
	Note          string    `json:"note,omitempty"`
}

// Traffic is the whole of what was read.
type Traffic struct {
	Requests      int64            `json:"requests"`
	Denied        int64            `json:"denied"`
	Clients       int64            `json:"clients"`
	DeniedClients int64            `json:"denied_clients"`
	ByStatus      map[string]int64 `json:"by_status"`
}

// Summary is what an Engine knows at the end, or at any moment.
type Summary struct {
	Traffic   Traffic
	Incidents []Incident // most harmful first
	Standing  []Standing
	Late      int64            // records too late for their window; counted in Traffic, in no statistic
	From, To  time.Time        // of the records
	Timeline  []Minute         // refusals over time for drawing, at most 240 points
	Warnings  []string         // what a reader must know: proxies as clients, sampled logs, refused keys ...
	Refused   map[string]int64 // what bounded tables had no room for, by table

	Calibration Calibration
}

// Calibration says how well the statistics keep what they promise on this log:
// of all windows of all cohorts without an incident, which part had a chance of
// at most Nominal. Where the two agree, so do the false alarms with those asked
// for.
type Calibration struct {
	Tests   int64              `json:"tests"`   // cohorts times windows
	Cohorts int                `json:"cohorts"` // that are followed
	Levels  []CalibrationLevel `json:"levels"`
	Raised  float64            `json:"threshold_raised_nats,omitempty"` // because evidence grows larger here than the model has it
}

// CalibrationLevel is one chance, and how often it came.
type CalibrationLevel struct {
	Nominal  float64 `json:"nominal"`
	Observed float64 `json:"observed"`
}

// Minute is a point of the timeline.
type Minute struct {
	Start    time.Time
	Requests int64
	Denied   int64
}

// Change is what happened to an incident in a live run.
type Change string

const (
	Opened   Change = "opened"
	Changed  Change = "changed" // verdict, cause or severity changed materially
	Resolved Change = "resolved"
)
