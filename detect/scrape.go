package detect

import "math/bits"

// scraping is a browser, by its name, that reads page after page without ever
// loading a picture or coming from another page. What other programs ask for
// from the same address, as the till of a shop that is an office's as well, is
// theirs.
//
// Sees: some hundred pages a day by one address.
// Blind: programs that say what they are, real browsers, many addresses.
var scraping = habit{"scraping", "The site read page by page", "page after page without a picture or a referrer",
	func(c *client, s *sum) bool {
		h := &c.habits
		many := max(int(c.oks), bits.OnesCount64(c.objects.ids))
		return h.read >= 400 && 50*h.assets < h.read && 20*h.readRefs < h.read && many >= 40 && c.flags&fBot == 0 && c.user == 0
	}}
