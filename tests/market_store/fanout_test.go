package main

import (
	"context"
	"reflect"
	"regexp"
	"runtime"
	"testing"

	"github.com/grab/async"
)

// The two builds differ in one line of their module files. This is the proof that the line is the leak:
// go test ./... is healthy, go test -modfile=go.leak.mod ./... is not.
func TestBytesLeftBehindByEachTask(t *testing.T) {
	pool := newPool(4)
	row := newTable(1, 20, 8).Row("any")
	serve(t, pool, row, 50)
	const requests = 1000
	before := liveBytes()
	serve(t, pool, row, requests)
	left := float64(liveBytes()-before) / (requests * 20)
	runtime.KeepAlive(pool)

	version := asyncVersion(t)
	t.Logf("async %s leaves %.1f bytes per task", version, left)
	switch version {
	case "v0.0.3":
		if left < 300 {
			t.Errorf("the leaking build leaves %.1f bytes per task, want more than 300", left)
		}
	case "v0.0.5":
		if left > 30 {
			t.Errorf("the healthy build leaves %.1f bytes per task, want less than 30", left)
		}
	default:
		t.Errorf("async is %s, want v0.0.3 or v0.0.5", version)
	}
}

func TestSummariesStopsWhenTheRequestIsGone(t *testing.T) {
	pool := &Pool{tasks: make(chan async.Task)} // nobody takes tasks
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := pool.Summaries(ctx, newTable(1, 2, 8).Row("any")); err != context.Canceled {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestPeriodFindsTheSeason(t *testing.T) {
	found := summarise(newTable(1, 1, 800).Row("any")[0]).PeriodPoints
	seasons := (found + dayLengthPoints/2) / dayLengthPoints
	if off := found - seasons*dayLengthPoints; seasons < 1 || off < -3 || off > 3 {
		t.Errorf("period is %d points, want about a multiple of %d", found, dayLengthPoints)
	}
}

func serve(t *testing.T, pool *Pool, row [][]Point, requests int) {
	t.Helper()
	for range requests {
		if _, err := pool.Summaries(context.Background(), row); err != nil {
			t.Fatal(err)
		}
	}
}

func liveBytes() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // the second one sweeps what the first one found
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// asyncVersion reads the version as a profile shows it: from the file name of a function.
func asyncVersion(t *testing.T) string {
	t.Helper()
	pc := reflect.ValueOf(async.NewTask).Pointer()
	file, _ := runtime.FuncForPC(pc).FileLine(pc)
	found := regexp.MustCompile(`grab/async@(v[0-9.]+)/`).FindStringSubmatch(file)
	if found == nil {
		t.Fatalf("no version in the file name %q", file)
	}
	return found[1]
}
