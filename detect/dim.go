package detect

// Dim is a dimension along which clients and requests fall into cohorts.
type Dim uint8

const (
	DimNone Dim = iota
	DimCountry
	DimASN
	DimNetwork
	DimIP
	DimUser
	DimHost
	DimPath
	DimVersion
	DimMethod
	DimAgent
	DimOS
	DimWrite // a method that sends something, on a path: a series, but no name
	DimReferer
	DimRule
	DimStatus
	numDims
)

// dimInfo describes one dimension. A newcomer adds a row here and a value in
// leaf.go or client.go.
type dimInfo struct {
	name   string
	client bool // a property of the client, not of the request
	prefer int  // which of two equally good names of a cohort is kept: the higher, being nearer to a cause
	title  string
	need   uint16 // distinct clients before a value has a series of its own
}

var dims = [numDims]dimInfo{
	DimNone:    {name: "", title: "everyone"},
	DimCountry: {name: "country", client: true, prefer: 6, title: "country", need: 1},
	DimASN:     {name: "asn", client: true, prefer: 5, title: "AS", need: 3},
	DimNetwork: {name: "network", client: true, prefer: 2, title: "network", need: 3},
	DimIP:      {name: "ip", client: true, prefer: 1, title: "address"},
	DimUser:    {name: "user", client: true, prefer: 10, title: "user", need: 3},
	DimHost:    {name: "host", prefer: 8, title: "host", need: 1},
	DimPath:    {name: "path", prefer: 7, title: "path", need: 2},
	DimVersion: {name: "api_version", prefer: 9, title: "API version", need: 1},
	DimMethod:  {name: "method", prefer: 4, title: "method", need: 1},
	DimAgent:   {name: "ua", prefer: 4, title: "user agent", need: 2},
	DimOS:      {name: "os", prefer: 3, title: "OS", need: 1},
	DimWrite:   {name: "write", prefer: 4, title: "what is sent to", need: 2},
	DimReferer: {name: "referer", prefer: 4, title: "referring site", need: 3},
	DimRule:    {name: "rule", prefer: 5, title: "rule", need: 1},
	DimStatus:  {name: "status", title: "status"},
}

// String returns the name used in reports.
func (d Dim) String() string {
	if d < numDims {
		return dims[d].name
	}
	return ""
}
