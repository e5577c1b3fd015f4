package detect

import (
	"bytes"

	"github.com/denylens/denylens/geo"
	"github.com/denylens/denylens/ingest"
)

// obs is what the engine needs of a record; text stays in the Batch
// and is looked at only when a key is new.
type obs struct {
	t      int64  // Unix seconds
	key    uint64 // client, template and all that a cohort can name: one row of a window
	client uint64
	leaf   uint64 // all that a cohort can name of the request
	agent  uint64 // the user agent's text
	tmpl   uint64
	raw    uint64 // the whole path
	rec    int32  // index into Batch.Records
	bytes  int32
	flags  flags
	status uint16
	class  class
	why    ingest.Why
}

// reduced is what Reduce leaves in Batch.Aux.
type reduced struct{ obs []obs }

// Sizes of the direct-mapped caches of a Reducer: 8192 user agents and 32768
// paths, whatever the input.
const (
	agentBits = 13
	routeBits = 15
)

// Reducer does the part of the work on a record that needs no order: on the
// parsing goroutines, one Reducer each.
type Reducer struct {
	deny     [statuses]bool
	agents   []knownAgent
	routes   []knownRoute
	route    route // work space
	agent    agent
	ahead    uint64 // what was read ahead, see fetch
	crawlers *geo.Crawlers
}

// knownRoute and knownAgent are what is kept of a path and a user agent: little,
// so that many stay near the processor.
type knownRoute struct {
	raw, tmpl uint64
	flags     flags
}

type knownAgent struct {
	raw   uint64
	flags flags
	claim int16 // which crawler it claims to be
}

// NewReducer returns a Reducer for one goroutine.
func (e *Engine) NewReducer() *Reducer {
	r := &Reducer{crawlers: e.cfg.Crawlers, agents: make([]knownAgent, 1<<agentBits), routes: make([]knownRoute, 1<<routeBits)}
	for _, s := range e.cfg.DenyStatus {
		r.deny[s&(statuses-1)] = true
	}
	return r
}

// Reduce prepares the records of b for Observe; it sets b.Aux.
func (r *Reducer) Reduce(b *ingest.Batch) {
	red, _ := b.Aux.(*reduced)
	if red == nil {
		red = &reduced{}
		b.Aux = red
	}
	if cap(red.obs) < len(b.Records) {
		red.obs = make([]obs, len(b.Records), len(b.Records)+len(b.Records)/4)
	}
	red.obs = red.obs[:len(b.Records)]
	for lo := 0; lo < len(b.Records); lo += fetch {
		hi := min(lo+fetch, len(b.Records))
		r.fetch(b.Records[lo:hi], red.obs[lo:hi])
		for i := lo; i < hi; i++ {
			r.one(&b.Records[i], &red.obs[i])
			red.obs[i].rec = int32(i)
		}
	}
}

// fetch hashes the long texts and reads ahead where they are looked up.
func (r *Reducer) fetch(recs []ingest.Record, list []obs) {
	var sum uint64
	for i := range recs {
		o := &list[i]
		o.raw, o.agent = hashBytes(recs[i].Path, 19), hashBytes(recs[i].Agent, 23)
		sum ^= r.routes[o.raw>>(64-routeBits)].raw ^ r.agents[o.agent>>(64-agentBits)].raw
	}
	r.ahead ^= sum
}

func (r *Reducer) one(rec *ingest.Record, o *obs) {
	o.t = floorDiv(rec.Time, 1e9)
	o.status, o.why = rec.Status, rec.Why
	o.bytes = int32(min(max(rec.Bytes, 0), 1<<30))
	rt := r.routeOf(o.raw, rec.Path)
	ag := r.agentOf(o.agent, rec.Agent)
	o.flags = rt.flags | ag.flags | requestFlags(rec)
	if ag.flags&fBot != 0 {
		switch _, v := r.crawlers.VerifyClaim(int(ag.claim), rec.Client); v {
		case geo.True:
			o.flags |= fTrueBot
		case geo.Fake:
			o.flags |= fFakeBot
		}
	}
	o.class = r.class(rec)
	o.tmpl = rt.tmpl
	o.client = clientHash(rec)
	h := mix(rt.tmpl, ag.raw)
	h = mix(h, hashBytes(rec.Method, 3))
	if rec.Host != nil {
		h = mix(h, hashBytes(rec.Host, 5))
	}
	if rec.Rule != nil {
		h = mix(h, hashBytes(rec.Rule, 7))
	}
	if host := refererHost(rec.Referer); host != nil {
		h = mix(h, hashBytes(host, 11))
		if sameSite(host, rec.Host) {
			o.flags |= fSelf
		} else if rec.Host != nil {
			o.flags |= fForeign
		}
		if o.flags&fWrite != 0 && bytes.Equal(refererPath(rec.Referer), rec.Path) {
			o.flags |= fBack
		}
	}
	o.leaf = mix(h, uint64(o.flags&fSelf))
	o.key = mix(h, o.client)
}

