package main

import (
	"strconv"
	"testing"
	"time"
)

func TestEmbeddingsStayWithinTheirBound(t *testing.T) {
	cache := newEmbeddings(10)
	for i := range 100 {
		cache.Of(strconv.Itoa(i))
		if cache.Len() > 10 {
			t.Fatalf("%d entries after %d names, want at most 10", cache.Len(), i+1)
		}
	}
	if cache.Len() != 10 || len(cache.byName) != 10 {
		t.Errorf("%d entries and %d names, want 10 and 10", cache.Len(), len(cache.byName))
	}
}

func TestEmbeddingsForgetTheLeastRecentlyUsed(t *testing.T) {
	cache := newEmbeddings(2)
	first := cache.Of("a")
	cache.Of("b")
	cache.Of("a")
	cache.Of("c") // b must go, a was used since
	if again := cache.Of("a"); &again[0] != &first[0] {
		t.Error("a was loaded again, want it kept")
	}
	if _, there := cache.byName["b"]; there {
		t.Error("b is there, want it forgotten")
	}
}

func TestRecentFollowsTheLoad(t *testing.T) {
	recent := newRecent(10 * time.Second)
	row := newTable(1, 2, 8).Row("any")
	now := time.Unix(0, 0)
	press := func(perSecond, seconds int) int {
		for range perSecond * seconds {
			now = now.Add(time.Second / time.Duration(perSecond))
			recent.Keep(now, row)
		}
		return recent.Len()
	}
	if kept := press(20, 30); kept < 195 || kept > 205 {
		t.Errorf("kept %d at 20 a second, want about 200", kept)
	}
	if kept := press(5, 30); kept < 48 || kept > 53 {
		t.Errorf("kept %d at 5 a second, want about 50", kept)
	}
	recent.Forget(now.Add(time.Minute))
	if recent.Len() != 0 {
		t.Errorf("kept %d after a minute without load, want none", recent.Len())
	}
}
