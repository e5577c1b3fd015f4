package splitmix

import "testing"

// The first output of the reference generator for seed 0.
func TestMixIsSplitmix64(t *testing.T) {
	if got := Mix(0); got != 0xe220a8397b1dcdaf {
		t.Errorf("Mix(0) = %#x", got)
	}
	if u := Unit(1<<64 - 1); u >= 1 || Unit(0) != 0 {
		t.Errorf("the largest hash maps to %v", u)
	}
	if Text("a") == Text("b") {
		t.Error("two texts, one hash")
	}
}
