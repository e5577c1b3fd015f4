package ingest

// Server is the kind of server that wrote a line, where its format tells. What to
// look at next depends on it.
type Server uint8

const (
	ServerUnknown    Server = iota
	ServerIIS               // Microsoft's Internet Information Services
	ServerCloudFront        // Amazon CloudFront, an edge
	ServerALB               // an Application Load Balancer of AWS
	NumServers              // how many there are
)
