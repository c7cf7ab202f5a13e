//go:build ignore

// Sixty thousand different stacks, as a large service has them after weeks: every allocation is reached by another path.
package main

var held [][]byte

//go:noinline
func left(path, depth int) { step(path, depth) }

//go:noinline
func right(path, depth int) { step(path, depth) }

func inlined(path, depth int) { right(path, depth) }

type tree[Leaf any] struct{ leaves []Leaf }

//go:noinline
func (t *tree[Leaf]) grow(path, depth int) { step(path, depth) }

var generic tree[map[string]int]

//go:noinline
func step(path, depth int) {
	if depth == 0 {
		held = append(held, make([]byte, 64+path%512))
		return
	}
	switch path & 3 {
	case 0:
		left(path>>2, depth-1)
	case 1:
		inlined(path>>2, depth-1)
	case 2:
		func() { left(path>>2, depth-1) }()
	default:
		generic.grow(path>>2, depth-1)
	}
}

func visit(first, last int) {
	for path := first; path < last; path++ {
		left(path, 12)
	}
}

func main() {
	held = make([][]byte, 0, 100_000)
	profileAround(func() { visit(0, 40_000) }, func() { visit(20_000, 40_000) })
}
