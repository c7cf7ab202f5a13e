//go:build ignore

// A hedged call whose loser blocks for ever on a channel that nobody reads again.
package main

func answer(number int) []byte {
	return make([]byte, 32+number%2)
}

func hedged(number int) []byte {
	answers := make(chan []byte)
	for range 2 {
		go func() { answers <- answer(number) }()
	}
	return <-answers
}

func serve(requests int) {
	for i := range requests {
		_ = hedged(i)
	}
}

func main() {
	profileAround(func() { serve(500) }, func() { serve(15_000) })
}
