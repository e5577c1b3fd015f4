package inject

// Misuses are the ways to misuse a site.
var Misuses = []string{"scan"}

// Harmless are things that look like an incident and are none.
var Harmless = []string{"noisy_client"}
