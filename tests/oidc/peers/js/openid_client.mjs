// openid-client and oauth4webapi as an application: what it is told to do stands in lines of JSON on its standard input.
//
// A line {"play": name, ...given} plays a part of `plays`; the answer is {"told": ...} or {"failed": text}. In between
// the part may ask for what an application cannot do itself, a person's browser above all: {"ask": name, "value": ...}.

import { createInterface } from "node:readline";

import * as oauth from "oauth4webapi";
import * as oidc from "openid-client";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function ask(name, value) {
  say({ ask: name, value });
  return JSON.parse((await lines.next()).value);
}

// --- An application ---------------------------------------------------------------------------------------------------

async function discovered({ issuer, client, metadata = {} }, authentication, algorithm = "oidc") {
  const server = new URL(issuer);
  const config = await oidc.discovery(server, client, metadata, authentication, { algorithm });
  oidc.enableNonRepudiationChecks(config); // the signature of an ID token counts, not the connection alone
  return config;
}

function secret(given) {
  return given.how === "basic" ? oidc.ClientSecretBasic(given.secret) : oidc.ClientSecretPost(given.secret);
}

async function signedIn(config, given, { isPushed = false, DPoP, redeeming = {}, ...further } = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const asked = new URLSearchParams({
    redirect_uri: given.redirect,
    scope: given.scope,
    state: oidc.randomState(),
    nonce: oidc.randomNonce(),
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...further,
  });
  for (const each of given.resources ?? []) asked.append("resource", each);
  const url = isPushed
    ? await oidc.buildAuthorizationUrlWithPAR(config, asked, { DPoP })
    : oidc.buildAuthorizationUrl(config, asked);
  const landed = new URL(await ask("visit", url.href));
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: asked.get("state"),
    expectedNonce: asked.get("nonce"),
    idTokenExpected: true,
    ...(further.max_age && { maxAge: Number(further.max_age) }),
  };
  const tokens = await oidc.authorizationCodeGrant(config, landed, checks, redeeming, { DPoP });
  const again = () => oidc.authorizationCodeGrant(config, landed, checks, redeeming, { DPoP });
  return { url, tokens, again };
}

// What an API makes of a token: the rules of RFC 9068, and of RFC 9449 where a key is proven.
async function judged(config, token, audience, keyPair) {
  const as = config.serverMetadata();
  const headers = { authorization: `${keyPair ? "DPoP" : "Bearer"} ${token}` };
  if (keyPair) {
    let sent;
    const DPoP = oauth.DPoP({}, keyPair);
    const catching = async (_, options) => ((sent = options.headers), new Response());
    const url = new URL(audience);
    await oauth.protectedResourceRequest(token, "GET", url, undefined, null, { DPoP, [oauth.customFetch]: catching });
    headers.dpop = new Headers(sent).get("dpop");
  }
  return oauth.validateJwtAccessToken(as, new Request(audience, { headers }), audience);
}

async function refusal(promise) {
  try {
    await promise;
  } catch (wrong) {
    const cause = wrong.cause?.error ? wrong.cause : wrong;
    if (cause.error) return [wrong.status ?? 0, cause.error];
    const challenge = Array.isArray(wrong.cause) ? wrong.cause[0] : undefined;
    if (challenge?.parameters?.error) return [wrong.status ?? wrong.response?.status, challenge.parameters.error];
    throw wrong;
  }
  throw new Error("it was not refused");
}

// --- The parts --------------------------------------------------------------------------------------------------------

