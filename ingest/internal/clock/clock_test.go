package clock

import (
	"testing"
	"time"
)

func TestStampsAreReadAsTimeReadsThem(t *testing.T) {
	for _, c := range []struct{ layout, text string }{
		{"02/Jan/2006:15:04:05 -0700", "10/Oct/2000:13:55:36 -0700"},
		{"02/Jan/2006:15:04:05 -0700", "29/Feb/2024:23:59:59 +0530"},
		{"02/Jan/2006:15:04:05 -0700", "01/Jan/1970:00:00:00 +0000"},
		{"2/Jan/2006:15:04:05 -0700", "3/Jan/2017:15:56:36 +0100"},
		{"02/Jan/2006:15:04:05.000 -07:00", "03/Jan/2017:15:56:36.250 +01:00"},
		{"02/Jan/2006:15:04:05", "03/Jan/2017:15:56:36"},
		{time.RFC3339Nano, "2026-11-23T22:44:56.123456789Z"},
		{time.RFC3339, "2026-11-23T22:44:56+00:00"},
		{"2006-01-02T15:04:05.999999-0700", "2026-11-23T22:45:08.421159+0000"},
		{"2006-01-02 15:04:05,000", "2026-11-23 22:44:56,789"},
		{"2006/01/02 15:04:05", "2026/11/23 22:44:55"},
		{"Mon Jan _2 15:04:05.000000 2006", "Mon Nov 23 22:45:16.203658 2026"},
		{"Mon Jan _2 15:04:05 2006", "Wed Oct  4 14:32:52 2000"},
	} {
		want, err := time.Parse(c.layout, c.text)
		if err != nil {
			t.Fatal(err)
		}
		var clk Clock
		for range 2 { // the second time it comes out of the cache
			got, ok := clk.Any([]byte(c.text))
			if !ok || got.Nanos != want.UnixNano() {
				t.Errorf("%q: got %v %v, want %v", c.text, time.Unix(0, got.Nanos).UTC(), ok, want.UTC())
			}
		}
	}
}

func TestEpochsAreToldApartByMagnitude(t *testing.T) {
	for text, want := range map[string]int64{
		"1653485126":          1653485126e9,
		"1653485126.250":      1653485126250e6,
		"1653485126000":       1653485126e9,
		"1653485126000123":    1653485126000123e3,
		"1506702504433000200": 1506702504433000200,
		"0":                   0,
	} {
		if got, ok := Epoch([]byte(text)); !ok || got.Nanos != want {
			t.Errorf("%s: got %d %v, want %d", text, got.Nanos, ok, want)
		}
	}
	for _, text := range []string{"", "-1", "1e9", "99999999999999999999", "12345678901", "1653485126000.5", "1653485126."} {
		if got, ok := Epoch([]byte(text)); ok {
			t.Errorf("%q was taken for %d", text, got.Nanos)
		}
	}
}

func TestWhatIsNoTimeIsRefused(t *testing.T) {
	var clk Clock
	for _, text := range []string{"", "-", "x", "30/Feb/2024:00:00:00 +0000", "10/Oct/2000:24:00:00 +0000", "10/Oct/2000:23:60:00 +0000",
		"10/Oct/2000:23:59:61 +0000", "10/Okt/2000:13:55:36 -0700", "10/Oct/2999:13:55:36 -0700", "10/Oct/2000 13:55:36 -0700",
		"10/Oct/2000:13:55:36 -07000", "2026-13-01T00:00:00Z", "2026-11-23T22:44:56+99:00", "2026/11/23", "Mon Nov 23 22:45:16 26",
		"10/Oct/2000:13:55:3x -0700"} {
		if got, ok := clk.Any([]byte(text)); ok {
			t.Errorf("%q was taken for %v", text, time.Unix(0, got.Nanos).UTC())
		}
	}
}

func TestALeapSecondIsTheNextMinute(t *testing.T) {
	var clk Clock
	a, ok1 := clk.CLF([]byte("31/Dec/2016:23:59:60 +0000"))
	b, ok2 := clk.CLF([]byte("01/Jan/2017:00:00:00 +0000"))
	if !ok1 || !ok2 || a != b {
		t.Errorf("got %v %v, want the same", a, b)
	}
}

