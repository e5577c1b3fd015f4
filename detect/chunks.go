package detect

// chunks is a list that grows without moving what it holds: one goroutine may
// add to it while another one reads what it was told of before.
type chunks[T any] struct {
	parts []*[chunkSize]T
	n     int // elements; of the adding goroutine
}

const (
	chunkBits = 10
	chunkSize = 1 << chunkBits
)

// newChunks makes a list of up to limit elements, of which the first is there
// already: 0 stands for none.
func newChunks[T any](limit int) chunks[T] {
	c := chunks[T]{parts: make([]*[chunkSize]T, limit/chunkSize+1)}
	c.add()
	return c
}

func (c *chunks[T]) at(i uint32) *T { return &c.parts[i>>chunkBits][i&(chunkSize-1)] }

// add appends a zero element and returns its number.
func (c *chunks[T]) add() uint32 {
	i := uint32(c.n)
	if i&(chunkSize-1) == 0 {
		c.parts[i>>chunkBits] = new([chunkSize]T)
	}
	c.n++
	return i
}
