// Signs one person in with go-oidc and prints what the provider says of them.
package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

func random() string {
	bytes := make([]byte, 32)
	if _, err := rand.Read(bytes); err != nil {
		log.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(bytes)
}

func main() {
	ctx := context.Background()
	issuer := os.Getenv("ISSUER")
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		log.Fatal(err)
	}
	config := oauth2.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		RedirectURL:  os.Getenv("REDIRECT_URI"),
		Endpoint:     provider.Endpoint(),
		Scopes:       []string{oidc.ScopeOpenID, "profile", "email"},
	}
	state, nonce, verifier := random(), random(), oauth2.GenerateVerifier()
	address := config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))

	finish := func(answer url.Values) (map[string]any, error) {
		if answer.Get("state") != state || answer.Get("iss") != issuer {
			return nil, errors.New("an answer to another question, or of another provider (RFC 9207)")
		}
		if code := answer.Get("error"); code != "" {
			return nil, fmt.Errorf("%s: %s", code, answer.Get("error_description"))
		}
		token, err := config.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(verifier))
		if err != nil {
			return nil, err
		}
		raw, _ := token.Extra("id_token").(string)
		id, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(ctx, raw)
		if err != nil {
			return nil, err
		}
		// The library leaves the nonce to us.
		if id.Nonce != nonce {
			return nil, errors.New("the ID token has another nonce")
		}
		info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return nil, err
		}
		if info.Subject != id.Subject {
			return nil, errors.New("UserInfo is about somebody else (OIDC Core 5.3.2)")
		}
		person := map[string]any{}
		if err := errors.Join(info.Claims(&person), id.Claims(&struct{}{})); err != nil {
			return nil, err
		}
		return person, nil
	}

	back, err := url.Parse(config.RedirectURL)
	if err != nil {
		log.Fatal(err)
	}
	done := make(chan error, 1)
	mux := http.NewServeMux()
	mux.HandleFunc(back.Path, func(w http.ResponseWriter, r *http.Request) {
		person, err := finish(r.URL.Query())
		if err != nil {
			http.Error(w, "Not signed in.", http.StatusBadGateway)
			done <- err
			return
		}
		fmt.Fprintln(w, "Signed in. You can close this page.")
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		done <- encoder.Encode(person)
	})
	listener, err := net.Listen("tcp", back.Host)
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Print(http.Serve(listener, mux)) }()
	fmt.Println("Open", address)
	if err := <-done; err != nil {
		log.Fatal(err)
	}
}
