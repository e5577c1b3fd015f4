package detect

import (
	"strings"
	"testing"

	"github.com/denylens/denylens/ingest"
)

// gappy plays a shape whose cause a combined log does not tell: some people, in
// nothing alike, are refused one part of the site.
func gappy(t *testing.T, line func(h *hit) string, errors bool) Incident {
	t.Helper()
	sh := shape{people: reads("GET /shop/list", "GET /shop/item/7", "GET /docs/start"), peers: true, decide: func(w *siteOf, h *hit) {
		if h.who.group && under(h, "/shop") && w.IntN(10) < 7 {
			h.refuse(153)
			h.message = "access forbidden by rule"
		}
	}}
	w := sh.play(3, 60)
	var access, beside []string
	for i := range w.hits {
		access = append(access, line(&w.hits[i]))
		if w.hits[i].message != "" && errors {
			beside = append(beside, w.hits[i].explained(false))
		}
	}
	var best Incident
	for _, inc := range analyse(t, ingest.Options{}, access, beside).Incidents {
		if inc.Impact.DeniedClients > best.Impact.DeniedClients {
			best = inc
		}
	}
	return best
}

func textOf(inc *Incident) string {
	out := ""
	for _, x := range inc.Evidence {
		out += x.Text + "\n"
	}
	for _, x := range inc.NextSteps {
		out += x.Text + ": " + x.Command + "\n"
	}
	return out
}

func TestAnUndeterminedCauseSaysWhatToLog(t *testing.T) {
	inc := gappy(t, (*hit).combined, false)
	text := textOf(&inc)
	if !inc.unsure() {
		t.Fatalf("%+v", inc.Causes)
	}
	for _, want := range []string{"the log does not tell ", "error log", nginxFields, apacheFields, "denylens access.log error.log"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, logpushFields) {
		t.Error("fields of an edge that is not there")
	}
	inc = gappy(t, (*hit).combined, true)
	if text := textOf(&inc); strings.Contains(text, "denylens access.log error.log") {
		t.Errorf("an error log was read and is asked for\n%s", text)
	}
}

func TestAnEdgeIsAskedForItsOwnFields(t *testing.T) {
	inc := gappy(t, (*hit).cloudflare, false)
	text := textOf(&inc)
	if inc.unsure() != strings.Contains(text, logpushFields) || strings.Contains(text, nginxFields) {
		t.Errorf("%+v\n%s", inc.Cause, text)
	}
}

// What a report tells people to log is read again, whole.
func TestTheFieldsToLogAreRead(t *testing.T) {
	format, _, _ := strings.Cut(nginxFields, "; access_log")
	for _, f := range []string{format, apacheFields} {
		if _, warnings, err := ingest.Compile(f); err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v %q", f, err, warnings)
		}
	}
}
