// Added to Market-Store for one benchmark: memory allocated by so many different stacks that the heap profile is as
// large as that of a service of many teams.
package main

import (
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
)

const ballastDepth = 17

var ballast [][]byte

func init() {
	stacks, _ := strconv.Atoi(os.Getenv("BALLAST_STACKS"))
	rate := runtime.MemProfileRate
	runtime.MemProfileRate = 1
	for path := range stacks {
		descend(path, ballastDepth)
	}
	runtime.MemProfileRate = rate
	runtime.GC() // a profile shows what the last finished collection saw
	runtime.GC()
}

//go:noinline
func descend(path, depth int) {
	switch {
	case depth == 0:
		for range 1 + rand.IntN(24) {
			ballast = append(ballast, make([]byte, 16))
		}
	case path&1 == 0:
		evenly(path>>1, depth-1)
	default:
		oddly(path>>1, depth-1)
	}
}

//go:noinline
func evenly(path, depth int) { descend(path, depth) }

//go:noinline
func oddly(path, depth int) { descend(path, depth) }
