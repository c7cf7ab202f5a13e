package main

import (
	"context"

	"github.com/grab/async"
)

// Pool is the one process-wide pool of the store: requests send tasks into it and wait for their outcomes.
//
// This is an ordinary use of the library, and the whole difference between a healthy store and a leaking one: with
// v0.0.3 every task leaves two cancellable child contexts registered in the pool's own context, for ever; with v0.0.5
// it leaves none. Nothing here simulates anything.
type Pool struct {
	tasks chan async.Task
}

func newPool(workers int) *Pool {
	tasks := make(chan async.Task)
	async.Consume(context.Background(), workers, tasks)
	return &Pool{tasks: tasks}
}

// Summaries fans one request out, a task per feature, and waits for all that were sent.
// A request that goes away before all are sent gets its context's error.
func (p *Pool) Summaries(ctx context.Context, row [][]Point) ([]Summary, error) {
	sent := make([]async.Task, 0, len(row))
	for _, series := range row {
		task := async.NewTask(func(context.Context) (any, error) {
			return summarise(series), nil
		})
		select {
		case p.tasks <- task:
			sent = append(sent, task)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	summaries := make([]Summary, len(sent))
	for i, task := range sent {
		outcome, err := task.Outcome()
		if err != nil {
			return nil, err
		}
		summaries[i] = outcome.(Summary)
	}
	return summaries, nil
}
