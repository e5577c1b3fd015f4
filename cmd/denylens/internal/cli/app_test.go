package cli

import (
	"io"
	"testing"
)

// A command is made by the name under which it is listed, and completion knows
// them all.
func TestCommandsAreMadeByName(t *testing.T) {
	a := func() *app { return &app{stdout: io.Discard, stderr: io.Discard, say: &voice{w: io.Discard}} }
	for _, c := range commands {
		want := 1
		if c.name == "completion" {
			want = len(commands)
		}
		root := a().root([]string{c.name})
		if made, _, err := root.Find([]string{c.name}); err != nil || made.Name() != c.name || len(root.Commands()) != want {
			t.Errorf("%s: %d commands, %v", c.name, len(root.Commands()), err)
		}
	}
	if n := len(a().root([]string{"access.log"}).Commands()); n != len(commands) {
		t.Errorf("%d commands where none is named, want %d", n, len(commands))
	}
}
