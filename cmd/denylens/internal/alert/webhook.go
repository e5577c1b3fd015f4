package alert

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// slackHosts are where incoming webhooks live.
var slackHosts = []string{"hooks.slack.com", "hooks.slack-gov.com"}

// CheckWebhook tells what is wrong with a webhook's URL. It must be https at a
// host of Slack's or one of allow; an entry of allow with a port is taken to
// the letter and may be http. The error does not hold the URL.
func CheckWebhook(raw string, allow []string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		return errors.New("is not the URL of a webhook")
	case allowed(u, allow):
		return nil
	case !slices.Contains(slackHosts, u.Host):
		return fmt.Errorf("points to %q, not to hooks.slack.com; slack.allow_host would permit it", u.Host)
	case u.Scheme != "https":
		return errors.New("must begin with https://")
	}
	return nil
}

func allowed(u *url.URL, allow []string) bool {
	for _, h := range allow {
		if u.Host == h && (u.Scheme == "https" || u.Scheme == "http" && u.Port() != "") {
			return true
		}
		if u.Hostname() == h && u.Scheme == "https" {
			return true
		}
	}
	return false
}

const (
	sendTimeout = 10 * time.Second // for the whole of a request and its answer
	maxAnswer   = 64 << 10         // bytes read of an answer
)

// newClient returns the HTTP client for one webhook: no redirects, and no
// private addresses unless its host was allowed by name.
func newClient(u *url.URL, allow []string) *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	direct := true
	if p, err := http.ProxyFromEnvironment(&http.Request{URL: u}); err == nil && p != nil {
		direct = false // the proxy may well be a private address
	}
	if direct && !allowed(u, allow) {
		dialer.Control = publicOnly
	}
	return &http.Client{
		Timeout:       sendTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            dialer.DialContext,
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    5 * time.Second,
			IdleConnTimeout:        30 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		},
	}
}

// publicOnly looks at the address that is really dialled, so that no name can
// lead a credential into the inner network.
func publicOnly(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	a := ap.Addr().Unmap()
	if a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() {
		return fmt.Errorf("refused to connect to the private address %s", a)
	}
	return nil
}

// outcome writes why a request failed, without the URL.
func outcome(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "Client.Timeout"):
		return "no answer within " + sendTimeout.String()
	case errors.Is(err, context.Canceled):
		return "stopped"
	}
	return err.Error()
}
