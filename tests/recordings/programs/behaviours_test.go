package main

import (
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

func TestEveryBehaviourAnswersAndIsMeasured(t *testing.T) {
	upstream := httptest.NewServer(newUpstream())
	defer upstream.Close()
	for _, name := range behaviourNames() {
		if name == upstreamName {
			continue
		}
		handler, err := serviceHandler(Settings{Behaviour: name, Folder: t.TempDir(), Upstream: upstream.URL})
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/features?entity=7", "/metrics"} {
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
			if answer.Code != 200 {
				t.Errorf("%s: %s was answered with %d: %s", name, path, answer.Code, answer.Body)
			}
		}
	}
}

func TestOnlyAfterItsOnsetALeakKeepsWhatItMade(t *testing.T) {
	for _, leaking := range []bool{false, true} {
		from := time.Now().Add(-time.Hour)
		if !leaking {
			from = from.Add(2 * time.Hour)
		}
		c := &contextChildren{settings: Settings{LeaksFrom: from}, root: t.Context()}
		for range requestsPerWalk {
			_ = c.serve(t.Context(), 0)
		}
		wanted := 0
		if leaking {
			wanted = requestsPerWalk * featureContexts
		}
		if len(c.children) != wanted {
			t.Errorf("leaking %t: %d children are left, not %d", leaking, len(c.children), wanted)
		}
	}
}

func TestPagesInTheCacheCountAndOnlyThose(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	if cachedBytes(file) != 0 {
		t.Error("an empty file has pages")
	}
	if _, err := file.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if got := cachedBytes(file); got != 1<<20 {
		t.Errorf("%g bytes are cached of a file just written", got)
	}
}