func TestTheCacheKnowsZonesAndMinutesApart(t *testing.T) {
	var clk Clock
	for _, text := range []string{"10/Oct/2000:13:55:36 -0700", "10/Oct/2000:13:55:36 +0000", "10/Oct/2000:13:56:36 +0000",
		"10/Nov/2000:13:56:36 +0000", "10/Nov/2000:13:56:37 +0100", "10/Nov/2001:13:56:37 +0100"} {
		want, _ := time.Parse("02/Jan/2006:15:04:05 -0700", text)
		if got, ok := clk.CLF([]byte(text)); !ok || got.Nanos != want.UnixNano() {
			t.Errorf("%s: got %v", text, time.Unix(0, got.Nanos).UTC())
		}
	}
	for _, text := range []string{"2026-11-23T22:44:56Z", "2026-11-23T22:44:57+01:00", "2026-11-23T22:44:58", "2026-11-23T22:45:58Z"} {
		want, err := time.Parse(time.RFC3339, text)
		if err != nil {
			want, _ = time.Parse("2006-01-02T15:04:05", text)
		}
		if got, ok := clk.ISO([]byte(text)); !ok || got.Nanos != want.UnixNano() {
			t.Errorf("%s: got %v", text, time.Unix(0, got.Nanos).UTC())
		}
	}
}

func TestAStampSaysHowFarItsClockIsFromUTC(t *testing.T) {
	f := func(text string, zone, local bool, east int16) {
		t.Helper()
		var clk Clock
		for range 2 { // the second time it comes out of the cache
			if got, ok := clk.Any([]byte(text)); !ok || got.Zone != zone || got.Local != local || got.East != east {
				t.Errorf("%q: got %+v %v", text, got, ok)
			}
		}
	}
	f("10/Oct/2000:13:55:36 -0700", true, true, -420)
	f("10/Oct/2000:13:55:36 +0530", true, true, 330)
	f("10/Oct/2000:13:55:36 +0000", true, true, 0)
	f("10/Oct/2000:13:55:36.5 +05:30", true, true, 330)
	f("10/Oct/2000:13:55:36 Z", true, false, 0)
	f("10/Oct/2000:13:55:36", false, false, 0)
	f("2026-11-23T22:44:56+02:00", true, true, 120)
	f("2026-11-23T22:44:56Z", true, false, 0)
	f("2026-11-23 22:44:56", false, false, 0)
	f("1653485126.250", true, false, 0)
	f("Mon Nov 23 22:45:16.203658 2026", false, false, 0)
}

func TestReadingAStampAllocatesNothing(t *testing.T) {
	var clk Clock
	texts := [][]byte{[]byte("10/Oct/2000:13:55:36 -0700"), []byte("2026-11-23T22:44:56.5Z"), []byte("1653485126.250"), []byte("Mon Nov 23 22:45:16.203658 2026"), []byte("nonsense")}
	if n := testing.AllocsPerRun(100, func() {
		for _, b := range texts {
			clk.Any(b)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAny(f *testing.F) {
	for _, s := range []string{"10/Oct/2000:13:55:36 -0700", "2026-11-23T22:44:56+00:00", "1653485126.25", "Mon Nov 23 22:45:16.203658 2026", "[10/Oct/2000:13:55:36 Z]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var clk Clock
		a, ok1 := clk.Any([]byte(s))
		b, ok2 := clk.Any([]byte(s))
		if a != b || ok1 != ok2 {
			t.Fatalf("%q: %v %v, then %v %v", s, a, ok1, b, ok2)
		}
		if want, err := time.Parse("02/Jan/2006:15:04:05 -0700", s); err == nil && len(s) == 26 && want.Year() >= 1971 && want.Year() <= 2260 {
			if ok1 && a.Nanos != want.UnixNano() {
				t.Fatalf("%q: got %v %v, want %v", s, a, ok1, want)
			}
		}
	})
}

func BenchmarkCLF(b *testing.B) {
	var clk Clock
	text := []byte("10/Oct/2000:13:55:36 -0700")
	for b.Loop() {
		clk.CLF(text)
	}
}
