package main

import (
	"bytes"
	"testing"

	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
	"github.com/denylens/denylens/detect"
)

func TestWhatProbesEverySiteIsNotFalse(t *testing.T) {
	probing := map[string]bool{"192.0.2.1": true}
	scan := func(sev detect.Severity, terms ...detect.Term) *detect.Incident {
		return &detect.Incident{Kind: detect.Misuse, Severity: sev, Cause: detect.Cause{ID: "scan"}, Cohort: terms}
	}
	shown := func(in *detect.Incident, addr string) *detect.Incident {
		in.Samples = []detect.Sample{{Line: addr + ` - - [02/Mar/2026:10:00:00 +0000] "GET /item" 403 153 "-" "x/1"`}}
		return in
	}
	for name, c := range map[string]struct {
		in   *detect.Incident
		want bool
	}{
		"one that probes":        {scan(detect.Low, detect.Term{Dim: "ip", Value: "192.0.2.1"}), true},
		"another client":         {scan(detect.Low, detect.Term{Dim: "ip", Value: "192.0.2.2"}), false},
		"what they all ask for":  {shown(scan(detect.Low, detect.Term{Dim: "path", Value: "/administrator"}), "192.0.2.1"), true},
		"what others ask for":    {shown(scan(detect.Low, detect.Term{Dim: "path", Value: "/item"}), "192.0.2.2"), false},
		"nobody is shown":        {scan(detect.Low, detect.Term{Dim: "path", Value: "/item"}), false},
		"of too high a severity": {scan(detect.Medium, detect.Term{Dim: "path", Value: "/administrator"}), false},
	} {
		if got := aboutProbing(c.in, probing); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestExceedancesAddUpByTests(t *testing.T) {
	q := quiet{exceeded: map[float64]float64{}}
	for _, c := range []struct {
		tests    int64
		observed float64
	}{{1000, .002}, {3000, .001}} {
		q.add(&detect.Summary{Calibration: detect.Calibration{Tests: c.tests, Cohorts: 10, Levels: []detect.CalibrationLevel{{Nominal: 1e-3, Observed: c.observed}}},
			Incidents: []detect.Incident{{Severity: detect.Medium}, {Severity: detect.Low}}}, 1, func(in *detect.Incident) bool { return true })
	}
	if got := q.times(1e-3); got < 1.2499 || got > 1.2501 {
		t.Errorf("%.3f times as often as nominal, want 1.25", got)
	}
	if q.medium != 2 || q.low != 2 || q.weeks != 2 {
		t.Errorf("%+v", q)
	}
}

// What a sample looks like is the engine's business: a wave of the simulator is
// told to be of those who probe by what the engine really shows.
func TestSamplesAreReadAsTheEngineShowsThem(t *testing.T) {
	var log bytes.Buffer
	truth, err := simulate.Run(t.Context(), simulate.Options{Scenario: "botnet-probe", Seed: 1, Format: "cloudflare", Requests: 60_000}, &log)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := judge(t.Context(), &log, "cloudflare")
	if err != nil {
		t.Fatal(err)
	}
	probing := map[string]bool{}
	for _, a := range truth.Incidents[0].Clients {
		probing[a] = true
	}
	for i := range sum.Incidents {
		if in := &sum.Incidents[i]; len(in.Cohort) > 0 && in.Cohort[0].Dim == "path" {
			if !probed(in.Samples, probing) || probed(in.Samples, map[string]bool{"192.0.2.1": true}) {
				t.Errorf("%s: the clients of %v are not seen", in.Title, in.Samples)
			}
			return
		}
	}
	t.Error("no wave was found")
}
