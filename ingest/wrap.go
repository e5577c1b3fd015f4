package ingest

import "bytes"

// maxWrappers is how many wrappers (syslog, Docker, CRI, a JSON message) may
// be around a line.
const maxWrappers = 2

// peelText takes the prefix of syslog (RFC 3164, RFC 5424, rsyslog's ISO time)
// or of a container runtime (CRI) off a line. These are looked for before any
// format is tried: a format might take them for columns of its own.
func peelText(line []byte) (inner []byte, ok bool) {
	if len(line) < 20 {
		return line, false
	}
	switch c := line[0]; {
	case c == '<':
		return peelPriority(line)
	case c-'0' <= 9 && line[4] == '-' && line[7] == '-' && line[10] == 'T':
		return peelISO(line)
	case c-'A' < 26 && line[3] == ' ' && line[6] == ' ' && line[9] == ':' && line[12] == ':':
		return peelTag(line, 16)
	}
	return line, false
}

// peelPriority reads "<190>" and what follows: a 3164 time or version 1.
func peelPriority(line []byte) ([]byte, bool) {
	_, n := number(line[1:])
	if n == 0 || n > 3 || line[1+n] != '>' {
		return line, false
	}
	b := line[n+2:]
	if len(b) > 2 && b[0] == '1' && b[1] == ' ' {
		return peel5424(b[2:])
	}
	if len(b) < 16 || b[3] != ' ' || b[9] != ':' || b[12] != ':' {
		return line, false
	}
	return peelTag(b, 16)
}

// peel5424 goes behind "TIME HOST APP PID MSGID SD ".
func peel5424(b []byte) ([]byte, bool) {
	for range 5 {
		i := bytes.IndexByte(b, ' ')
		if i < 0 {
			return b, false
		}
		b = b[i+1:]
	}
	for len(b) > 0 && b[0] == '[' { // structured data
		i := 1
		for quoted := false; i < len(b) && (quoted || b[i] != ']'); i++ {
			if b[i] == '\\' {
				i++
			} else if b[i] == '"' {
				quoted = !quoted
			}
		}
		if i >= len(b) {
			return b, false
		}
		b = b[i+1:]
	}
	b = bytes.TrimPrefix(b, []byte{'-'})
	if len(b) == 0 || b[0] != ' ' {
		return b, false
	}
	return bytes.TrimPrefix(b[1:], []byte("\xEF\xBB\xBF")), true
}

// peelISO reads CRI's "TIME stdout F " and rsyslog's "TIME host tag: ".
func peelISO(line []byte) ([]byte, bool) {
	end := bytes.IndexByte(line, ' ')
	if end < 19 || end > 40 {
		return line, false
	}
	b := line[end+1:]
	if bytes.HasPrefix(b, []byte("stdout ")) || bytes.HasPrefix(b, []byte("stderr ")) {
		flag, rest := cutColumn(b[7:])
		if len(flag) > 0 && (flag[0] == 'F' || flag[0] == 'P') && rest != nil {
			return rest, true
		}
		return line, false
	}
	return peelTag(line, end+1)
}

// peelTag goes behind "[host ]tag: " or "[host ]tag[pid]: " at line[i:].
func peelTag(line []byte, i int) ([]byte, bool) {
	b := line[i:]
	for range 2 {
		word, rest := cutColumn(b)
		if len(word) == 0 || len(word) > 128 || rest == nil {
			return line, false
		}
		if word[len(word)-1] == ':' {
			return rest, true
		}
		b = rest
	}
	return line, false
}

// messageKeys are the keys under which shippers and runtimes keep a line:
// Docker, journald, Kubernetes, Loki, Elastic.
var messageKeys = map[string]uint8{"log": 1, "message": 1, "msg": 1, "line": 1, "MESSAGE": 1}

func messageKey(k []byte) uint8 { return messageKeys[string(k)] }

// jsonMessage returns the string member of a JSON object in which a line of
// text may be wrapped, escaped as it is.
func jsonMessage(line []byte, order *keyOrder) ([]byte, bool) {
	s := jsonScan{order: order, lookup: messageKey}
	if !s.begin(line) {
		return nil, false
	}
	var msg []byte
	for {
		id, ok := s.next()
		if !ok {
			return msg, msg != nil && s.flaw == NoFlaw
		}
		if id != 0 && s.val.kind == jsonString && msg == nil {
			msg = s.val.text
		}
	}
}

// peelMessage cleans a decoded message: no line end, no "host tag: ".
func peelMessage(b []byte) []byte {
	b = bytes.TrimRight(b, "\r\n")
	first, rest := cutColumn(b)
	if second, inner := cutColumn(rest); len(second) > 1 && second[len(second)-1] == ':' && inner != nil {
		if _, ok := readAddr(first); !ok && shapeOf(b) == shapeText {
			return inner
		}
	}
	return b
}
