package detect

// fakeCrawler is a client that says it is a well-known crawler and comes from
// where that crawler never comes from.
//
// Sees: names of crawlers whose operators publish their addresses.
// Blind: new ranges of true crawlers; see geo.KnownCrawlers for their date.
var fakeCrawler = habit{"fake_crawler", "A false crawler reads the site", "the user agent names a crawler that never comes from this address",
	func(c *client, s *sum) bool { return c.flags&fFakeBot != 0 && c.habits.pages+c.habits.assets >= 30 }}
