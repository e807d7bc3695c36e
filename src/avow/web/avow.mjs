/**
 * Avow's browser SDK: signs people in, keeps their session fresh, and tells the page about it.
 *
 *   const avow = Avow({ projectId: "P..." });
 *   await avow.refresh();
 *   avow.getSessionToken();
 *
 * The calls, their answers and the names in storage are those of the official browser SDK, which may share the page.
 */

/** Address of the server that this script came from. */
export const HOME = new URL("..", import.meta.url).href;
const SOON_SECONDS = 20; // a session this close to its end is refreshed
const LONGEST_TIMER = 2 ** 31 - 1;
const ENDS_SESSION = /\/(try-)?refresh$|\/me(\/|$)/;
const WAYS = ["email", "sms", "voice", "whatsapp"];

/**
 * Make a client. It sends nothing by itself until its first call, which usually is `refresh()`.
 *
 * @param {import("./avow").AvowOptions} options
 * @returns {import("./avow").AvowClient}
 */
export function Avow({
  projectId,
  baseUrl = HOME,
  persistTokens = true,
  autoRefresh = true,
  storagePrefix = "",
  sessionTokenViaCookie = false,
  refreshCookieName = "",
  customStorage,
} = {}) {
  if (!projectId) throw new Error("Avow: projectId is missing.");
  const base = baseUrl.replace(/\/+$/, "");
  const store = persistTokens ? customStorage || safeStorage() : memory();
  const jar = sessionTokenViaCookie && { sameSite: "Strict", secure: true, cookieName: "DS", ...sessionTokenViaCookie };
  const listeners = { session: new Set(), user: new Set(), claims: new Set(), authenticated: new Set() };
  let timer;

  // --- What is kept -------------------------------------------------------------------------------------------

  const read = (name) => store.getItem(storagePrefix + name) || "";
  const keep = (name, value) =>
    value ? store.setItem(storagePrefix + name, value) : store.removeItem(storagePrefix + name);

  function getSessionToken() {
    return (jar && cookie(jar.cookieName)) || read("DS");
  }

  function getRefreshToken() {
    return read("DSR");
  }

  function keepSession(data) {
    if (data.sessionJwt && jar) document.cookie = written(jar, data);
    else if (data.sessionJwt) keep("DS", data.sessionJwt);
    if (data.refreshJwt) keep("DSR", data.refreshJwt);
    if (data.trustedDeviceJwt) keep("DTD", data.trustedDeviceJwt);
    keep("DSLI", String(data.sessionExpiration || decoded(data.sessionJwt).exp || ""));
    schedule(data.nextRefreshSeconds);
    announce(data.user);
    tell("claims", data.claims || decoded(data.sessionJwt));
  }

  function forgetSession() {
    clearTimeout(timer);
    if (jar) document.cookie = written(jar, { sessionJwt: "", cookiePath: "/" });
    for (const name of ["DS", "DSR", "DSLI"]) keep(name, "");
    announce(null);
    tell("claims", null);
  }

  // --- What the page is told ------------------------------------------------------------------------------------

  const isSignedIn = () => !!(read("DSLI") || getSessionToken());
  const seen = { session: getSessionToken(), user: "", authenticated: isSignedIn() };
  const tell = (kind, now, before) => listeners[kind].forEach((listener) => listener(now, before));

  function announce(user) {
    const [session, authenticated] = [getSessionToken(), isSignedIn()];
    const before = { ...seen };
    Object.assign(seen, { session, authenticated });
    if (session !== before.session) tell("session", session || null, before.session || null);
    if (authenticated !== before.authenticated) tell("authenticated", authenticated);
    if (user === undefined) return;
    seen.user = user ? JSON.stringify(user) : "";
    if (seen.user !== before.user) tell("user", user, before.user ? JSON.parse(before.user) : null);
  }

  const on = (kind) => (listener) => {
    listeners[kind].add(listener);
    return () => listeners[kind].delete(listener);
  };

  // --- Calls ------------------------------------------------------------------------------------------------------

  async function call(method, path, body, { token = getRefreshToken(), headers } = {}) {
    let response;
    try {
      response = await fetch(base + path, {
        method,
        credentials: "include",
        headers: {
          Authorization: `Bearer ${projectId}${token ? ":" + token : ""}`,
          "x-descope-sdk-name": "avow-browser",
          "x-avow-stores-rotated-tokens": "1",
          ...(refreshCookieName && { "x-descope-refresh-cookie-name": refreshCookieName }),
          ...(read("DTD") && { "x-descope-trusted-device-token": read("DTD") }),
          ...(body && { "Content-Type": "application/json" }),
          ...headers,
        },
        body: body && JSON.stringify(body),
      });
    } catch (cause) {
      return { ok: false, code: 0, error: unreachable(cause) };
    }
    const data = await response.json().catch(() => ({}));
    const { ok, status: code } = response;
    if (ok) return { ok, code, data, response };
    const wait = Number(response.headers.get("Retry-After"));
    const error = { errorCode: String(code), ...data, ...(wait && { retryAfter: wait }) };
    // A session is over only when the server says so of the session: not when it is busy, nor when we are offline.
    if (ENDS_SESSION.test(path) && code > 399 && code < 500 && code !== 429) forgetSession();
    return { ok, code, error, response };
  }

  const post = (path, body = {}, options) => call("POST", "/v1/auth/" + path, body, options);

  /** Send what may end in a session, and keep that session. */
  async function sign(path, body, options) {
    const answer = await post(path, body, options);
    if (!answer.ok) return answer;
    if (answer.data.sessionJwt || answer.data.sessionExpiration) keepSession(answer.data);
    else if (path === "try-refresh") forgetSession();
    return answer;
  }

  /** Refresh the session; tabs of one browser take turns, and those that waited take what the first one got. */
  async function refresh(token, tryRefresh = false) {
    const before = getSessionToken();
    return oneAtATime(`avow-refresh-${storagePrefix}${projectId}`, async () => {
      const now = getSessionToken();
      if (!token && now && now !== before && !expiresWithin(now, SOON_SECONDS)) {
        schedule();
        announce();
        return { ok: true, code: 200, data: { sessionJwt: now, refreshJwt: getRefreshToken() } };
      }
      return sign(tryRefresh ? "try-refresh" : "refresh", {}, token && { token });
    });
  }

  async function end(path, token) {
    const answer = await post(path, {}, token && { token });
    // Nobody is left signed in because a token was too old to be signed out with.
    if (answer.ok || answer.code === 401) forgetSession();
    return answer;
  }

  async function me(token) {
    const answer = await call("GET", "/v1/auth/me", undefined, token && { token });
    if (answer.ok) announce(answer.data);
    return answer;
  }

  // --- Time -------------------------------------------------------------------------------------------------------

  function schedule(nextSeconds) {
    clearTimeout(timer);
    if (!autoRefresh) return;
    const seconds = nextSeconds > 0 ? nextSeconds : Number(read("DSLI")) - Date.now() / 1000 - SOON_SECONDS;
    if (seconds > 0) timer = setTimeout(() => document.hidden || refresh(), Math.min(seconds * 1000, LONGEST_TIMER));
  }

  if (persistTokens) {
    addEventListener("storage", ({ key }) => {
      if (key === null || key === storagePrefix + "DS" || key === storagePrefix + "DSLI") {
        schedule();
        announce(read("DSLI") ? undefined : null);
      }
    });
  }
  if (autoRefresh) {
    schedule();
    document.addEventListener("visibilitychange", () => {
      const ends = Number(read("DSLI"));
      if (!document.hidden && ends && ends - Date.now() / 1000 < SOON_SECONDS) refresh();
    });
  }

  // --- Methods ----------------------------------------------------------------------------------------------------

  const each = (make) => Object.fromEntries(WAYS.map((way) => [way, make(way)]));
  const starts = (method) => ({
    signUp: each((way) => (loginId, user = {}, loginOptions = {}) =>
      post(`${method}/signup/${way}`, { loginId, user, loginOptions })),
    signIn: each((way) => (loginId, loginOptions = {}, token) =>
      post(`${method}/signin/${way}`, { loginId, loginOptions }, token && { token })),
    signUpOrIn: each((way) => (loginId, loginOptions = {}) =>
      post(`${method}/signup-in/${way}`, { loginId, loginOptions })),
  });

  return {
    projectId,
    baseUrl: base,
    refresh,
    me,
    myTenants: (tenants, token) =>
      post("me/tenants", typeof tenants === "boolean" ? { dct: tenants } : { ids: tenants }, token && { token }),
    history: (token) => call("GET", "/v1/auth/me/history", undefined, token && { token }),
    logout: (token) => end("logout", token),
    logoutAll: (token) => end("logoutall", token),
    selectTenant: (tenant, token) => sign("tenant/select", { tenant }, token && { token }),
    getSessionToken,
    getRefreshToken,
    isAuthenticated: () => !!getSessionToken() && !expiresWithin(getSessionToken(), 0),
    isJwtExpired: (token) => expiresWithin(token, 0),
    getTenants: (token = getSessionToken()) => Object.keys(decoded(token).tenants || {}),
    getJwtRoles: (token = getSessionToken(), tenant = "") => granted(token, tenant).roles || [],
    getJwtPermissions: (token = getSessionToken(), tenant = "") => granted(token, tenant).permissions || [],
    onSessionTokenChange: on("session"),
    onUserChange: on("user"),
    onClaimsChange: on("claims"),
    onIsAuthenticatedChange: on("authenticated"),
    otp: {
      ...starts("otp"),
      verify: each((way) => (loginId, code) => sign(`otp/verify/${way}`, { loginId, code })),
    },
    magicLink: {
      ...starts("magiclink"),
      verify: (token) => sign("magiclink/verify", { token }),
    },
    password: {
      signUp: (loginId, password, user = {}) => sign("password/signup", { loginId, password, user }),
      signIn: (loginId, password, loginOptions = {}) => sign("password/signin", { loginId, password, loginOptions }),
      sendReset: (loginId, redirectUrl) => post("password/reset", { loginId, redirectUrl }),
      update: (loginId, newPassword, token) => post("password/update", { loginId, newPassword }, token && { token }),
      policy: () => call("GET", "/v1/auth/password/policy"),
    },
    totp: {
      signUp: (loginId, user = {}) => post("totp/signup", { loginId, user }),
      verify: (loginId, code, loginOptions = {}, token) =>
        sign("totp/verify", { loginId, code, loginOptions }, token && { token }),
      update: (loginId, token) => post("totp/update", { loginId }, token && { token }),
    },
    webauthn: {
      signUp: (loginId, name = "") => ceremony("signup", { loginId, user: { name } }),
      signIn: (loginId = "") => ceremony("signin", { loginId }),
      update: (loginId, token) => ceremony("update", { loginId }, token && { token }),
    },
    oauth: {
      start: (provider, redirectURL = location.href, loginOptions = {}) =>
        post(`oauth/authorize?${new URLSearchParams({ provider, redirectURL })}`, loginOptions),
      exchange: (code) => sign("oauth/exchange", { code }),
    },
    sso: {
      start: (tenant, redirectURL = location.href, loginOptions = {}) =>
        post(`sso/authorize?${new URLSearchParams({ tenant, redirectURL })}`, loginOptions),
      exchange: (code) => sign("sso/exchange", { code }),
    },
    flow: {
      start: (flowId, body = {}, headers) => step("start", { flowId, ...body }, headers),
      next: (body, headers) => step("next", body, headers),
    },
  };

  /** Send what ends in a session after the browser has shown or made a passkey. */
  async function ceremony(kind, body, options) {
    const begun = await post(`webauthn/${kind}/start`, { ...body, origin: location.origin }, options);
    if (!begun.ok) return begun;
    const { transactionId, options: asked, create } = begun.data;
    const response = await passkey(asked, { create });
    return sign(`webauthn/${kind}/finish`, { transactionId, response }, options);
  }

  async function step(verb, body, headers) {
    const answer = await call("POST", "/v1/flow/" + verb, body, { headers });
    if (answer.ok && answer.data.authInfo) keepSession(answer.data.authInfo);
    return answer;
  }
}

