package simulate

// noise is what knocks at every address of the internet all day: single probes
// from everywhere, a small kit now and then, and bytes that are no HTTP.
type noise struct {
	rate float64 // events a second
}

// addNoise enters the noise: some of it grows with the site, some is there
// anyway.
func (w *world) addNoise(requests float64) {
	w.add(w.begin+1, &noise{rate: requests / 2.6 / w.Duration.Seconds()})
}

func (n *noise) act(w *world) int64 {
	switch u := w.dice.Float64(); {
	case u < .12:
		w.garbage()
	case u < .125:
		c := w.stranger()
		w.seen[c.addr] = true
		w.add(w.now, &knocker{client: c, left: w.dice.whole(12, 45), gap: w.dice.spread(.6, .8)})
	default:
		c := w.stranger()
		if len(w.seen) < maxClients {
			w.seen[c.addr] = true
		}
		w.add(w.now, &knocker{client: c, left: w.dice.geometric(1.5), gap: 2})
	}
	return w.after(w.dice.wait(1 / n.rate))
}

// stranger is a machine somewhere, that has never been here.
func (w *world) stranger() client {
	c := &countries[w.dice.skewed(len(countries), 1.1)]
	net, addr := w.atlas.address(c, w.dice.Uint64()|7)
	return client{place: placeOf(net, addr), agent: oneOf(w.dice, probers), proto: "HTTP/1.1"}
}

// knocker tries doors.
type knocker struct {
	client client
	left   int
	gap    float64
}

func (k *knocker) act(w *world) int64 {
	r := request{client: &k.client, kind: probe, method: "GET", path: oneOf(w.dice, probes)}
	if r.path == "/xmlrpc.php" || r.path == "/boaform/admin/formLogin" {
		r.method = "POST"
	}
	w.send(&r)
	if k.left--; k.left <= 0 {
		return 0
	}
	return w.after(w.dice.wait(k.gap))
}

// greetings are first bytes of other protocols, and requests gone wrong.
var greetings = []string{
	"\x16\x03\x01\x00\xee\x01\x00\x00\xea\x03\x03", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	"\x03\x00\x00/*\xe0\x00\x00\x00\x00\x00Cookie: mstshash=Administr", "SSH-2.0-Go", "PRI * HTTP/2.0", "MGLNDD_198.18.0.1_443",
	"\x05\x01\x00", "GET / HTTP/1.1\"", "CONNECT mail.example.net:25 HTTP/1.1", "GET http://example.org/ HTTP/1.1", "",
}

// garbage is a connection that carries no request.
func (w *world) garbage() {
	c := w.stranger()
	r := request{client: &c, raw: oneOf(w.dice, greetings), status: 400, bytes: 150, dur: w.dice.spread(.2, .8)}
	c.agent = ""
	if r.raw == "" {
		r.raw, r.status, r.bytes, r.dur = "-", 408, 0, 20
	}
	if len(w.seen) < maxClients {
		w.seen[c.addr] = true
	}
	w.send(&r)
}

// populate enters everybody, each with a share of the requests.
func (w *world) populate() {
	n := float64(w.Requests)
	w.people = newPeople(w, n*.64)
	w.add(w.begin, resume{w.people})
	w.addPrograms(n * .22)
	w.addRobots(n * .11)
	w.addNoise(n * .03)
	w.addStanding(n)
}
