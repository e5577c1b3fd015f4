package detect

// flags are properties of a request that need no context.
type flags uint32

const (
	fAsset      flags = 1 << iota // picture, style, script, font
	fSlash                        // target ends in '/': a directory
	fRobots                       // /robots.txt
	fProbe                        // path no ordinary visitor asks for
	fLogin                        // path of a login or token endpoint
	fNoAgent                      // no user agent
	fTool                         // user agent is a library or command line
	fScanner                      // user agent names a scanner
	fBot                          // user agent calls itself a bot
	fBrowser                      // user agent looks like a browser
	fReferer                      // has a referer
	fSelf                         // referer is this site
	fForeign                      // referer is another site
	fTrueBot                      // verified crawler
	fFakeBot                      // claims to be a crawler, comes from elsewhere
	fOdd                          // method other than GET, POST, HEAD, PUT, DELETE, PATCH, OPTIONS
	fUpstream                     // an upstream was asked
	fUp403                        // the upstream (or origin) refused
	fEdge                         // an edge answered by itself
	fBadReq                       // malformed request line
	fWrite                        // POST, PUT, PATCH, DELETE
	fObject                       // the path names one of many things: /items/{n}
	fDoubt                        // path that scanners ask for, and perhaps others
	fBack                         // sent from the very page that it is sent to, as forms do
	fQuery                        // has a query
	fUnasked                      // an upstream is logged, and none was asked
	fOrigin                       // an edge asked the origin
	fIIS                          // IIS wrote the line
	fCloudFront                   // CloudFront wrote it
	fALB                          // a load balancer of AWS wrote it
	fTrick                        // path written so that a filter may read it otherwise than the server
)

// class says what an answer meant to the client.
type class uint8

const (
	clOK      class = iota // served (2xx, 3xx but for clMoved)
	clDenied               // refused: in the set of refusing statuses
	clAuth                 // 401, 407
	clLimited              // 429, when that is not in the set
	clMiss                 // 400, 404, 405, 410, 414 ...
	clError                // 5xx
	clNone                 // closed without an answer
	clMoved                // sent elsewhere for good (301, 308): neither served nor refused
	numClasses
)
