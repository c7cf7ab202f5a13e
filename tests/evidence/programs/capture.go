//go:build ignore

// The part that all programs of this folder share: run a piece of work, profile, run more of it, profile again.
package main

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
)

// A finer sample than the default of 512 KiB, unless MEMORY_PROFILE_RATE asks for another: with so little memory the
// noise would be as large as the leaks.
func init() {
	runtime.MemProfileRate = 16 << 10
	if rate, err := strconv.Atoi(os.Getenv("MEMORY_PROFILE_RATE")); err == nil {
		runtime.MemProfileRate = rate
	}
}

// profileAround writes heap and goroutine profiles into the folder named by the first argument: `young` after the
// first piece of work, `late` after the second.
func profileAround(young, late func()) {
	young()
	write("young")
	late()
	write("late")
}

func write(age string) {
	runtime.GC()
	runtime.GC()
	for _, kind := range []string{"heap", "goroutine"} {
		file, err := os.Create(filepath.Join(os.Args[1], age+"."+kind+".pb.gz"))
		if err != nil {
			panic(err)
		}
		if err := pprof.Lookup(kind).WriteTo(file, 0); err != nil {
			panic(err)
		}
		if err := file.Close(); err != nil {
			panic(err)
		}
	}
}
