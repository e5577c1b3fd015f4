package simulate

// kind says what sort of thing is asked for.
type kind uint8

const (
	page    kind = iota // made by the application for a person
	asset               // a file
	service             // the interface for programs
	probe               // whatever somebody hopes to find
)

// request is one request with its answer: one line of the log.
type request struct {
	client   *client
	kind     kind
	method   string
	path     string
	query    string // behind the '?'
	referer  string
	agent    string
	user     string
	host     string
	proto    string
	raw      string // all there was instead of a request line, if it was none
	status   int
	bytes    int
	dur      float64 // seconds
	upstream bool    // the application answered
	edge     *edge   // the CDN answered by itself
}

// edge is the reason a CDN gives for its answer.
type edge struct {
	action, source, rule, description string
}

// client is who asks.
type client struct {
	place
	agent  string
	user   string
	proto  string
	seed   uint64
	family *browser // nil if it is none
	app    *application
}
