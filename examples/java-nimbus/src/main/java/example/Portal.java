package example;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.AuthenticationResponse;
import com.nimbusds.openid.connect.sdk.AuthenticationResponseParser;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.UserInfoRequest;
import com.nimbusds.openid.connect.sdk.UserInfoResponse;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import com.sun.net.httpserver.HttpServer;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/** Signs one person in with the Nimbus SDK and prints what the provider says of them. */
public final class Portal {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private final Issuer issuer = new Issuer(System.getenv("ISSUER"));
    private final ClientID clientId = new ClientID(System.getenv("CLIENT_ID"));
    private final Secret secret = new Secret(System.getenv("CLIENT_SECRET"));
    private final URI redirectUri = URI.create(System.getenv("REDIRECT_URI"));
    private final State state = new State();
    private final Nonce nonce = new Nonce();
    private final CodeVerifier verifier = new CodeVerifier();
    private final OIDCProviderMetadata provider;

    private Portal() throws Exception {
        provider = OIDCProviderMetadata.resolve(issuer);
    }

    public static void main(String[] args) throws Exception {
        Portal portal = new Portal();
        CompletableFuture<String> signedIn = new CompletableFuture<>();
        HttpServer server = HttpServer.create(new InetSocketAddress(portal.redirectUri.getHost(), portal.redirectUri.getPort()), 0);
        server.createContext(portal.redirectUri.getPath(), exchange -> {
            String text = "Signed in. You can close this page.";
            try {
                URI answer = portal.redirectUri.resolve(exchange.getRequestURI());
                signedIn.complete(portal.finish(answer));
            } catch (Exception error) {
                text = "Not signed in.";
                signedIn.completeExceptionally(error);
            }
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        OUT.println("Open " + portal.address());
        OUT.println(signedIn.get());
        server.stop(1);
    }

    private URI address() {
        return new AuthenticationRequest.Builder(
                        ResponseType.CODE, new Scope("openid", "profile", "email"), clientId, redirectUri)
                .endpointURI(provider.getAuthorizationEndpointURI())
                .state(state)
                .nonce(nonce)
                .codeChallenge(verifier, CodeChallengeMethod.S256)
                .build()
                .toURI();
    }

    private String finish(URI answer) throws Exception {
        AuthenticationResponse response = AuthenticationResponseParser.parse(answer);
        // RFC 9207: an answer of another provider is nobody's.
        if (!state.equals(response.getState()) || !issuer.equals(response.getIssuer())) {
            throw new IllegalStateException("an answer to another question, or of another provider");
        }
        if (!response.indicatesSuccess()) {
            throw new IllegalStateException(response.toErrorResponse().getErrorObject().toString());
        }
        AuthorizationCode code = response.toSuccessResponse().getAuthorizationCode();
        TokenRequest request = new TokenRequest.Builder(
                        provider.getTokenEndpointURI(),
                        new ClientSecretBasic(clientId, secret),
                        new AuthorizationCodeGrant(code, redirectUri, verifier))
                .build();
        OIDCTokenResponse tokens = (OIDCTokenResponse) OIDCTokenResponseParser.parse(request.toHTTPRequest().send());
        if (!tokens.indicatesSuccess()) {
            throw new IllegalStateException(tokens.toErrorResponse().getErrorObject().toString());
        }
        IDTokenValidator validator =
                new IDTokenValidator(issuer, clientId, JWSAlgorithm.RS256, provider.getJWKSetURI().toURL());
        IDTokenClaimsSet claims = validator.validate(tokens.getOIDCTokens().getIDToken(), nonce);
        UserInfoResponse info = UserInfoResponse.parse(
                new UserInfoRequest(provider.getUserInfoEndpointURI(), tokens.getOIDCTokens().getAccessToken())
                        .toHTTPRequest()
                        .send());
        if (!info.indicatesSuccess()) {
            throw new IllegalStateException(info.toErrorResponse().getErrorObject().toString());
        }
        var person = info.toSuccessResponse().getUserInfo();
        if (!person.getSubject().equals(claims.getSubject())) {
            throw new IllegalStateException("UserInfo is about somebody else (OIDC Core 5.3.2)");
        }
        return person.toJSONObject().toJSONString();
    }
}
