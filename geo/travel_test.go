package geo

import "testing"

func TestTravelHours(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     int
	}{
		{"DE", "BR", 5}, {"BR", "DE", 5}, {"US", "VN", 4}, {"AU", "GB", 11},
		{"DE", "FR", 0}, {"FR", "MA", 0}, {"US", "CO", 0}, {"RU", "US", 0}, {"", "US", 0}, {"zz", "US", 0}, {"AA", "US", 0},
	} {
		var a, b [2]byte
		copy(a[:], c.from)
		copy(b[:], c.to)
		if got := TravelHours(Zone(a), Zone(b)); got != c.want {
			t.Errorf("%s to %s: %d hours, want %d", c.from, c.to, got, c.want)
		}
	}
}

func TestACountryIsInOnePartOfTheWorld(t *testing.T) {
	seen := map[string]bool{}
	n := 0
	for _, list := range zones {
		for i := 0; i+2 <= len(list); i += 3 {
			if seen[list[i:i+2]] {
				t.Errorf("%s is listed twice", list[i:i+2])
			}
			seen[list[i:i+2]] = true
			n++
		}
	}
	if n < 220 {
		t.Errorf("%d countries", n)
	}
}
