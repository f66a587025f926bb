// Package auth stands in for github.com/abbot/go-http-auth, which Traefik replaces with a fork that is published under no version of
// its own. It has the names that Traefik's basicAuth and digestAuth middlewares use, and refuses every credential: no route here has
// either of them, and one that had would stay closed.
package auth

import "net/http"

// SecretProvider is never asked.
type SecretProvider func(user, realm string) string

// BasicAuth knows nobody.
type BasicAuth struct {
	Realm   string
	Secrets SecretProvider
}

// CheckAuth finds no user.
func (a *BasicAuth) CheckAuth(_ *http.Request) string { return "" }

// RequireAuth answers 401.
func (a *BasicAuth) RequireAuth(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "basic authentication is not built in", http.StatusUnauthorized)
}

// CheckSecret never matches.
func CheckSecret(_, _ string) bool { return false }

// DigestAuth knows nobody.
type DigestAuth struct{ Realm string }

// NewDigestAuthenticator returns one that knows nobody.
func NewDigestAuthenticator(realm string, _ SecretProvider) *DigestAuth { return &DigestAuth{Realm: realm} }

// CheckAuth finds no user.
func (a *DigestAuth) CheckAuth(_ *http.Request) (string, *string) { return "", nil }

// RequireAuth answers 401.
func (a *DigestAuth) RequireAuth(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "digest authentication is not built in", http.StatusUnauthorized)
}

// RequireAuthStale answers 401.
func (a *DigestAuth) RequireAuthStale(w http.ResponseWriter, r *http.Request) { a.RequireAuth(w, r) }

// DigestAuthParams finds none.
func DigestAuthParams(_ string) map[string]string { return nil }
