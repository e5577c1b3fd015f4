package simulate

import "fmt"

// browser is a user agent as a person has it.
type browser struct {
	family string // as reports name it: Chrome, Firefox, Safari, Edge ...
	major  int
	mobile bool
	text   string
}

// name is the browser as a cohort names it: Chrome/144.
func (b *browser) name() string { return fmt.Sprintf("%s/%d", b.family, b.major) }

const (
	windows = "Windows NT 10.0; Win64; x64"
	mac     = "Macintosh; Intel Mac OS X 10_15_7"
	linux   = "X11; Linux x86_64"
)

// newBrowsers lists the browsers of a time: each with its version, platform and
// share among visitors.
func newBrowsers() (list []browser, cumulative []float64) {
	var sum float64
	add := func(family string, major int, mobile bool, share float64, text string) {
		list = append(list, browser{family, major, mobile, text})
		sum += share
		cumulative = append(cumulative, sum)
	}
	chrome := func(platform string, v int, mobile, tail string) string {
		return fmt.Sprintf("Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0%s Safari/537.36%s", platform, v, mobile, tail)
	}
	for _, r := range []struct {
		v     int
		share float64
	}{{145, 9}, {144, 16}, {143, 4}, {142, 1.5}, {140, .9}, {138, .6}, {131, .5}, {109, .7}} {
		add("Chrome", r.v, false, r.share*.36, chrome(windows, r.v, "", ""))
		add("Chrome", r.v, false, r.share*.13, chrome(mac, r.v, "", ""))
		add("Chrome", r.v, false, r.share*.04, chrome(linux, r.v, "", ""))
		add("Chrome", r.v, true, r.share*.47, chrome("Linux; Android 10; K", r.v, " Mobile", ""))
	}
	for _, r := range []struct {
		v     int
		share float64
	}{{145, 2}, {144, 3.4}, {143, .6}} {
		add("Edge", r.v, false, r.share, chrome(windows, r.v, "", fmt.Sprintf(" Edg/%d.0.0.0", r.v)))
	}
	for _, r := range []struct {
		v     int
		share float64
	}{{148, 2.5}, {147, 3}, {140, 1.2}, {115, .4}} {
		rv := fmt.Sprintf("rv:%d.0) Gecko/20100101 Firefox/%d.0", r.v, r.v)
		add("Firefox", r.v, false, r.share*.7, "Mozilla/5.0 ("+windows+"; "+rv)
		add("Firefox", r.v, false, r.share*.2, "Mozilla/5.0 ("+linux+"; "+rv)
		add("Firefox", r.v, true, r.share*.1, fmt.Sprintf("Mozilla/5.0 (Android 15; Mobile; rv:%d.0) Gecko/%d.0 Firefox/%d.0", r.v, r.v, r.v))
	}
	for _, r := range []struct {
		v     string
		share float64
	}{{"26.2", 7}, {"26.1", 3}, {"18.6", 6}, {"17.6", 1.5}, {"16.6", .8}} {
		var major int
		fmt.Sscanf(r.v, "%d", &major)
		ios := min(18, major)
		phone := fmt.Sprintf("Mozilla/5.0 (iPhone; CPU iPhone OS %d_%s like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%s Mobile/15E148 Safari/604.1", ios, "6", r.v)
		add("Safari", major, true, r.share*.75, phone)
		add("Safari", major, false, r.share*.25, fmt.Sprintf("Mozilla/5.0 (%s) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%s Safari/605.1.15", mac, r.v))
	}
	add("Samsung Internet", 28, true, 2.2, "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36")
	add("Opera", 126, false, 1.1, chrome(windows, 142, "", " OPR/126.0.0.0"))
	return list, cumulative
}

// application is a program that uses the interface.
type application struct {
	name    string // as a cohort names it: family, or family/major
	agent   string
	version string // of the interface it calls: v1, v2
	phone   bool   // many people with a phone each; else a few servers
	share   float64
}

