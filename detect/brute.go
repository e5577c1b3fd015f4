package detect

// bruteForce is one address that fails to sign in again and again and does
// little else.
//
// Sees: password guessing against one account or many, where the log shows the
// failure (401, 403, 404, 429).
// Blind: sites that answer 200 to a wrong password, and one or two tries an
// address (see stuffed).
var bruteForce = habit{"brute_force", "Sign-ins tried", "many sign-ins failed, and hardly any other page was asked for",
	func(c *client, s *sum) bool {
		return c.habits.tries >= 20 && c.habits.tries >= 10*c.habits.signins && c.oks <= 5
	}}
