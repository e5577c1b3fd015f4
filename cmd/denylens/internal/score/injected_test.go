package main

import (
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/score/inject"
	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
	"github.com/denylens/denylens/detect"
)

func TestWhatTheUntouchedLogRaisesIsNeitherFalseNorFound(t *testing.T) {
	truth := simulate.Truth{Incidents: []simulate.Incident{truthOf("overblock", noon, noon.Add(time.Hour), "1.1.1.1", "2.2.2.2")}}
	found := alarmOf("overblock", noon, noon.Add(time.Hour), "1.1.1.1", "2.2.2.2")
	natural := alarmOf("misuse", noon, time.Time{}, "9.9.9.9")
	natural.Cohort = []detect.Term{{Dim: "ip", Value: "9.9.9.9"}}
	stray := alarmOf("misuse", noon, time.Time{}, "8.8.8.8")
	stray.Cohort = []detect.Term{{Dim: "ip", Value: "8.8.8.8"}}
	v := compare(&truth, []*alarm{found, natural, stray}, []*alarm{natural})
	if v.natural != 1 || len(v.rest) != 1 || v.rest[0] != stray || v.outcomes[0].alarm != found {
		t.Errorf("%d natural, %d false, found %v", v.natural, len(v.rest), v.outcomes[0].alarm)
	}
	other := alarmOf("overblock", noon, time.Time{}, "9.9.9.9")
	if sameEvent(other, natural) {
		t.Error("a refusal is taken for a misuse by the same client")
	}
}

func TestAPieceOfAnIncidentIsADuplicateAndNoFind(t *testing.T) {
	truths := []simulate.Incident{truthOf("overblock", noon, noon.Add(time.Hour), "1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4")}
	out, rest := match(truths, []*alarm{alarmOf("overblock", noon, time.Time{}, "1.1.1.1")})
	if out[0].alarm != nil || out[0].dups != 1 || !out[0].felt || len(rest) != 0 {
		t.Errorf("%+v, %d false", out[0], len(rest))
	}
	if out, rest = match(truths, []*alarm{alarmOf("misuse", noon, time.Time{}, "1.1.1.1")}); out[0].dups != 0 || len(rest) != 1 {
		t.Error("to call the refused hostile is false, not a piece of the truth")
	}
}

func TestInjectedCasesAreMeasured(t *testing.T) {
	site := inject.Simulated("combined", 5, 40_000, 25*time.Hour)
	cases := append(inject.Cases(&site, "misuse", 4, 1), inject.Cases(&site, "absence", 1, 1)...)
	results := measureSite(t.Context(), options{}, site, cases)
	judged := 0
	for i := range results {
		r := &results[i]
		if r.err != nil {
			t.Fatal(r.err)
		}
		if r.sample != nil {
			judged++
			if len(r.outcomes) != 1 || len(r.rules) != 5 {
				t.Errorf("%s: %d outcomes, %d rules", r.group, len(r.outcomes), len(r.rules))
			}
		}
	}
	if judged < 3 {
		t.Fatalf("%d of %d cases came to something", judged, len(cases))
	}
	var text strings.Builder
	printInjected(&text, results)
	if !strings.Contains(text.String(), "misuse") || !strings.Contains(text.String(), "EARS C2") {
		t.Error(text.String())
	}
	doc, err := json.Marshal(manifestOf(results))
	if err != nil || len(manifestOf(results)) != judged {
		t.Fatal(err, string(doc))
	}
	if a := regexp.MustCompile(`\d+\.\d+\.\d+\.\d+`).Find(doc); a != nil {
		t.Errorf("the manifest holds the address %s", a)
	}
}

func TestIntervalsDrawSites(t *testing.T) {
	var list []*result
	for i := range 40 {
		s := &inject.Sample{Case: inject.Case{Class: "misuse", Site: string(rune('a' + i%8))}}
		r := &result{sample: s}
		r.outcomes = []outcome{{truth: &simulate.Incident{}}}
		if i%8 < 6 { // three sites in four
			r.outcomes[0].alarm = &alarm{Incident: &detect.Incident{}}
		}
		list = append(list, r)
	}
	lo, hi := interval(list, incident, ours, (*figures).recall)
	if lo > .6 || lo < .3 || hi < .9 || hi > 1 {
		t.Errorf("%.2f to %.2f around .75 with eight sites", lo, hi)
	}
	if lo, _ = interval(list[:1], incident, ours, (*figures).recall); !math.IsNaN(lo) {
		t.Error("one site has an interval")
	}
}
