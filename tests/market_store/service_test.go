package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestServiceAnswersAndCounts(t *testing.T) {
	settings := Settings{Entities: 3, Features: 5, Points: 20, Workers: 2, CacheEntries: 2, RecentFor: time.Second}
	handler := serviceHandler(newStore(settings), newMetrics())
	body := answered(t, handler, "/features?entity=7", http.StatusOK)
	var answer Answer
	if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Summaries) != 5 {
		t.Errorf("%d summaries (%v), want 5", len(answer.Summaries), err)
	}
	if body := answered(t, handler, "/features", http.StatusBadRequest); !strings.Contains(body, "/features?entity=7") {
		t.Errorf("refusal %q does not say what to give", body)
	}
	answered(t, handler, "/readyz", http.StatusOK)
	answered(t, handler, "/debug/pprof/heap", http.StatusNotFound)
	metrics := answered(t, handler, "/metrics", http.StatusOK)
	for _, wanted := range []string{
		"go_gc_heap_live_bytes ", "go_gc_gomemlimit_bytes ", "go_memstats_heap_inuse_bytes ",
		`http_requests_total{code="200",handler="features"} 1`,
		`http_request_duration_seconds_bucket{handler="features",le="0.2"} 2`,
	} {
		if !hasLine(metrics, wanted) {
			t.Errorf("no line in /metrics begins with %q", wanted)
		}
	}
}

func TestProfilesAreServedOnLoopbackOnly(t *testing.T) {
	for _, address := range []string{":6060", "0.0.0.0:6060", "10.0.0.1:6060", "6060"} {
		if listener, err := profileListener(address); err == nil {
			_ = listener.Close()
			t.Errorf("%q was accepted, want it refused", address)
		} else if !strings.Contains(err.Error(), "localhost:6060") {
			t.Errorf("%q: message %q does not say what to give", address, err)
		}
	}
	answered(t, profileHandler(), "/debug/pprof/heap", http.StatusOK)
}

func TestSettingsComeFromFlagsBeforeEnvironment(t *testing.T) {
	t.Setenv("MARKET_STORE_CACHE_ENTRIES", "7")
	t.Setenv("MARKET_STORE_POINTS", "9")
	settings, err := settingsFrom([]string{"-points=10"})
	if err != nil || settings.CacheEntries != 7 || settings.Points != 10 {
		t.Errorf("got %+v, %v; want 7 entries and 10 points", settings, err)
	}
	if _, err := settingsFrom([]string{"-entities=0"}); err == nil || !strings.Contains(err.Error(), "-entities") {
		t.Errorf("got %v, want a refusal that names -entities", err)
	}
}

func answered(t *testing.T, handler http.Handler, target string, status int) string {
	t.Helper()
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, target, nil))
	if answer.Code != status {
		t.Fatalf("%s was answered with %d, want %d", target, answer.Code, status)
	}
	return answer.Body.String()
}

func hasLine(text, prefix string) bool {
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), prefix) {
			return true
		}
	}
	return false
}
