// The first process of every pod: it holds the pod's namespaces and waits to be ended. Ours, because the usual image is in a registry.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ending := make(chan os.Signal, 1)
	signal.Notify(ending, syscall.SIGINT, syscall.SIGTERM)
	// Of a pod that shares its process namespace, orphans become children of this process.
	orphaned := make(chan os.Signal, 16)
	signal.Notify(orphaned, syscall.SIGCHLD)
	for {
		select {
		case <-ending:
			return
		case <-orphaned:
			for {
				if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
					break
				}
			}
		}
	}
}