Avow.SESSION_TOKEN_KEY = "DS";
Avow.REFRESH_TOKEN_KEY = "DSR";

// --- Passkeys -------------------------------------------------------------------------------------------------------

/**
 * Ask the browser for a passkey.
 *
 * @param {string} asked The `options` that a start answered, JSON.
 * @param {{create?: boolean, mediation?: string, signal?: AbortSignal}} how
 * @returns {Promise<string>} What the finish takes, JSON.
 *
 * Spec: Web Authentication Level 3 sections 5.1.7, 5.1.8 and 5.1.9.
 */
export async function passkey(asked, { create = false, ...how } = {}) {
  const read = create ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  const publicKey = PublicKeyCredential[read](JSON.parse(asked).publicKey);
  return JSON.stringify(await navigator.credentials[create ? "create" : "get"]({ publicKey, ...how }));
}

// --- Parts ----------------------------------------------------------------------------------------------------------

/** Return the claims of a token, or nothing of what is none. Nothing here proves a token: servers validate. */
function decoded(token) {
  try {
    const body = atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(body, (character) => character.charCodeAt(0))));
  } catch {
    return {};
  }
}

function granted(token, tenant) {
  const claims = decoded(token);
  return tenant ? (claims.tenants || {})[tenant] || {} : claims;
}

