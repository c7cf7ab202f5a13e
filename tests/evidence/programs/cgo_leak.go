//go:build ignore

// Memory kept by Go code that C code calls: frames of both worlds are on the stack.
package main

/*
extern void keepInGo(int);

static inline void throughC(int bytes) { keepInGo(bytes); }
*/
import "C"

var kept [][]byte

//export keepInGo
func keepInGo(bytes C.int) { kept = append(kept, make([]byte, int(bytes))) }

func fill(pieces int) {
	for range pieces {
		C.throughC(4096)
	}
}

func main() {
	profileAround(func() { fill(500) }, func() { fill(5_000) })
}
