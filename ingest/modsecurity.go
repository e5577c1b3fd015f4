package ingest

import "bytes"

var (
	modsecMark  = []byte("ModSecurity: ")
	corazaMark  = []byte("Coraza: ")
	actionBlock = []byte("block")
	actionWarn  = []byte("log")
	sourceWAF   = []byte("modsecurity")
)

// modsecurity reads a message of ModSecurity (2 in Apache, 3 in nginx) or
// Coraza: `ModSecurity: Access denied with code 403 (phase 2). ... [id "930120"]
// [uri "/x"] ...`. It reports whether msg is one.
func modsecurity(msg []byte, r *Record) bool {
	i := modsecBody(msg)
	if i < 0 {
		return false
	}
	if !r.Remote.IsValid() {
		setRemote(r, bracketClient(msg[:i]))
	}
	body := msg[i:]
	r.Source = sourceWAF
	switch {
	case bytes.HasPrefix(body, []byte("Access denied")):
		r.Why, r.Action = WhyModSecurity, actionBlock
	case bytes.HasPrefix(body, []byte("Warning.")):
		r.Action = actionWarn
	default:
		return false
	}
	at := bytes.LastIndex(body, []byte(` [file "`))
	if at < 0 {
		at = bytes.Index(body, []byte(` [id "`))
	}
	if at < 0 {
		r.Message = msg
		return true
	}
	r.Message = msg[:i+at]
	modsecTags(body[at:], r)
	return true
}

// modsecBody returns where the text behind the program's mark begins, -1 if
// there is none.
func modsecBody(msg []byte) int {
	if i := bytes.Index(msg, modsecMark); i >= 0 && i <= 80 { // behind at most "[client ...] "
		return i + len(modsecMark)
	}
	if i := bytes.Index(msg, corazaMark); i >= 0 && i <= 80 {
		return i + len(corazaMark)
	}
	return -1
}

// escapedModsecurity tells of a JSON string whether it is a message of these
// programs, without decoding it: a line that is none must stay as it is.
func escapedModsecurity(raw []byte) bool {
	i := modsecBody(raw)
	if i < 0 || bytes.Contains(raw[:i], []byte(`\u`)) {
		return false
	}
	return bytes.HasPrefix(raw[i:], []byte("Access denied")) || bytes.HasPrefix(raw[i:], []byte("Warning."))
}

// bracketClient returns the address in "[client 192.0.2.1]" or, as Coraza
// writes it, `[client "192.0.2.1"]`.
func bracketClient(b []byte) []byte {
	_, b, ok := bytes.Cut(b, []byte("[client "))
	if !ok {
		return nil
	}
	end := bytes.IndexByte(b, ']')
	if end < 0 {
		return nil
	}
	return bytes.Trim(b[:end], `"`)
}

// modsecTags reads ` [key "value"]` again and again.
func modsecTags(b []byte, r *Record) {
	for len(b) > 2 && b[0] == ' ' && b[1] == '[' {
		eq := bytes.IndexByte(b, '"')
		if eq < 0 {
			return
		}
		n := closingQuote(b[eq+1:], true)
		if n < 0 {
			return
		}
		key, value := bytes.TrimRight(b[2:eq], " "), b[eq+1:eq+1+n]
		switch string(key) {
		case "id":
			// 949110 and 959100 only add up what the other rules found.
			if r.Rule == nil || string(r.Rule) == "949110" || string(r.Rule) == "959100" {
				r.Rule = value
			}
		case "hostname":
			if r.Host == nil {
				r.Host = value
			}
		case "uri":
			if r.URI == nil {
				setURI(r, value)
			}
		case "unique_id":
			if r.RequestID == nil {
				r.RequestID = value
			}
		}
		if b = b[eq+n+2:]; len(b) > 0 && b[0] == ']' {
			b = b[1:]
		}
	}
}
