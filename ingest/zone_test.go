package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	inDelhi    = `203.0.113.7 - - [14/Mar/2026:14:56:53 +0530] "GET /a HTTP/1.1" 403 9 "-" "x"` + "\n"
	inCuba     = `203.0.113.7 - - [14/Mar/2026:05:26:53 -0400] "GET /b HTTP/1.1" 403 9 "-" "x"` + "\n"
	nginxSays  = `2026/03/14 14:56:53 [error] 31#31: *17 access forbidden by rule, client: 203.0.113.7, server: s, request: "GET /a HTTP/1.1", host: "s"` + "\n"
	apacheSays = `[Sat Mar 14 14:56:53.203658 2026] [authz_core:error] [pid 7] [client 203.0.113.7:4711] AH01630: client denied by server configuration: /srv/a` + "\n"
	inZulu     = `{"time":"2026-03-14T09:26:53Z","remote_addr":"203.0.113.7","request":"GET /a HTTP/1.1","status":403}` + "\n"
)

// written writes text to a file, compressed if its name says so.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path, data := filepath.Join(t.TempDir(), name), []byte(text)
	if strings.HasSuffix(name, ".gz") {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(data)
		w.Close()
		data = b.Bytes()
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheFirstOffsetThatALogStatesIsFound(t *testing.T) {
	delhi, cuba := written(t, "delhi.log.gz", inDelhi+inCuba), written(t, "cuba.log", inCuba)
	mute := []string{written(t, "nginx.log", nginxSays), written(t, "apache.log", apacheSays), written(t, "zulu.log", inZulu), written(t, "prose.log", "[nothing +0200]\n"), written(t, "empty.log", "")}
	f := func(want string, names ...string) {
		t.Helper()
		sources, err := Files(names)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if loc, source, ok := StatedZone(sources, nil); ok {
			got = loc.String() + " by " + filepath.Base(source)
		}
		if got != want {
			t.Errorf("%v: got %q, want %q", names, got, want)
		}
	}
	f("+05:30 by delhi.log.gz", append(mute, delhi, cuba)...)
	f("-04:00 by cuba.log", cuba, delhi)
	f("", mute...)
	f("")
	sources, _ := Files([]string{delhi})
	other, _, err := Compile(`$remote_addr|$time_iso8601|$status|$request`)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, ok := StatedZone(sources, other); ok {
		t.Error("the format that was set does not count")
	}
}

func TestLookingForAZoneTakesNothingAway(t *testing.T) {
	pipe := NewStream("pipe", strings.NewReader(inDelhi))
	follower := Follow(written(t, "live.log", inCuba+inDelhi[:20]), FollowOptions{FromStart: true, Silent: true})
	sources := []Source{pipe, follower}
	if loc, source, ok := StatedZone(sources, nil); !ok || loc.String() != "-04:00" || source != follower.Name {
		t.Errorf("got %v by %q, want what the followed file states", loc, source)
	}
	n, enough := 0, errors.New("enough")
	_, err := Run(context.Background(), sources, Options{}, func(_ *Batch, lo, hi int) error {
		if n += hi - lo; n == 2 {
			return enough
		}
		return nil
	})
	if err != enough || n != 2 {
		t.Errorf("%d records, error %v", n, err)
	}
}

func TestTimesWithoutAZoneAreReadInTheGivenOne(t *testing.T) {
	delhi := written(t, "access.log", inDelhi)
	want := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	for name, text := range map[string]string{"nginx": nginxSays, "apache": apacheSays} {
		sources, err := Files([]string{written(t, name, text), delhi})
		if err != nil {
			t.Fatal(err)
		}
		loc, _, ok := StatedZone(sources, nil)
		if !ok {
			t.Fatal("no zone")
		}
		n := 0
		_, err = Run(t.Context(), sources, Options{Location: loc}, func(b *Batch, lo, hi int) error {
			for _, r := range b.Records[lo:hi] {
				n++
				if got := time.Unix(0, r.Time).UTC().Truncate(time.Second); !got.Equal(want) {
					t.Errorf("%s: %v, want %v", name, got, want)
				}
			}
			return nil
		})
		if err != nil || n != 2 {
			t.Errorf("%s: %d records, error %v", name, n, err)
		}
	}
}
