package main

import (
	"context"
	"sync"
)

const (
	featureContexts   = 8 // a request fans out over its features
	contextValueBytes = 192
	requestsPerWalk   = 8
)

type contextValue struct{}

// contextChildren leaks: every request makes a child of the process-wide context for each of its features and forgets to
// cancel them, so they stay registered in their parent with the values they carry. The service also lists the children,
// to know what is running; the list is walked for those that are done, which abandoned ones never are, and so latency
// rises with memory.
type contextChildren struct {
	settings Settings
	root     context.Context
	stop     context.CancelFunc // never called: the parent lives as long as the process

	mutex    sync.Mutex
	children []context.Context
	requests int
}

func newContextChildren(settings Settings) (Behaviour, error) {
	c := &contextChildren{settings: settings}
	c.root, c.stop = context.WithCancel(context.Background())
	return c.serve, nil
}

func (c *contextChildren) serve(_ context.Context, _ int) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for range featureContexts {
		valued := context.WithValue(c.root, contextValue{}, payload(contextValueBytes))
		child, cancel := context.WithCancel(valued)
		c.children = append(c.children, child)
		c.finish(cancel)
	}
	if c.requests++; c.requests%requestsPerWalk == 0 {
		c.walk()
	}
	return nil
}

func (c *contextChildren) finish(cancel context.CancelFunc) {
	if !c.settings.Leaking() {
		cancel()
	}
}

func (c *contextChildren) walk() {
	running := c.children[:0]
	for _, child := range c.children {
		if child.Err() == nil {
			running = append(running, child)
		}
	}
	clear(c.children[len(running):])
	c.children = running
}
