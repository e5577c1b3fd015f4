package redact

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
)

func TestSecretsOfVisitorsAreNotShown(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := Text(in); got != want {
			t.Errorf("Text(%q)\n got %q\nwant %q", in, got, want)
		}
		if again := Text(want); again != want {
			t.Errorf("Text is not stable: %q becomes %q", want, again)
		}
	}
	f(`/login?user=bob&password=hunter2&next=/`, `/login?user=bob&password=[redacted]&next=/`)
	f(`/a?access_token=s3cr3t`, `/a?access_token=[redacted]`)
	f(`/a?apiKey=s3cr3t&x=1`, `/a?apiKey=[redacted]&x=1`)
	f(`/a?key=s3cr3t;b=2`, `/a?key=[redacted];b=2`)
	f(`/a?X-Amz-Signature=s3cr3t&X-Amz-Date=1`, `/a?X-Amz-Signature=[redacted]&X-Amz-Date=1`)
	f(`/shop;jsessionid=s3cr3t?x=1`, `/shop;jsessionid=[redacted]?x=1`)
	f(`/a?PHPSESSID=s3cr3t`, `/a?PHPSESSID=[redacted]`)
	f(`/a?user%5Bpassword%5D=s3cr3t&b=1`, `/a?user%5Bpassword%5D=[redacted]&b=1`)
	f(`/a?next=%2Fb%3Ftoken%3Ds3cr3t`, `/a?next=%2Fb%3Ftoken%3D[redacted]`)
	f(`/a?q=eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2lnbmF0dXJl`, `/a?q=[redacted]`)
	f(`/hello/bob@example.com/x`, `/hello/[redacted]/x`)
	f(`/?m=bob%40example.com`, `/?m=[redacted]`)
	f(`https://bob:s3cr3t@example.com/`, `https://[redacted]@example.com/`)
	f(`/services https://hooks.slack.com/services/T00/B00/s3cr3t`, `/services https://hooks.slack.com/services/[redacted]`)
	f(`/reset/8f14e45fceea167a/go`, `/reset/[redacted]/go`)
	f(`{"password": "s3cr3t", "a": 1}`, `{"password": "[redacted]", "a": 1}`)
	f(`Authorization: Bearer abcdefghij`, `Authorization: [redacted]`)
	f(`/a?code=s3cr3t&country_code=BR`, `/a?code=[redacted]&country_code=[redacted]`)
}

func TestWhatIsNoSecretStays(t *testing.T) {
	for _, in := range []string{
		`203.0.113.7 - bob [24/Nov/2026:08:00:00 +0000] "GET /shop/item?id=12&reside=x HTTP/1.1" 403 199 "https://example.com/" "Mozilla/5.0 (X11; Linux x86_64)"`,
		`/?shopping=cart&postcode=12345&design=new`,
		`/@user/post`, `/a@b`, `/token`, `/reset/now`,
	} {
		if got := Text(in); got != in {
			t.Errorf("Text(%q) = %q", in, got)
		}
	}
}

func TestSecretPrintsInNoForm(t *testing.T) {
	const canary = "canary-7781"
	s := NewSecret(canary)
	j, err := json.Marshal(struct{ S Secret }{s})
	if err != nil {
		t.Fatal(err)
	}
	hidden := struct{ s Secret }{s}
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "s", s)
	for _, out := range []string{string(j), b.String(), fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s),
		fmt.Sprintf("%+v %#v", struct{ S Secret }{s}, &struct{ S Secret }{s}), fmt.Sprintf("%v %+v %#v", hidden, hidden, &hidden) + Mark} {
		if strings.Contains(out, canary) || !strings.Contains(out, Mark) {
			t.Errorf("printed as %q", out)
		}
	}
	if s.Reveal() != canary {
		t.Error("Reveal does not reveal")
	}
	cause := errors.New("connection refused")
	err = Err(fmt.Errorf("send: %w", &url.Error{Op: "Post", URL: "https://x/" + canary, Err: cause}))
	if strings.Contains(err.Error(), canary) || !errors.Is(err, cause) {
		t.Errorf("Err = %v", err)
	}
}

func FuzzSecretValueNeverSurvives(f *testing.F) {
	f.Add("/a", "password", "x")
	f.Add("/a?b=c", "token", "%20")
	f.Fuzz(func(t *testing.T, path, name, noise string) {
		const canary = "Zq7canaryZq7"
		for _, n := range []string{"password", "access_token", "api_key", "sid", "secret"} {
			in := path + "?" + n + "=" + canary + "&" + noise
			if out := Text(in); strings.Contains(out, canary) {
				t.Fatalf("Text(%q) = %q", in, out)
			}
		}
	})
}
