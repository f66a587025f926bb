// Package ext stands in for github.com/traefik/traefik/dynamic/ext. Traefik's go.mod replaces that path with a directory of its own
// repository, and replacements of a dependency do not count, so it cannot be had as a module. In Traefik's open edition it has no
// options either.
package ext

// HTTP holds no options.
type HTTP struct{}

// Router holds no options.
type Router struct{}
