package detect

// floodRate is how many requests a minute are more than a person makes, or a
// handful of people behind one address.
const floodRate = 400

// flooding is one address that asks for the same again and again as fast as it
// can, without coming from any page. A browser that loops on a picture is a
// defect of a page, and no attack.
//
// Sees: one address, from the second minute on.
// Blind: a flood from many addresses.
var flooding = habit{"flood", "A flood", "hundreds of requests a minute, most for the same, and none from a page",
	func(c *client, s *sum) bool {
		return c.habits.busy >= 2 && 2*s.same >= s.n && !s.looped && 10*uint64(c.habits.refs) < uint64(c.habits.pages)+uint64(c.habits.assets) && !c.userOK
	}}
