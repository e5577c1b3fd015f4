package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/denylens/denylens/cmd/denylens/internal/escape"
	"github.com/denylens/denylens/cmd/denylens/internal/redact"
)

// Slack sends to an incoming webhook. Its URL is a credential and stands in no
// error and no message.
type Slack struct {
	url    redact.Secret
	host   string
	from   string
	client *http.Client
}

// NewSlack returns the sink for a webhook; from names this machine in messages.
// allow lists further hosts a webhook may point to, see CheckWebhook.
func NewSlack(webhook redact.Secret, allow []string, from string) (*Slack, error) {
	if err := CheckWebhook(webhook.Reveal(), allow); err != nil {
		return nil, err
	}
	u, err := url.Parse(webhook.Reveal())
	if err != nil {
		return nil, errors.New("is not the URL of a webhook")
	}
	return &Slack{url: webhook, host: u.Host, from: from, client: newClient(u, allow)}, nil
}

// Name returns "slack".
func (s *Slack) Name() string { return "slack" }

// Send posts n. Only the answer 200 with the body "ok" means delivered.
func (s *Slack) Send(ctx context.Context, n *Notice) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	payload, err := Payload(n, s.from)
	if err != nil {
		return &Fault{Kind: Malformed, Why: err.Error()}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url.Reveal(), bytes.NewReader(payload))
	if err != nil {
		return &Fault{Kind: Gone, Why: "the webhook is not a usable URL"}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "denylens")
	resp, err := s.client.Do(req)
	if err != nil {
		return &Fault{Kind: Again, Why: "send to " + s.host + ": " + outcome(redact.Err(err))}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return &Fault{Kind: Again, Why: "read the answer of " + s.host + ": " + outcome(redact.Err(err))}
	}
	return s.judge(resp, strings.TrimSpace(string(body)))
}

// gone are the answers that say that the destination is not there any more.
var gone = []string{"user_not_found", "action_prohibited", "channel_not_found", "no_service", "no_service_id", "no_team",
	"team_disabled", "channel_is_archived", "posting_to_general_channel_denied", "invalid_token", "token_revoked"}

// judge decides by status and body what an answer means: both, because the
// pairs are documented loosely.
func (s *Slack) judge(resp *http.Response, body string) error {
	code := resp.StatusCode
	why := fmt.Sprintf("%s answered %d %s", s.host, code, saying(body))
	switch {
	case code == http.StatusOK && body == "ok":
		return nil
	case code >= 200 && code < 300:
		return &Fault{Kind: Again, Why: why + ", which is not Slack's ok"}
	case code >= 300 && code < 400:
		return &Fault{Kind: Gone, Why: fmt.Sprintf("%s answered %d, a redirect; it is not followed", s.host, code)}
	case code == http.StatusTooManyRequests:
		return &Fault{Kind: Throttled, After: retryAfter(resp.Header.Get("Retry-After")), Why: why}
	case code >= 500:
		return &Fault{Kind: Again, Why: why}
	}
	for _, g := range gone {
		if body == g {
			return &Fault{Kind: Gone, Why: why}
		}
	}
	switch code {
	case http.StatusForbidden, http.StatusNotFound, http.StatusGone:
		return &Fault{Kind: Gone, Why: why}
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return &Fault{Kind: Malformed, Why: why}
	}
	return &Fault{Kind: Refused, Why: why}
}

// saying quotes the beginning of an answer.
func saying(body string) string {
	t := escape.Term(redact.Text(body)).Cut(60)
	if t.Empty() {
		return "with nothing"
	}
	return strconv.Quote(t.String())
}

const (
	leastWait   = time.Second
	longestWait = time.Hour
	unsaidWait  = 30 * time.Second
)

// retryAfter reads the header: seconds or a date, clamped to a second and an
// hour; half a minute if it makes no sense.
func retryAfter(h string) time.Duration {
	var d time.Duration
	if n, err := strconv.ParseFloat(strings.TrimSpace(h), 64); err == nil && n == n {
		d = time.Duration(min(max(n, 0), longestWait.Seconds()) * float64(time.Second))
	} else if t, err := http.ParseTime(h); err == nil {
		d = time.Until(t)
	} else {
		return unsaidWait
	}
	return min(max(d, leastWait), longestWait)
}

// Payload is the JSON that is posted for n.
func Payload(n *Notice, from string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(compose(n, from)); err != nil {
		return nil, fmt.Errorf("compose message: %w", err)
	}
	return b.Bytes(), nil
}
