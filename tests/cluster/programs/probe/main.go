// Command probe is the guest of the cluster's own tests: it serves, fetches, resolves, or eats memory.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

const (
	chunkBytes   = 1 << 20
	chunkPause   = 5 * time.Millisecond
	fetchTimeout = 5 * time.Second
)

func main() {
	if len(os.Args) < 2 {
		fail("usage: probe serve | fetch URL | eat")
	}
	switch os.Args[1] {
	case "serve":
		serve()
	case "fetch":
		fetch(os.Args[2])
	case "eat":
		eat()
	default:
		fail("unknown verb " + os.Args[1])
	}
}

// serve answers with the pod's name on every address, and with a secret word on localhost only.
func serve() {
	name, _ := os.Hostname()
	local := http.NewServeMux()
	local.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "only from inside "+name) })
	go func() { fail(http.ListenAndServe("localhost:6060", local).Error()) }()
	public := http.NewServeMux()
	public.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, name) })
	fail(http.ListenAndServe(":8080", public).Error())
}

func fetch(url string) {
	client := http.Client{Timeout: fetchTimeout}
	answer, err := client.Get(url)
	if err != nil {
		fail(err.Error())
	}
	defer answer.Body.Close()
	if _, err := io.Copy(os.Stdout, answer.Body); err != nil {
		fail(err.Error())
	}
}

func eat() {
	var eaten [][]byte
	for {
		chunk := make([]byte, chunkBytes)
		for i := range chunk {
			chunk[i] = 1
		}
		eaten = append(eaten, chunk)
		time.Sleep(chunkPause)
	}
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(1)
}
