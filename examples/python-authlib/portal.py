"""Signs one person in with Authlib and prints what the provider says of them."""
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, JsonWebToken
from authlib.oidc.core import CodeIDToken

issuer, redirect_uri = os.environ["ISSUER"], os.environ["REDIRECT_URI"]
client_id, client_secret = os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]
if issuer.startswith("http://"):
    # Plain http is for a demo on this machine; a real issuer is https and needs no such word.
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

metadata = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json()
session = OAuth2Session(
    client_id, client_secret, scope="openid profile email", redirect_uri=redirect_uri, code_challenge_method="S256",
)
verifier, nonce = generate_token(48), generate_token()
address, state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
back = urlsplit(redirect_uri)


def finish(url):
    # Refuses another state than the one that was sent.
    token = session.fetch_token(metadata["token_endpoint"], authorization_response=url, state=state, code_verifier=verifier)
    keys = JsonWebKey.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())
    claims = JsonWebToken(["RS256"]).decode(
        token["id_token"], keys, claims_cls=CodeIDToken,
        claims_options={"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}},
        claims_params={"nonce": nonce, "client_id": client_id, "access_token": token["access_token"]},
    )
    claims.validate(leeway=10)
    person = session.get(metadata["userinfo_endpoint"], timeout=10).json()
    if person["sub"] != claims["sub"]:
        raise ValueError("UserInfo is about somebody else (OIDC Core 5.3.2)")
    return person | {"acr": claims["acr"]}


class Callback(BaseHTTPRequestHandler):
    def do_GET(self):
        if urlsplit(self.path).path != back.path:
            return self.send_error(404)
        try:
            self.server.person = finish(f"{back.scheme}://{back.netloc}{self.path}")
            status, text = 200, "Signed in. You can close this page."
        except Exception as error:
            self.server.error = error
            status, text = 502, "Not signed in."
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


server = HTTPServer((back.hostname, back.port), Callback)
server.person = server.error = None
print(f"Open {address}", flush=True)
while server.person is None and server.error is None:
    server.handle_request()
if server.error:
    sys.exit(f"not signed in: {server.error}")
print(json.dumps(server.person, ensure_ascii=False, indent=2))
