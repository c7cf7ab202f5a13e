package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// A server that never answers must see no more requests than the bound; the rest are refused at the client.
func TestRequestsWaitingAtAPodAreBounded(t *testing.T) {
	var arrived atomic.Int64
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived.Add(1)
		<-release
	}))
	defer server.Close()
	defer close(release)
	settings, err := settingsFrom([]string{"-in-flight=3", "-target=" + server.URL + "/features"})
	if err != nil {
		t.Fatal(err)
	}
	var budget atomic.Int64
	budget.Store(20)
	pod := newPod(settings, settings.Target.Hostname(), newKeys(1, 0), &budget)
	// With the budget spent, Press returns by itself: 3 wait, 17 were refused.
	pod.Press(context.Background(), []Phase{{Name: "peak", RatePerSecond: 500}}, time.Now())
	counts := pod.Outcomes.Take()
	if counts.refused != 17 || len(counts.seconds) != 0 || arrived.Load() > 3 {
		t.Errorf("%d refused, %d answered, %d arrived; want 17, 0 and at most 3", counts.refused, len(counts.seconds), arrived.Load())
	}
}

func TestFleetReportsWhatItDidAndEnds(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	settings, err := settingsFrom([]string{"-max-requests=20", "-schedule=peak:200", "-target=" + server.URL + "/features"})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	newFleet(settings).Run(context.Background(), &out)
	var line Line
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	if line.Phase != "peak" || line.Errors != 0 || line.Rate == 0 || len(line.ByPod) != 1 {
		t.Errorf("got %+v, want answered requests of one pod", line)
	}
}

func TestKeysAreSkewed(t *testing.T) {
	keys := newKeys(1000, 1)
	drawn := make([]int, 1000)
	for range 100_000 {
		drawn[keys.Draw()]++
	}
	if drawn[0] < 10_000 || drawn[999] > 100 {
		t.Errorf("first drawn %d times, last %d; want about 13,000 and 13", drawn[0], drawn[999])
	}
}

func TestQuantile(t *testing.T) {
	if got := quantile([]float64{1, 2, 3, 4}, 50); got != 2 {
		t.Errorf("median %g, want 2", got)
	}
	if got := quantile([]float64{1, 2, 3, 4}, 99); got != 4 {
		t.Errorf("99th percentile %g, want 4", got)
	}
	if got := quantile(nil, 99); got != 0 {
		t.Errorf("without values %g, want 0", got)
	}
}
