package main

import (
	"container/list"
	"context"
	"sync"
)

const (
	cacheKeys       = 2400
	cacheEntries    = 2000 // the bound: the cache is full after a while and stays so
	cacheEntryBytes = 12 * 1024
)

type cacheEntry struct {
	key   int
	value []byte
}

// warmingCache is healthy: an LRU cache with a bound fills quickly, then slower, then not any more.
type warmingCache struct {
	mutex   sync.Mutex
	entries map[int]*list.Element
	recent  *list.List
}

func newWarmingCache(Settings) (Behaviour, error) {
	c := &warmingCache{entries: map[int]*list.Element{}, recent: list.New()}
	return c.serve, nil
}

func (c *warmingCache) serve(_ context.Context, entity int) error {
	key := entity % cacheKeys
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if found, known := c.entries[key]; known {
		c.recent.MoveToFront(found)
		return nil
	}
	c.entries[key] = c.recent.PushFront(cacheEntry{key, payload(cacheEntryBytes)})
	if c.recent.Len() > cacheEntries {
		oldest := c.recent.Remove(c.recent.Back()).(cacheEntry)
		delete(c.entries, oldest.key)
	}
	return nil
}
