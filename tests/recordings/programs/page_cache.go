package main

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
)

const (
	recordBytes    = 8192
	recordsPerRead = 4
)

// pageCache is healthy: it appends to a log on disk and reads old records back, so the kernel's page cache of the file
// grows with it, while the heap and the resident memory stay.
type pageCache struct {
	mutex   sync.Mutex
	file    *os.File
	records int64
	record  []byte
}

func newPageCache(settings Settings) (Behaviour, error) {
	file, err := os.Create(filepath.Join(settings.Folder, "records"))
	if err != nil {
		return nil, err
	}
	countPageCacheOf(file)
	c := &pageCache{file: file, record: make([]byte, recordBytes)}
	return c.serve, nil
}

func (c *pageCache) serve(_ context.Context, _ int) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, err := c.file.WriteAt(c.record, c.records*recordBytes); err != nil {
		return err
	}
	c.records++
	old := make([]byte, recordBytes)
	for range recordsPerRead {
		if _, err := c.file.ReadAt(old, rand.Int64N(c.records)*recordBytes); err != nil {
			return err
		}
	}
	return nil
}
