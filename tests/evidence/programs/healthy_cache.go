//go:build ignore

// A bounded cache that is full before the first profile and only turns over afterwards.
package main

type entry struct {
	number  int
	payload []byte
}

type ring struct {
	entries [8_000]*entry
}

func (r *ring) put(number int) {
	r.entries[number%len(r.entries)] = &entry{number: number, payload: make([]byte, 2048)}
}

func (r *ring) fill(from, to int) {
	for i := from; i < to; i++ {
		r.put(i)
	}
}

func main() {
	r := &ring{}
	profileAround(func() { r.fill(0, 10_000) }, func() { r.fill(10_000, 60_000) })
	println(r.entries[0].number)
}