var applications = []application{
	{"ShopApp/6", "ShopApp/6.2.1 (Android 15; SM-S921B) okhttp/4.12.0", "v2", true, 8},
	{"ShopApp/6", "ShopApp/6.2.0 (iPhone; iOS 18.6; Scale/3.00)", "v2", true, 7},
	{"ShopApp/5", "ShopApp/5.9.3 (Android 13; SM-A536B) okhttp/4.9.3", "v1", true, 3},
	{"ShopApp/5", "ShopApp/5.9.1 (iPhone; iOS 16.7; Scale/2.00)", "v1", true, 2},
	{"StockTerminal/2", "StockTerminal/2.4 (Windows 10; net8.0)", "v2", false, 3},
	{"python-requests/2", "python-requests/2.32.3", "v2", false, 4},
	{"shop-sdk-php/2", "shop-sdk-php/2.3.0 GuzzleHttp/7", "v2", false, 4},
	{"shop-sdk-php/1", "shop-sdk-php/1.8.4 GuzzleHttp/6.5.5 curl/7.68.0 PHP/7.4.3", "v1", false, 3},
	{"Java-http-client/17", "Java-http-client/17.0.12", "v1", false, 2},
	{"Go-http-client/1", "Go-http-client/1.1", "v2", false, 2},
	{"axios/1", "axios/1.7.9", "v2", false, 2},
	{"okhttp/4", "okhttp/4.12.0", "v1", false, 1},
}

// crawler is a program that reads the web and says who it is.
type crawler struct {
	agent  string
	ranges []string // some of the addresses its operator publishes
	share  float64
	pace   float64 // seconds between two requests of one visit
	feeds  bool    // reads the feed only
}

var crawlers = []crawler{
	{"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", []string{"66.249.66.0/27", "66.249.66.32/27", "66.249.66.64/27", "66.249.64.0/27"}, 9, 6, false},
	{"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", []string{"66.249.66.160/27", "66.249.66.192/27"}, 9, 6, false},
	{"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36", []string{"157.55.39.0/24", "207.46.13.0/24", "40.77.167.0/24", "52.167.144.0/24"}, 8, 9, false},
	{"Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", []string{"5.255.253.0/24", "213.180.203.0/24"}, 2, 12, false},
	{"Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", []string{"54.36.148.0/24", "51.222.253.0/26"}, 4, 3, false},
	{"Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)", []string{"85.208.96.192/27", "185.191.171.0/27"}, 4, 4, false},
	{"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)", []string{"20.171.206.0/24"}, 4, 2, false},
	{"facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", []string{"173.252.83.0/24", "173.252.95.0/24"}, 1, 1, false},
	{"Feedly/1.0 (+http://www.feedly.com/fetcher.html; 42 subscribers; like FeedFetcher-Google)", []string{"8.29.198.0/27"}, 1, 0, true},
	{"NewsBlur Feed Fetcher - 11 subscribers - https://www.newsblur.com/site/7210493", []string{"45.79.184.0/27"}, .7, 0, true},
}

// monitors call the same page at a fixed pace, for ever.
var monitors = []struct {
	agent, addr, path string
	every             float64 // seconds
}{
	{"Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "216.144.248.20", "/", 300},
	{"Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "69.162.124.230", "/", 300},
	{"Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", "94.75.211.73", "/health", 60},
}

// readers are feed readers on people's own servers.
var readers = []string{
	"FreshRSS/1.25.0 (Linux; https://freshrss.org)", "Mozilla/5.0 (compatible; Miniflux/2.2.5; +https://miniflux.app)",
	"Tiny Tiny RSS/24.09 (https://tt-rss.org/)", "NetNewsWire (RSS Reader; https://netnewswire.com/)",
	"Thunderbird/128.6.0", "Inoreader/1.0 (+http://www.inoreader.com/feed-fetcher; 3 subscribers; )",
}

// probers are the agents of those who knock at every door.
var probers = []string{
	"", "", "Mozilla/5.0 zgrab/0.x", "Go-http-client/1.1", "python-requests/2.27.1", "curl/7.88.1",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/78.0.3904.108 Safari/537.36",
	"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.85 Safari/537.36",
	"Mozilla/5.0 (Windows NT 6.1; WOW64; rv:40.0) Gecko/20100101 Firefox/40.1",
	"Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)", "Mozilla/5.0 (l9scan/2.0; +https://leakix.net)",
	"Expanse, a Palo Alto Networks company, searches across the global IPv4 space multiple times per day",
}
