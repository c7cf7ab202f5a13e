package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"syscall"
	"time"
)

// measure prints how much CPU time one request takes on this machine, without a network, as one JSON line. Latency
// follows memory only where the load after the ebb needs more than half of the CPU limit, so rates can be chosen by it.
func measure(store *Store, runFor time.Duration, out io.Writer) error {
	end := time.Now().Add(runFor)
	started := cpuSeconds()
	requests := 0
	for ; time.Now().Before(end); requests++ {
		request := httptest.NewRequest(http.MethodGet, "/features?entity="+strconv.Itoa(requests), nil)
		answer := httptest.NewRecorder()
		store.ServeHTTP(answer, request)
		if answer.Code != http.StatusOK {
			return fmt.Errorf("request %d was answered with %d", requests, answer.Code)
		}
	}
	if requests == 0 {
		return fmt.Errorf("-measure-for is %s: too short for one request", runFor)
	}
	return json.NewEncoder(out).Encode(map[string]any{
		"requests":                     requests,
		"cpu_per_request_milliseconds": 1000 * (cpuSeconds() - started) / float64(requests),
	})
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}
