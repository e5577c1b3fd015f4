package main

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/score/inject"
	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
	"github.com/denylens/denylens/detect"
	"github.com/denylens/denylens/ingest"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func truthOf(kind string, start, end time.Time, clients ...string) simulate.Incident {
	t := simulate.Incident{Kind: kind, Start: start, Clients: clients, Cohort: []simulate.Term{{Dim: "country", Value: "BR"}}}
	if !end.IsZero() {
		t.End = &end
	}
	return t
}

func alarmOf(kind detect.Kind, start, end time.Time, clients ...string) *alarm {
	a := &alarm{&detect.Incident{Kind: kind, Start: start, Severity: detect.Medium}, map[netip.Addr]bool{}}
	if !end.IsZero() {
		a.End = &end
	}
	for _, c := range clients {
		a.clients[netip.MustParseAddr(c)] = true
	}
	return a
}

func TestAnAlarmMatchesWhatItOverlapsInTimeAndClients(t *testing.T) {
	truth := truthOf("overblock", noon, noon.Add(time.Hour), "1.1.1.1", "2.2.2.2", "3.3.3.3")
	for _, c := range []struct {
		what string
		a    *alarm
		want bool
	}{
		{"the same", alarmOf("overblock", noon, noon.Add(time.Hour), "1.1.1.1", "2.2.2.2", "3.3.3.3"), true},
		{"half the clients", alarmOf("spike", noon, time.Time{}, "1.1.1.1", "2.2.2.2"), true},
		{"nine minutes behind the end", alarmOf("overblock", noon.Add(69*time.Minute), time.Time{}, "1.1.1.1", "2.2.2.2", "3.3.3.3"), true},
		{"eleven minutes behind the end", alarmOf("overblock", noon.Add(71*time.Minute), time.Time{}, "1.1.1.1", "2.2.2.2", "3.3.3.3"), false},
		{"over before it began", alarmOf("overblock", noon.Add(-time.Hour), noon.Add(-time.Minute), "1.1.1.1", "2.2.2.2", "3.3.3.3"), false},
		{"other clients", alarmOf("overblock", noon, time.Time{}, "4.4.4.4"), false},
		{"a third of the clients", alarmOf("overblock", noon, time.Time{}, "1.1.1.1"), false},
		{"nobody", alarmOf("overblock", noon, time.Time{}), false},
	} {
		if _, got := fits(&truth, c.a); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

func TestEachAlarmAndIncidentIsMatchedOnceAndAsManyAsCan(t *testing.T) {
	truths := []simulate.Incident{
		truthOf("overblock", noon, time.Time{}, "1.1.1.1", "2.2.2.2"),
		truthOf("overblock", noon, time.Time{}, "2.2.2.2"),
	}
	both := alarmOf("overblock", noon, time.Time{}, "1.1.1.1", "2.2.2.2")
	one := alarmOf("spike", noon, time.Time{}, "1.1.1.1", "2.2.2.2", "5.5.5.5", "6.6.6.6")
	stray := alarmOf("misuse", noon, time.Time{}, "9.9.9.9")
	again := alarmOf("overblock", noon, time.Time{}, "1.1.1.1", "2.2.2.2")
	out, rest := match(truths, []*alarm{both, one, stray})
	if out[0].alarm == nil || out[1].alarm == nil {
		t.Error("two alarms fit two incidents, one was left out")
	}
	if len(rest) != 1 || rest[0] != stray {
		t.Errorf("%d alarms left, want the stray one", len(rest))
	}
	out, rest = match(truths[:1], []*alarm{one, both, again})
	if out[0].alarm.Kind != "overblock" || out[0].dups != 2 || len(rest) != 0 {
		t.Errorf("got %s, %d duplicates, %d left; want overblock, 2, 0", out[0].alarm.Kind, out[0].dups, len(rest))
	}
}

func TestAlarmsAboutPassingProbesAreNotFalseButOnlyAsMisuse(t *testing.T) {
	probing := []string{"9.9.9.9", "8.8.4.4"}
	if !ambient(alarmOf("misuse", noon, time.Time{}, "9.9.9.9"), probing) {
		t.Error("a probing address, called misuse, counts as false")
	}
	if ambient(alarmOf("overblock", noon, time.Time{}, "9.9.9.9"), probing) || ambient(alarmOf("misuse", noon, time.Time{}, "7.7.7.7"), probing) {
		t.Error("overblock of a probing address, or misuse by another, is excused")
	}
}

func TestCohortsMeanWhatTheContractSays(t *testing.T) {
	r := inject.Line{Client: netip.MustParseAddr("200.147.3.157"), Country: [2]byte{'B', 'R'}, Path: "/api/v1/orders/17", Method: "POST", Status: 403,
		Host: "API.example.com:443", Referer: "https://a.example/x", User: "erp",
		Agent: ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36 Edg/144.0.0.0")}
	for term, want := range map[inject.Term]bool{
		{Dim: "path", Value: "/api"}: true, {Dim: "path", Value: "/ap"}: false, {Dim: "path", Value: "/api/v1/orders/{n}"}: true,
		{Dim: "path", Value: "/api/v1/orders/17/x"}: false, {Dim: "path", Value: "/"}: false,
		{Dim: "api_version", Value: "v1"}: true, {Dim: "api_version", Value: "v2"}: false,
		{Dim: "network", Value: "200.147.0.0/16"}: true, {Dim: "ip", Value: "200.147.3.157"}: true, {Dim: "country", Value: "BR"}: true,
		{Dim: "country", Value: "DE"}: false, {Dim: "method", Value: "POST"}: true, {Dim: "status", Value: "403"}: true,
		{Dim: "host", Value: "api.example.com"}: true, {Dim: "referer", Value: "a.example"}: true, {Dim: "user", Value: "erp"}: true,
		{Dim: "ua", Value: "Edge/144"}: true, {Dim: "ua", Value: "Edge"}: true, {Dim: "ua", Value: "Edge/14"}: false, {Dim: "ua", Value: "Chrome/144"}: false,
		{Dim: "nonsense", Value: "x"}: false,
	} {
		if got := inject.CohortOf([]inject.Term{term}).Has(&r); got != want {
			t.Errorf("%v: %v", term, got)
		}
	}
	if !inject.CohortOf(nil).Has(&r) {
		t.Error("the empty cohort is everyone")
	}
	if !inject.CohortOf([]inject.Term{{Dim: "country", Value: "DE"}}, []inject.Term{{Dim: "method", Value: "POST"}}).Has(&r) {
		t.Error("a further conjunction does not count")
	}
}

func TestQuantilesAreByNearestRank(t *testing.T) {
	x := []float64{1, 2, 3, 4}
	if quantile(x, .5) != 2 || quantile(x, .95) != 4 || quantile(x[:1], .5) != 1 {
		t.Error(quantile(x, .5), quantile(x, .95))
	}
}

func TestEveryLineOfASimulatedLogIsRead(t *testing.T) {
	names := map[string]string{"combined": "combined", "vhost_combined": "vhost_combined", "main": "combined", "json": "json", "cloudflare": "cloudflare"}
	for _, format := range simulate.Formats {
		for _, guess := range []string{names[format], ""} {
			var log bytes.Buffer
			truth, err := simulate.Run(t.Context(), simulate.Options{Scenario: "scanner", Requests: 20_000, Format: format}, &log)
			if err != nil {
				t.Fatal(err)
			}
			var records, denied int64
			err = eachBatch(t.Context(), bytes.NewReader(log.Bytes()), guess, func(b *ingest.Batch) {
				for _, r := range b.Rejects {
					t.Fatalf("%s read as %q: %v: %s", format, guess, r.Flaw, r.Text)
				}
				for i := range b.Records {
					records++
					if b.Records[i].Status == 403 {
						denied++
					}
				}
			})
			if err != nil || records != truth.Requests || denied != truth.Denied {
				t.Errorf("%s read as %q: %d records, %d refused, %v; want %d and %d", format, guess, records, denied, err, truth.Requests, truth.Denied)
			}
		}
	}
}