function expiresWithin(token, seconds) {
  return (decoded(token).exp || 0) - Date.now() / 1000 <= seconds;
}

function oneAtATime(name, work) {
  return navigator.locks ? navigator.locks.request(name, work) : work();
}

function unreachable(cause) {
  return {
    errorCode: "J151000",
    errorDescription: "The server cannot be reached",
    errorMessage: String((cause && cause.message) || cause),
  };
}

function cookie(name) {
  const found = document.cookie.split("; ").find((each) => each.startsWith(name + "="));
  return found ? found.slice(name.length + 1) : "";
}

function written({ sameSite, secure, cookieName, domain }, data) {
  const under = domain || (data.cookieDomain && isWithin(location.hostname, data.cookieDomain) && data.cookieDomain);
  const ends = new Date(data.sessionJwt ? (data.cookieExpiration || decoded(data.sessionJwt).exp) * 1000 : 0);
  return [
    `${cookieName}=${data.sessionJwt}`,
    `expires=${ends.toUTCString()}`,
    `path=${data.cookiePath || "/"}`,
    `samesite=${sameSite}`,
    ...(under ? [`domain=${under}`] : []),
    ...(secure ? ["secure"] : []),
  ].join("; ");
}

function isWithin(host, domain) {
  return host === domain || host.endsWith("." + domain);
}

function memory() {
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) || null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
}

/** The browser's storage, or memory where it is switched off. */
function safeStorage() {
  try {
    localStorage.setItem("avow-probe", "");
    localStorage.removeItem("avow-probe");
    return localStorage;
  } catch {
    return memory();
  }
}

export { Avow as Descope };
export default Avow;
