# Reads what go test -json writes. Prints the lines of packages, everything that
# a failed test or a failed build has said, and at the end how many tests
# passed, failed and were skipped, with the reason of each skip. Fails if a test
# or a build did.

function value(name,    text) {
	if (!match($0, "\"" name "\":\"")) return ""
	text = substr($0, RSTART + RLENGTH)
	match(text, /^([^"\\]|\\.)*/)
	return substr(text, 1, RLENGTH)
}

function plain(text) {
	gsub(/\\\\/, "\001", text)
	gsub(/\\n/, "\n", text); gsub(/\\t/, "\t", text); gsub(/\\r/, "", text)
	gsub(/\\"/, "\"", text)
	gsub(/\\u003c/, "<", text); gsub(/\\u003e/, ">", text); gsub(/\\u0026/, "\\&", text)
	gsub(/\001/, "\\", text)
	return text
}

!/^\{/ { print; next }

{
	action = value("Action"); package = value("Package"); test = value("Test")
	id = package " " test
}

action == "build-output" { printf "%s", plain(value("Output")) }
action == "build-fail"   { builds++ }

action == "output" && test == "" {
	text = plain(value("Output"))
	if (text !~ /^(PASS|FAIL)\n/) printf "%s", text
}
action == "output" && test != "" {
	text = plain(value("Output"))
	if (text !~ /^=== /) said[id] = said[id] text
	if (length(said[id]) > 65536) said[id] = "[...]\n" substr(said[id], length(said[id]) - 32768) # a story that fails says so at its end
}

action == "pass" && test != "" { passed++; delete said[id] }
action == "fail" && test != "" { failed++; printf "%s", said[id]; delete said[id] }
action == "skip" && test != "" {
	skipped++
	sub(/--- SKIP[^\n]*\n/, "", said[id])
	gsub(/^[ \n]+|[ \n]+$/, "", said[id])
	skips = skips "  skipped: " test ": " said[id] "\n"
	delete said[id]
}
action == "fail" && test == "" { failures++ }

END {
	# A test that never ended has taken its process with it.
	if (failures) for (id in said) printf "%s", said[id]
	printf "%s%d tests passed, %d failed, %d skipped", skips, passed, failed, skipped
	if (builds) printf ", %d packages were not built", builds
	printf "\n"
	exit (failed + failures + builds > 0)
}
