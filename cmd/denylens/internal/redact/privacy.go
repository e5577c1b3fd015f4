package redact

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"
)

// Privacy hides who a client is. Addresses in text are replaced wherever they
// stand. Truncation alone hides little: a /24 has few users at night.
type Privacy struct {
	mode string
	key  []byte
}

// NewPrivacy returns the mode "full" (nothing hidden), "truncate" (addresses
// to /24 and /48, users left out) or "pseudonym" (a keyed name for each address
// and user; addresses of one network share its first half). Without a key each
// Privacy makes its own, so that its pseudonyms cannot be joined with others.
func NewPrivacy(mode string, key Secret) *Privacy {
	p := &Privacy{mode: mode, key: []byte(key.Reveal())}
	if mode == "pseudonym" && len(p.key) == 0 {
		p.key = make([]byte, 32)
		_, _ = rand.Read(p.key) // never fails, says its documentation
	}
	return p
}

// Full tells whether nothing is hidden.
func (p *Privacy) Full() bool { return p == nil || p.mode == "full" || p.mode == "" }

// Addr writes an address.
func (p *Privacy) Addr(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	switch {
	case p.Full():
		return a.String()
	case p.mode == "truncate":
		return p.wide(a).String()
	}
	return p.name("ip", p.wide(a).String()) + "-" + p.digest("host "+a.String(), 2)
}

// Network writes a network; one that is smaller than what may be shown is
// widened to it.
func (p *Privacy) Network(n netip.Prefix) string {
	a := n.Addr().Unmap()
	w := p.wide(a)
	switch {
	case p.Full():
		return n.String()
	case n.Bits() < w.Bits() && p.mode == "truncate":
		return n.String()
	case n.Bits() < w.Bits():
		return p.name("net", n.String())
	case p.mode == "truncate":
		return w.String()
	}
	return p.name("ip", w.String()) + "-*"
}

// User writes the name of a user.
func (p *Privacy) User(u string) string {
	switch {
	case p.Full() || u == "" || u == "-":
		return u
	case p.mode == "truncate":
		return "[user]"
	}
	return p.name("user", u)
}

// ID makes an identifier that was derived from what is hidden underivable.
func (p *Privacy) ID(id string) string {
	if p.Full() || p.mode == "truncate" {
		return id
	}
	return p.digest("id "+id, 8)
}

// wide is the network that stands for a when truncated.
func (p *Privacy) wide(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 48
	}
	return netip.PrefixFrom(a, bits).Masked()
}

func (p *Privacy) name(what, value string) string { return what + "-" + p.digest(what+" "+value, 5) }

func (p *Privacy) digest(s string, bytes int) string {
	h := hmac.New(sha256.New, p.key)
	h.Write([]byte(s))
	return hex.EncodeToString(h.Sum(nil)[:bytes])
}

// address finds what may be an address or a network; ParseAddr decides.
var address = lazily(`(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:/[0-9]{1,2})?|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3})?(?:/[0-9]{1,3})?`)

// Text replaces the addresses in s. A dotted version that could be an address
// is replaced too, except the N.0.0.0 of browsers: hiding too much is the
// smaller mistake.
func (p *Privacy) Text(s string) string {
	if p.Full() {
		return s
	}
	return address().ReplaceAllStringFunc(s, func(m string) string {
		if strings.HasSuffix(m, ".0.0.0") {
			return m
		}
		if n, err := netip.ParsePrefix(m); err == nil {
			return p.Network(n)
		}
		text, tail, slash := strings.Cut(m, "/")
		a, err := netip.ParseAddr(text)
		if err != nil {
			return m
		}
		if slash {
			return p.Addr(a) + "/" + tail
		}
		return p.Addr(a)
	})
}

// loginColumn finds the user in a line of the common family.
var loginColumn = lazily(`^(\S+ \S+ )(.{1,256}?)( \[\d)`)

// Line replaces the addresses and the user in a log line; users are names that
// are known to be some.
func (p *Privacy) Line(s string, users []string) string {
	if p.Full() {
		return s
	}
	if m := loginColumn().FindStringSubmatchIndex(s); m != nil {
		s = s[:m[4]] + p.User(s[m[4]:m[5]]) + s[m[5]:]
	}
	return p.Text(p.Users(s, users))
}

// Users replaces the names users wherever they stand as a word.
func (p *Privacy) Users(s string, users []string) string {
	if p.Full() {
		return s
	}
	for _, u := range users {
		if u != "" && u != "-" {
			s = replaceWord(s, u, p.User(u))
		}
	}
	return s
}

func replaceWord(s, word, with string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, word)
		if i < 0 {
			break
		}
		end := i + len(word)
		if i > 0 && letter(s[i-1]) || end < len(s) && letter(s[end]) {
			b.WriteString(s[:end])
		} else {
			b.WriteString(s[:i] + with)
		}
		s = s[end:]
	}
	return b.String() + s
}

func letter(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// Masked is an address that may be shown in place of a, for columns that hold
// nothing but addresses: the first of its truncated network, or, as a
// pseudonym, one in 240.0.0.0/4 or 100::/64, which nobody has.
func (p *Privacy) Masked(a netip.Addr) netip.Addr {
	if p.Full() || !a.IsValid() {
		return a
	}
	a = a.Unmap().WithZone("")
	w := p.wide(a)
	if p.mode == "truncate" {
		return w.Addr()
	}
	h := hmac.New(sha256.New, p.key)
	h.Write([]byte("mask " + a.String()))
	sum := h.Sum(nil)
	if a.Is4() {
		return netip.AddrFrom4([4]byte{240 | sum[0]&15, sum[1], sum[2], sum[3]&0xfe | 1})
	}
	b := [16]byte{0: 1}
	copy(b[8:], sum)
	return netip.AddrFrom16(b)
}
