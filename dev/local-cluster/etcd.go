package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// A socket's path must fit into sun_path: 104 bytes on macOS, 108 on Linux, with the closing zero.
const longestSocketPath = 103

// startEtcd serves clients on a Unix socket in a directory that only this user can enter: no port to collide with, and none through
// which others on the machine could read Secrets. It returns the endpoint for --etcd-servers.
func startEtcd(data string) (string, error) {
	socket := filepath.Join(data, "etcd.sock")
	if absolute, err := filepath.Abs(socket); err == nil {
		socket = absolute
	}
	if len(socket) > longestSocketPath {
		return "", fmt.Errorf("the path %s is too long for a socket; choose a shorter -data", socket)
	}
	// Left behind by a process that was killed; etcd does not take over an existing socket.
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		return "", err
	}
	config := embed.NewConfig()
	config.Dir = filepath.Join(data, "etcd")
	config.LogLevel = "error"
	config.UnsafeNoFsync = true // nobody's data: speed counts, a power cut does not
	config.QuotaBackendBytes = 4 << 30
	config.AutoCompactionMode, config.AutoCompactionRetention = "periodic", "10m"
	config.ListenClientUrls = []url.URL{{Scheme: "unix", Path: socket}}
	// etcd insists on host:port here; nobody ever looks the address up.
	config.AdvertiseClientUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	// There are no peers, but etcd listens for them: on a port of the kernel's choice.
	config.ListenPeerUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config.AdvertisePeerUrls = config.ListenPeerUrls
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return "", err
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return "unix://" + socket, nil
	case err := <-etcd.Err():
		return "", err
	case <-time.After(time.Minute):
		etcd.Close()
		return "", fmt.Errorf("not ready after a minute")
	}
}