const plays = {
  // What the provider says of itself, as OpenID Connect and as OAuth have it.
  async discovery(given) {
    const found = {};
    for (const algorithm of ["oidc", "oauth2"]) {
      const config = await discovered(given, oidc.None(), algorithm);
      found[algorithm] = config.serverMetadata();
    }
    return found;
  },

  // A sign-in, who it is by ID token and userinfo, the code a second time.
  async signIn(given) {
    const config = await discovered(given, secret(given));
    const { tokens, again } = await signedIn(config, given);
    const claims = tokens.claims();
    const about = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
    const reused = await refusal(again());
    const after = await refusal(oidc.fetchUserInfo(config, tokens.access_token, claims.sub));
    return { tokens, claims, about, reused, after };
  },

  // All that is strict at once: pushed, a signed assertion for a secret, proof of possession, userinfo as a JWT.
  async strict(given) {
    const own = await oauth.generateKeyPair("ES256");
    const jwk = { ...(await crypto.subtle.exportKey("jwk", own.publicKey)), kid: "own", alg: "ES256" };
    const client = await ask("register", { keys: [jwk] });
    const metadata = { userinfo_signed_response_alg: "RS256", id_token_signed_response_alg: "ES256" };
    const authentication = oidc.PrivateKeyJwt({ key: own.privateKey, kid: "own" });
    const config = await discovered({ ...given, client, metadata }, authentication);
    const keyPair = await oidc.randomDPoPKeyPair();
    const DPoP = oidc.getDPoPHandle(config, keyPair);
    const another = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair());

    const unpushed = await refusal(signedIn(config, given, { DPoP }));
    const { url, tokens } = await signedIn(config, given, { DPoP, isPushed: true, max_age: "300" });
    const claims = tokens.claims();
    const about = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub, { DPoP });
    const access = await judged(config, tokens.access_token, given.resources[0], keyPair);
    const unproven = await refusal(oidc.fetchUserInfo(config, tokens.access_token, claims.sub));
    const stolen = await refusal(oidc.refreshTokenGrant(config, tokens.refresh_token, {}, { DPoP: another }));
    const bare = await refusal(oidc.refreshTokenGrant(config, tokens.refresh_token));
    const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token, {}, { DPoP });
    const bound = await judged(config, refreshed.access_token, given.resources[0], keyPair);
    const parameters = [...url.searchParams.keys()].sort();
    return { parameters, tokens, claims, about, access, bound, unpushed, unproven, stolen, bare };
  },

  // Two APIs in one sign-in, and a token for each; then one that was never asked for.
  async resources(given) {
    const config = await discovered(given, secret(given));
    const [first, second] = given.resources;
    const { tokens } = await signedIn(config, given, { redeeming: { resource: first } });
    const next = await oidc.refreshTokenGrant(config, tokens.refresh_token, { resource: second });
    const whole = await oidc.refreshTokenGrant(config, next.refresh_token);
    const other = await refusal(oidc.refreshTokenGrant(config, whole.refresh_token, { resource: given.other }));
    return {
      first: await judged(config, tokens.access_token, first),
      second: await judged(config, next.access_token, second),
      whole: await judged(config, whole.access_token, second),
      misplaced: await refusal(judged(config, tokens.access_token, second)).catch((wrong) => wrong.code),
      scope: tokens.scope,
      other,
    };
  },

  // Refresh tokens rotate; an old one ends the whole family.
  async refresh(given) {
    const config = await discovered(given, secret(given));
    const { tokens } = await signedIn(config, given);
    await ask("advance", 31);
    const second = await oidc.refreshTokenGrant(config, tokens.refresh_token);
    const lost = await oidc.refreshTokenGrant(config, tokens.refresh_token);
    await ask("advance", 31);
    const third = await oidc.refreshTokenGrant(config, second.refresh_token, { scope: "openid" });
    const wider = await refusal(oidc.refreshTokenGrant(config, third.refresh_token, { scope: "openid phone" }));
    const reused = await refusal(oidc.refreshTokenGrant(config, tokens.refresh_token));
    const family = await refusal(oidc.refreshTokenGrant(config, third.refresh_token));
    const access = await refusal(oidc.fetchUserInfo(config, third.access_token, tokens.claims().sub));
    const all = [tokens, second, lost, third];
    return {
      tokens: all.map((each) => each.refresh_token),
      subjects: all.map((each) => each.claims().sub),
      scopes: all.map((each) => each.scope),
      wider,
      reused,
      family,
      access,
    };
  },

  // What tokens are worth, before and after they are taken back.
  async revocation(given) {
    const config = await discovered(given, secret(given));
    const { tokens } = await signedIn(config, given);
    const both = () =>
      Promise.all([tokens.access_token, tokens.refresh_token].map((each) => oidc.tokenIntrospection(config, each)));
    const before = await both();
    await oidc.tokenRevocation(config, tokens.refresh_token, { token_type_hint: "refresh_token" });
    await oidc.tokenRevocation(config, "no token at all");
    const refused = await refusal(oidc.refreshTokenGrant(config, tokens.refresh_token));
    return { sub: tokens.claims().sub, before, after: await both(), refused };
  },

  // A machine in its own name.
  async machine(given) {
    const config = await discovered(given, secret(given));
    const keyPair = await oidc.randomDPoPKeyPair("RS256");
    const DPoP = oidc.getDPoPHandle(config, keyPair);
    const asked = { resource: given.resource, scope: given.scope };
    const plain = await oidc.clientCredentialsGrant(config, asked);
    const bound = await oidc.clientCredentialsGrant(config, asked, { DPoP });
    return {
      plain: await judged(config, plain.access_token, given.resource),
      bound: await judged(config, bound.access_token, given.resource, keyPair),
      types: [plain.token_type, bound.token_type],
      introspected: await oidc.tokenIntrospection(config, plain.access_token),
      refused: await refusal(oidc.clientCredentialsGrant(config, { ...asked, scope: "write:everything" })),
    };
  },

  // A device without a browser of its own.
  async device(given) {
    const config = await discovered(given, oidc.None());
    const codes = await oidc.initiateDeviceAuthorization(config, { scope: given.scope });
    await ask("approve", codes);
    const tokens = await oidc.pollDeviceAuthorizationGrant(config, { ...codes, interval: 0 });
    const { sub } = tokens.claims();
    return { sub, about: await oidc.fetchUserInfo(config, tokens.access_token, sub), refreshes: tokens.refresh_token };
  },

  // Log-out, and what a sign-in that may ask nobody is told afterwards.
  async logout(given) {
    const config = await discovered(given, secret(given));
    const { tokens } = await signedIn(config, given);
    const silent = await signedIn(config, given, { prompt: "none", id_token_hint: tokens.id_token });
    const url = oidc.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: given.goodbye,
      state: "bye",
    });
    const landed = await ask("visit", url.href);
    return {
      same: silent.tokens.claims().sub === tokens.claims().sub,
      landed,
      after: await refusal(signedIn(config, given, { prompt: "none" })),
      access: await refusal(oidc.fetchUserInfo(config, silent.tokens.access_token, tokens.claims().sub)),
    };
  },

  // An application that registers itself.
  async registration(given) {
    const wanted = { client_name: "Self-made", redirect_uris: [given.redirect], token_endpoint_auth_method: "none" };
    const config = await oidc.dynamicClientRegistration(new URL(given.issuer), wanted, oidc.None());
    oidc.enableNonRepudiationChecks(config);
    const { tokens } = await signedIn(config, given);
    return { client: config.clientMetadata().client_id, claims: tokens.claims() };
  },
};

say("ready");
for await (const line of lines) {
  const { play, ...given } = JSON.parse(line);
  try {
    say({ told: await plays[play](given) });
  } catch (wrong) {
    say({ failed: `${wrong.stack}\n${JSON.stringify(wrong.cause ?? null)} ${wrong.error_description ?? ""}` });
  }
}
