package main

import (
	"context"
	"errors"
	"net"
)

// addressesOf resolves a host to the addresses behind it now. A headless Service has one for each ready pod. A name
// that does not exist has none; known is false when nothing could be learned, so that the caller keeps what it has.
func addressesOf(ctx context.Context, host string) (addresses []string, known bool) {
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	if err == nil {
		return addresses, true
	}
	var failure *net.DNSError
	return nil, errors.As(err, &failure) && failure.IsNotFound
}
