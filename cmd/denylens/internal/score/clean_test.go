package main

import (
	"testing"

	"github.com/denylens/denylens/detect"
)

func TestWhatProbesEverySiteIsNotFalse(t *testing.T) {
	probing := map[string]bool{"192.0.2.1": true}
	scan := func(sev detect.Severity, terms ...detect.Term) *detect.Incident {
		return &detect.Incident{Kind: detect.Misuse, Severity: sev, Cause: detect.Cause{ID: "scan"}, Cohort: terms}
	}
	for name, c := range map[string]struct {
		in   *detect.Incident
		want bool
	}{
		"one that probes":        {scan(detect.Low, detect.Term{Dim: "ip", Value: "192.0.2.1"}), true},
		"another client":         {scan(detect.Low, detect.Term{Dim: "ip", Value: "192.0.2.2"}), false},
		"what they all ask for":  {scan(detect.Low, detect.Term{Dim: "path", Value: "/administrator"}), true},
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
