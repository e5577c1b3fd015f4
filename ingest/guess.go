package ingest

// sampleLines is how many lines Guess looks at.
const sampleLines = 200

// Ranking says which formats a source is written in, the most frequent first.
// It is a value: goroutines that read blocks of the same source each make
// their own Format of it, and all read every line alike.
type Ranking struct {
	order [maxFormats]uint8 // indexes into Formats
	n     int
	lines int        // lines looked at
	read  int        // of them, lines that some format reads
	vhost bool       // where both could be meant, column 1 is the virtual host
	named w3cColumns // by a directive, n = 0 without one
	edge  bool       // ... of CloudFront's
}

const maxFormats = 32

// Guess ranks the formats by the first lines of a source; it looks at no more
// than 200 that are not blank. It changes no line.
func Guess(lines [][]byte) Ranking {
	var rk Ranking
	var score [maxFormats]int
	rk.named, rk.edge = directive(lines)
	formats := make([]Format, len(Formats))
	for i, s := range Formats {
		formats[i] = rk.directed(s.New())
	}
	vhosts := 0
	var scratch []byte
	for _, line := range lines {
		if rk.lines == sampleLines {
			break
		}
		if len(line) == 0 {
			continue
		}
		rk.lines++
		scratch = append(scratch[:0], line...) // Parse may decode in place
		i := classify(scratch, formats, 0)
		if i < 0 {
			continue
		}
		score[i]++
		rk.read++
		if c, ok := formats[i].(*clf); ok {
			if c.vhost {
				vhosts++
			} else {
				vhosts--
			}
		}
	}
	rk.vhost = vhosts > 0
	rk.rank(score[:len(formats)])
	return rk
}

// classify returns the index of the format that line is in, -1 if there is
// none.
func classify(line []byte, formats []Format, wraps int) int {
	for wraps < maxWrappers {
		inner, ok := peelText(line)
		if !ok {
			break
		}
		line, wraps = inner, wraps+1
	}
	sh := shapeOf(line)
	i := classifyShape(line, sh, formats)
	if i < 0 && (sh == shapeBracket || sh == shapeSlash) {
		i = classifyShape(line, shapeText, formats)
	}
	if i >= 0 {
		return i
	}
	if sh == shapeJSON && wraps < maxWrappers {
		if msg, ok := jsonMessage(line, new(keyOrder)); ok {
			return classify(peelMessage(unescapeJSON(msg)), formats, wraps+1)
		}
	}
	return -1
}

func classifyShape(line []byte, sh shape, formats []Format) int {
	vhost := sh == shapeText && vhostLine(line)
	for i, f := range formats {
		if Formats[i].shape != sh {
			continue
		}
		if c, ok := f.(*clf); ok && c.vhost != vhost {
			continue
		}
		var r Record
		err := f.Parse(line, &r)
		if err == nil || err == FlawOther {
			return i
		}
	}
	return -1
}

// vhostLine tells whether line can be of the common family with a virtual
// host in column 1.
func vhostLine(line []byte) bool {
	p := clf{vhost: true}
	open, _, _, flaw := p.anchor(line)
	if flaw != NoFlaw {
		return false
	}
	var r Record
	if !p.columns(line[:open], &r) || r.Host == nil {
		return false
	}
	return &r.RemoteText[0] != &line[0] // column 1 is the host, not the address
}

// rank sorts the formats by score, stably, so that ties keep the order of
// Formats.
func (rk *Ranking) rank(score []int) {
	for i := range score {
		at := rk.n
		for at > 0 && score[i] > score[rk.order[at-1]] {
			rk.order[at] = rk.order[at-1]
			at--
		}
		rk.order[at] = uint8(i)
		rk.n++
	}
}

// directed gives a format the columns that a directive names.
func (rk *Ranking) directed(f Format) Format {
	if p, ok := f.(*w3c); ok && rk.named.n > 0 && rk.edge == (p.parter == '\t') {
		p.columns = rk.named
	}
	return f
}

// Best returns the name of the format in which most of the lines are, "" if
// none read any.
func (rk Ranking) Best() string {
	if rk.read == 0 {
		return ""
	}
	return Formats[rk.order[0]].Name
}

// Read returns how many lines were looked at and how many of them some format
// reads.
func (rk Ranking) Read() (lines, read int) { return rk.lines, rk.read }

// New returns a Format for one goroutine that reads each line by the first
// format in the ranking that can. It remembers nothing of the lines before, so
// a source may be cut into blocks anywhere.
func (rk Ranking) New() Format {
	if rk.n == 0 {
		rk.rank(make([]int, len(Formats)))
	}
	a := &auto{}
	haveCLF := false
	for _, i := range rk.order[:rk.n] {
		f := rk.directed(Formats[i].New())
		if c, ok := f.(*clf); ok {
			if haveCLF {
				continue // one reads the whole family
			}
			haveCLF = true
			c.refs, c.vhost = false, rk.vhost
		}
		sh := Formats[i].shape
		a.byShape[sh] = append(a.byShape[sh], f)
	}
	if a.name = rk.Best(); a.name == "" {
		a.name = "auto"
	}
	return a
}
