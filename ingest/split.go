package ingest

import "bytes"

// Container runtimes split long lines: Docker's json-file after 16 KiB of the
// line (daemon/logger/copier.go), the CRI's log format after 16 KiB or what is
// configured (crio: 8 KiB), flagged P for partial. The parts are joined again
// where they follow each other; a line of the other stream between them keeps
// them apart, and so does a length, all parts together, of more than half of
// Options.MaxLine.

const (
	leastPart  = 4 << 10  // no runtime splits shorter lines
	dockerPart = 16 << 10 // bytes of a part that Docker has split off, escapes not counted
)

var (
	dockerHead   = []byte(`{"log":"`)
	dockerStream = []byte(`","stream":"std`)
)

// part is a line of a runtime's log, taken apart.
type part struct {
	from, to int  // its text is line[from:to]
	docker   bool // else CRI
	stream   byte // o for stdout, e for stderr
	more     bool // it goes on in the next part
}

// partOf takes line apart; ok is false if no runtime has written it.
func partOf(line []byte) (p part, ok bool) {
	if bytes.HasPrefix(line, dockerHead) {
		i := bytes.LastIndex(line, dockerStream)
		if i < len(dockerHead) || i+len(dockerStream) == len(line) {
			return p, false
		}
		p = part{from: len(dockerHead), to: i, docker: true, stream: line[i+len(dockerStream)]}
		p.more = i-p.from >= dockerPart && !endsLine(line[p.from:i])
		return p, true
	}
	if len(line) < 32 || line[0]-'0' > 9 || line[4] != '-' || line[10] != 'T' {
		return p, false
	}
	i := bytes.IndexByte(line[:min(len(line), 40)], ' ')
	if i < 0 || len(line) < i+10 || string(line[i+1:i+4]) != "std" || line[i+7] != ' ' {
		return p, false
	}
	flags := i + 8 // a list with colons, of which the first counts
	n := bytes.IndexByte(line[flags:], ' ')
	if n < 1 || line[flags] != 'P' && line[flags] != 'F' {
		return p, false
	}
	return part{from: flags + n + 1, to: len(line), stream: line[i+4], more: line[flags] == 'P'}, true
}

// endsLine tells whether JSON text ends with an escaped line feed.
func endsLine(text []byte) bool {
	rest, ok := bytes.CutSuffix(text, []byte{'n'})
	slashes := len(rest) - len(bytes.TrimRight(rest, `\`))
	return ok && slashes%2 == 1
}

// unsplit returns where a block of buf[:end], which are whole lines, must end
// so that parts stay together: before the parts at its end that go on, unless
// there are more than most bytes of them and of what follows.
func unsplit(buf []byte, end, most int) int {
	at := end
	var last part
	for at > 0 {
		start := bytes.LastIndexByte(buf[:at-1], '\n') + 1
		if at-start <= leastPart {
			break
		}
		p, ok := partOf(buf[start : at-1])
		if !ok || !p.more || at < end && !p.goesWith(last) {
			break
		}
		at, last = start, p
	}
	if len(buf)-at > most {
		return end
	}
	return at
}

// goesWith tells whether p and o can be parts of one line.
func (p part) goesWith(o part) bool { return p.docker == o.docker && p.stream == o.stream }

// joinParts joins the parts that b begins with, the first of which ends at
// b[end], to one line, and returns where that ends. All that follows stays in
// its place: instead of what is left out there are blank lines.
func joinParts(b []byte, end, most int) int {
	first, ok := partOf(b[:end])
	if !ok || !first.more {
		return end
	}
	all, parts := runOfParts(b, end, first)
	if parts == 1 || all > most {
		return end
	}
	text, tail := first.to, []byte(nil)
	for start := end + 1; start < all; {
		n := bytes.IndexByte(b[start:], '\n')
		line := b[start : start+n]
		p, _ := partOf(line)
		tail = line[p.to:]
		text += copy(b[text:], line[p.from:p.to]) // moves down, so tail stays whole
		start += n + 1
	}
	text += copy(b[text:], tail)
	b[text] = '\n'
	blank := b[text+1 : all]
	for i := range blank {
		blank[i] = ' '
		if i > len(blank)-parts {
			blank[i] = '\n'
		}
	}
	return text
}

// runOfParts returns where the parts that b begins with end, and how many there
// are.
func runOfParts(b []byte, end int, last part) (all, parts int) {
	for all, parts = end+1, 1; last.more; parts++ {
		n := bytes.IndexByte(b[all:], '\n')
		if n < 0 {
			break
		}
		p, ok := partOf(b[all : all+n])
		if !ok || !p.goesWith(last) {
			break
		}
		all, last = all+n+1, p
	}
	return all, parts
}
