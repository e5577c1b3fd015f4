package detect

import "math/bits"

// enumeration is one address that asks for many different things of one kind
// and is refused or misses a good part of them: it counts through the names of
// what belongs to others (OWASP API1:2023, broken object level authorization).
//
// Who was served more than it failed now is a client that lost something, and a
// user who is served nothing, whatever is asked for, has been given no access.
//
// Sees: /orders/1, /orders/2, ...; names that are numbers or identifiers.
// Blind: names of words, and things that everybody may see (see scraping).
var enumeration = habit{"enumeration", "Names counted through", "many different things of one kind were asked for, and a good part of them refused or missing",
	func(c *client, s *sum) bool {
		o := &c.objects
		return bits.OnesCount64(o.ids) >= 24 && o.failed >= 20 && 10*uint64(o.failed) >= 3*uint64(o.requests) && c.ok < o.failed && c.flags&fBot == 0 && !c.lockedOut(s)
	}}

// lockedOut tells whether a user is refused all, and not only things of one kind.
func (c *client) lockedOut(s *sum) bool {
	failed := uint64(c.objects.failed)
	return c.user != 0 && 20*uint64(c.ok) < failed && 20*uint64(c.denied+s.denied) > 21*failed
}