// refererPath is the path of a referring page.
func refererPath(referer []byte) []byte {
	if _, rest, ok := bytes.Cut(referer, []byte("//")); ok {
		if i := bytes.IndexByte(rest, '/'); i >= 0 {
			path, _, _ := bytes.Cut(rest[i:], []byte("?"))
			return path
		}
	}
	return nil
}

func clientHash(rec *ingest.Record) uint64 {
	var h uint64
	if rec.Client.IsValid() {
		h = hashAddr(rec.Client)
	} else {
		h = hashBytes(rec.RemoteText, 13)
	}
	if len(rec.User) > 0 {
		h = mix(h, hashBytes(rec.User, 17))
	}
	return h | 1
}

func (r *Reducer) class(rec *ingest.Record) class {
	s := rec.Status
	switch {
	case r.deny[s&(statuses-1)], rec.Has&ingest.HasOrigin != 0 && r.deny[rec.OriginStatus&(statuses-1)] && s >= 400:
		return clDenied
	case s == 301 || s == 308:
		return clMoved
	case s >= 200 && s < 400, s == 101:
		return clOK
	case s == 401 || s == 407:
		return clAuth
	case s == 429, s == 1015:
		return clLimited
	case s == 0 || s == 408 || s == 444 || s == 499:
		return clNone
	case s >= 500:
		return clError
	}
	return clMiss
}

var serverFlags = [ingest.NumServers]flags{ingest.ServerIIS: fIIS, ingest.ServerCloudFront: fCloudFront, ingest.ServerALB: fALB}

func requestFlags(rec *ingest.Record) flags {
	f := serverFlags[rec.Server]
	if len(rec.Referer) > 0 {
		f |= fReferer
	}
	if len(rec.Query) > 0 {
		f |= fQuery
	}
	switch string(rec.Method) {
	case "GET", "HEAD", "OPTIONS":
	case "POST", "PUT", "DELETE", "PATCH":
		f |= fWrite
	case "":
		f |= fBadReq
	default:
		f |= fOdd
	}
	if rec.Has&ingest.HasUpstream != 0 {
		if rec.Upstream != 0 {
			f |= fUpstream
		} else {
			f |= fUnasked
		}
		if rec.Upstream == 403 {
			f |= fUp403
		}
	}
	if rec.Has&ingest.HasOrigin != 0 {
		if rec.OriginStatus == 0 {
			f |= fEdge
		} else {
			f |= fUpstream | fOrigin
		}
		if rec.OriginStatus == 403 {
			f |= fUp403
		}
	}
	return f
}

func (r *Reducer) routeOf(h uint64, path []byte) *knownRoute {
	k := &r.routes[h>>(64-routeBits)]
	if k.raw != h {
		makeRoute(path, &r.route)
		*k = knownRoute{h, r.route.tmpl, r.route.flags}
	}
	return k
}

func (r *Reducer) agentOf(h uint64, text []byte) *knownAgent {
	k := &r.agents[h>>(64-agentBits)]
	if k.raw != h {
		makeAgent(text, &r.agent)
		*k = knownAgent{h, r.agent.flags, int16(r.crawlers.Claim(text))}
	}
	return k
}

// refererHost returns the host of a referer, nil if it has none.
func refererHost(ref []byte) []byte {
	if len(ref) < 8 {
		return nil
	}
	i := bytes.IndexByte(ref, ':')
	if i < 0 || i > 9 || i+3 > len(ref) || ref[i+1] != '/' || ref[i+2] != '/' {
		return nil
	}
	host := ref[i+3:]
	for j, c := range host {
		if c == '/' || c == '?' || c == '#' || c == ':' {
			host = host[:j]
			break
		}
	}
	if len(host) == 0 || len(host) > 253 {
		return nil
	}
	return host
}

// sameSite tells whether a referring host is the site itself, www. aside.
func sameSite(ref, host []byte) bool {
	if i := bytes.IndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	return len(host) > 0 && bytes.EqualFold(bytes.TrimPrefix(ref, []byte("www.")), bytes.TrimPrefix(host, []byte("www.")))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
