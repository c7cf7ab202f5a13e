// load presses the pods of a Market-Store: open loop, each pod at the scheduled rate, bounded in time, in requests and
// in requests waiting. It prints one JSON line every ten seconds and serves nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	settings, err := settingsFrom(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	newFleet(settings).Run(ctx, os.Stdout)
}
