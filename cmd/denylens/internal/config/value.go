package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // names of zones are known on machines without their data

	"github.com/denylens/denylens/cmd/denylens/internal/redact"
)

// words turns what viper holds for a key into the words a user wrote.
func words(raw any) ([]string, error) {
	switch v := raw.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, nil
	case []string:
		return v, nil
	case []any:
		var out []string
		for _, e := range v {
			w, err := words(e)
			if err != nil || len(w) != 1 {
				return nil, errors.New("must be a list of plain values")
			}
			out = append(out, w[0])
		}
		return out, nil
	case time.Time:
		return []string{v.Format(time.RFC3339Nano)}, nil
	case bool, int, int64, uint64:
		return []string{fmt.Sprint(v)}, nil
	case float64:
		return []string{strconv.FormatFloat(v, 'g', -1, 64)}, nil
	}
	return nil, errors.New("must be a plain value, not a group of settings")
}

// set parses in into dst, a pointer to a field of Config. now is what relative
// times count back from.
func set(dst any, in []string, now time.Time) error {
	one := strings.TrimSpace(strings.Join(in, ","))
	var err error
	switch p := dst.(type) {
	case *string:
		*p = one
	case *redact.Secret:
		*p = redact.NewSecret(one)
	case *bool:
		if *p, err = strconv.ParseBool(one); err != nil {
			return errors.New("must be true or false")
		}
	case *int:
		if *p, err = strconv.Atoi(one); err != nil {
			return fmt.Errorf("must be a whole number, not %q", one)
		}
	case *float64:
		if *p, err = strconv.ParseFloat(one, 64); err != nil {
			return fmt.Errorf("must be a number, not %q", one)
		}
	case *time.Duration:
		if *p, err = time.ParseDuration(one); err != nil {
			return fmt.Errorf("must be a duration with its unit, such as 30s or 5m, not %q", one)
		}
	case *time.Time:
		*p, err = Moment(one, now)
	case *Bytes:
		*p, err = ParseBytes(one)
	case *Zone:
		*p, err = ParseZone(one)
	default:
		return setList(dst, split(in))
	}
	return err
}

func setList(dst any, items []string) error {
	switch p := dst.(type) {
	case *[]string:
		*p = items
	case *[]int:
		*p = nil
		for _, s := range items {
			n, err := strconv.Atoi(s)
			if err != nil {
				return fmt.Errorf("must be whole numbers, not %q", s)
			}
			*p = append(*p, n)
		}
	case *[]netip.Prefix:
		*p = nil
		for _, s := range items {
			n, err := network(s)
			if err != nil {
				return err
			}
			*p = append(*p, n)
		}
	default:
		panic(fmt.Sprintf("internal error: setting of type %T", dst))
	}
	return nil
}

// split takes lists apart that were written with commas.
func split(in []string) []string {
	var out []string
	for _, s := range in {
		for e := range strings.SplitSeq(s, ",") {
			if e = strings.TrimSpace(e); e != "" {
				out = append(out, e)
			}
		}
	}
	return out
}

func network(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, fmt.Errorf("must be an address or a network such as 10.0.0.0/8, not %q", s)
	}
	return p.Masked(), nil
}

var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"}

// Moment parses a point in time; one without a zone is UTC.
func Moment(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return t.UTC(), nil
		}
	}
	ago := strings.TrimSuffix(s, " ago")
	if days, ok := strings.CutSuffix(ago, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n >= 0 && n < 36500 {
			return now.Add(-time.Duration(n * 24 * float64(time.Hour))), nil
		}
	}
	if d, err := time.ParseDuration(ago); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("must be a time such as 2026-01-31, 2026-01-31T08:00:00Z or 24h, not %q", s)
}

// ParseZone reads the name of a zone: auto, local, an offset from UTC such as
// +02:00 or +0200, or a name of the IANA data base.
func ParseZone(s string) (Zone, error) {
	switch strings.ToLower(s) {
	case "auto":
		return Zone{Name: "auto"}, nil
	case "local":
		return Zone{Name: "local", Location: time.Local}, nil
	}
	for _, layout := range []string{"-07:00", "-0700", "-07"} {
		t, err := time.Parse(layout, s)
		if _, off := t.Zone(); err == nil && t.Format(layout) == s && off >= -maxOffset && off <= maxOffset {
			name := t.Format("-07:00")
			return Zone{name, time.FixedZone(name, off)}, nil
		}
	}
	if s != "" {
		if loc, err := time.LoadLocation(s); err == nil {
			return Zone{s, loc}, nil
		}
	}
	return Zone{}, fmt.Errorf(`must be auto, local, an offset such as "+02:00" or a name such as Europe/Berlin, not %q`, s)
}

// maxOffset is how many seconds a place can be ahead of UTC or behind it.
const maxOffset = 14 * 3600

var unitsOfBytes = []struct {
	name string
	n    Bytes
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"T", 1 << 40}, {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"B", 1}, {"", 1}}

// ParseBytes reads an amount of memory: 256MiB, 1.5G, 1000000.
func ParseBytes(s string) (Bytes, error) {
	for _, u := range unitsOfBytes {
		if len(s) < len(u.name) || !strings.EqualFold(s[len(s)-len(u.name):], u.name) {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(s[:len(s)-len(u.name)]), 64)
		if err != nil || !(n >= 0 && n*float64(u.n) < 1<<60) {
			break
		}
		return Bytes(n * float64(u.n)), nil
	}
	return 0, fmt.Errorf("must be a size such as 256MiB or 1GiB, not %q", s)
}

// String writes b with the largest unit that divides it.
func (b Bytes) String() string {
	for _, u := range unitsOfBytes[:4] {
		if b >= u.n && b%u.n == 0 {
			return fmt.Sprintf("%d%s", b/u.n, u.name)
		}
	}
	return strconv.FormatInt(int64(b), 10)
}

// format writes a value as a user would.
func format(v any) string {
	switch p := v.(type) {
	case *string:
		return *p
	case *redact.Secret:
		return p.String()
	case *[]string:
		return strings.Join(*p, ", ")
	case *[]int:
		return strings.Trim(strings.ReplaceAll(fmt.Sprint(*p), " ", ", "), "[]")
	case *[]netip.Prefix:
		return strings.Trim(strings.ReplaceAll(fmt.Sprint(*p), " ", ", "), "[]")
	case *time.Time:
		if p.IsZero() {
			return ""
		}
		return p.Format(time.RFC3339)
	case *bool:
		return strconv.FormatBool(*p)
	case *int:
		return strconv.Itoa(*p)
	case *float64:
		return strconv.FormatFloat(*p, 'g', -1, 64)
	case *time.Duration:
		return p.String()
	case *Bytes:
		return p.String()
	case *Zone:
		return p.Name
	}
	panic(fmt.Sprintf("internal error: setting of type %T", v))
}
