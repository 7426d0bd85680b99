// An integration that has Sage's host built in: client [OTHER].
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
)

const api = "https://api.intacct.com/ia/api/v1/"

func main() {
	answer, err := http.PostForm(api+"oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"demo"},
		"client_secret": {"demo-secret"}, "username": {"ws_user@acme"}})
	if err != nil {
		fmt.Println("token", err)
		os.Exit(1)
	}
	fmt.Println("token", answer.StatusCode)
	var token struct {
		Access string `json:"access_token"`
	}
	if answer.StatusCode == 200 && json.NewDecoder(answer.Body).Decode(&token) == nil {
		request, _ := http.NewRequest("GET", api+"objects/accounts-payable/vendor", nil)
		request.Header.Set("Authorization", "Bearer "+token.Access)
		if call, err := http.DefaultClient.Do(request); err == nil {
			fmt.Println("call", call.StatusCode)
		}
	}
	for _, other := range os.Args[1:] {
		if answer, err := http.Get(other); err == nil {
			fmt.Println("other", answer.StatusCode)
		} else {
			fmt.Println("other", err)
		}
	}
}
