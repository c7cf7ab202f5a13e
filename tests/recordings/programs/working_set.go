package main

import (
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// dataFiles are the files whose page cache counts as ours.
var dataFiles struct {
	sync.Mutex
	open []*os.File
}

func countPageCacheOf(file *os.File) {
	dataFiles.Lock()
	defer dataFiles.Unlock()
	dataFiles.open = append(dataFiles.open, file)
}

// workingSetBytes stands for the figure that the kubelet reads from a pod's memory group, which a program outside of a
// cluster does not have to itself: resident memory plus the pages of the program's data files that the kernel holds in
// its page cache, as mincore(2) tells them. Unlike the kubelet's figure it contains inactive file pages, and it lacks
// kernel memory such as socket buffers.
func workingSetBytes() float64 {
	total := residentBytes()
	dataFiles.Lock()
	defer dataFiles.Unlock()
	for _, file := range dataFiles.open {
		total += cachedBytes(file)
	}
	return total
}

func residentBytes() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return math.NaN()
	}
	var size, resident float64
	if _, err := fmt.Fscan(strings.NewReader(string(text)), &size, &resident); err != nil {
		return math.NaN()
	}
	return resident * float64(os.Getpagesize())
}

// cachedBytes maps the file only to ask: a page that is never touched does not become resident memory.
func cachedBytes(file *os.File) float64 {
	about, err := file.Stat()
	if err != nil || about.Size() == 0 {
		return 0
	}
	mapping, err := unix.Mmap(int(file.Fd()), 0, int(about.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return math.NaN()
	}
	defer func() { _ = unix.Munmap(mapping) }()
	page := os.Getpagesize()
	states := make([]byte, (len(mapping)+page-1)/page)
	_, _, failed := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&mapping[0])), uintptr(len(mapping)),
		uintptr(unsafe.Pointer(&states[0])))
	if failed != 0 {
		return math.NaN()
	}
	cached := 0
	for _, state := range states {
		cached += int(state & 1)
	}
	return float64(cached * page)
}
