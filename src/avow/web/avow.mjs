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
const PATIENCE = 15_000; // of a call; other tabs may wait behind it
const ENDS_SESSION = /\/(try-)?refresh$|\/me(\/|$)/;
const WAYS = ["email", "sms", "voice", "whatsapp"];
// What is kept beside the official names: seconds that the server's clock is ahead, and the path of the cookie.
const AHEAD = "avow-ahead";
const PATH = "avow-path";

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
  const shared = persistTokens && !customStorage && safeStorage();
  const store = shared || (persistTokens && customStorage) || memory();
  const jar = sessionTokenViaCookie && { sameSite: "Strict", secure: true, cookieName: "DS", ...sessionTokenViaCookie };
  const [read, take, drop, sessionToken, now, held] = keeping(store, storagePrefix, jar);
  const refreshToken = () => read("DSR");
  const listeners = {};
  const stopping = new AbortController();
  const { signal } = stopping;
  const topic = `avow-refresh-${storagePrefix}${projectId}`;
  let timer;
  let failures = 0;

  // --- What is kept, and what the page is told ------------------------------------------------------------------

  // Clients of one page that share what they keep hear of each other: the component's sign-in is the page's.
  const page = shared ? globalThis : new EventTarget();
  const said = (detail) => page.dispatchEvent(new CustomEvent(topic, { detail }));

  function keepSession(data) {
    take(data);
    said(data);
  }

  function forgetSession() {
    drop();
    said({ user: null, claims: null });
  }

  const hear = ({ detail }) => {
    schedule(detail.nextRefreshSeconds);
    announce(detail.user, detail.claims);
  };
  page.addEventListener(topic, hear, { signal });

  const isSignedIn = () => !!(read("DSLI") || sessionToken());
  const whose = () => decoded(sessionToken()).sub;
  const look = () => ({ session: sessionToken() || null, authenticated: isSignedIn() });
  const seen = { ...look(), user: null, claims: null };

  /** Tell what has changed; without a user that has not. Claims count that no token tells. */
  function announce(user = seen.user, claims = seen.claims) {
    const before = { ...seen };
    Object.assign(seen, look(), { user, claims: whose() ? decoded(sessionToken()) : claims });
    for (const kind in seen)
      if (JSON.stringify(seen[kind]) !== JSON.stringify(before[kind]))
        listeners[kind]?.forEach((listener) => listener(seen[kind], before[kind]));
  }

  /** Tell what another tab has kept: whose session it is the token says, and who that is the server. */
  function follow() {
    const holder = whose();
    const past = isSignedIn() && (!holder || holder === seen.claims?.sub) ? undefined : null;
    schedule();
    announce(past, past);
    if (isSignedIn() && listeners.user?.size && !(holder && seen.user)) me();
  }

  const on = (kind) => (listener) => {
    (listeners[kind] ??= new Set()).add(listener);
    return () => listeners[kind].delete(listener);
  };

  // --- Calls ------------------------------------------------------------------------------------------------------

  async function call(method, path, body, { token = refreshToken(), headers } = {}) {
    const before = token === refreshToken() && held();
    let response;
    let data;
    try {
      response = await fetch(base + path, {
        method,
        credentials: "include",
        signal: AbortSignal.timeout(PATIENCE),
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
      data = await response.json().catch((cause) => {
        if (cause.name !== "SyntaxError") throw cause; // it broke off
        return {};
      });
    } catch (cause) {
      const errorDescription = "The server cannot be reached";
      const errorMessage = String(cause?.message || cause);
      return { ok: false, code: 0, error: { errorCode: "J151000", errorDescription, errorMessage } };
    }
    const { ok, status: code } = response;
    // A session is over only when the server says so of the one that is kept now: not when a proxy answers in its
    // place, when it is busy or we are offline, nor when somebody has signed in meanwhile.
    const isOver = ok ? path.endsWith("/try-refresh") && !isSession(data) : code === 401 && data.errorCode;
    if (isOver && ENDS_SESSION.test(path) && before === held()) forgetSession();
    if (ok) return { ok, code, data, response };
    const wait = Number(response.headers.get("Retry-After"));
    return { ok, code, error: { errorCode: String(code), ...data, ...(wait && { retryAfter: wait }) }, response };
  }

  const post = (path, body = {}, options) => call("POST", "/v1/auth/" + path, body, options);

  /** Send what may end in a session, and keep that session. */
  async function sign(path, body, options) {
    const answer = await post(path, body, options);
    if (answer.ok && isSession(answer.data)) keepSession(answer.data);
    return answer;
  }

  /** Refresh the session; tabs of one browser take turns, and those that waited take what the first one got. */
  async function refresh(token, tryRefresh = false) {
    const before = sessionToken();
    const turn = async () => {
      const kept = sessionToken();
      if (!token && kept && kept !== before && !endsWithin(kept, SOON_SECONDS)) {
        follow();
        return { ok: true, code: 200, data: { sessionJwt: kept, refreshJwt: refreshToken() } };
      }
      const holding = held();
      const answer = await post(tryRefresh ? "try-refresh" : "refresh", {}, token && { token });
      if (answer.ok) failures = 0;
      // Whoever has signed in meanwhile keeps the newer session.
      if (answer.ok && isSession(answer.data) && holding === held()) keepSession(answer.data);
      if (!answer.ok && isSignedIn()) schedule(answer.error.retryAfter || Math.min(10 * 2 ** failures++, 600));
      return answer;
    };
    return navigator.locks ? navigator.locks.request(topic, turn) : turn();
  }

  /** Sign out; here it is done whatever the server says, or if it says nothing. */
  async function end(path, token) {
    const answer = await post(path, {}, token && { token });
    forgetSession();
    // Whoever uses this browser next learns neither who was here last nor what their flows were.
    for (const key of Object.keys(shared || {})) if (/^(avow-flow-|dls_last_auth$)/.test(key)) shared.removeItem(key);
    return answer;
  }

  async function me(token) {
    const holder = whose();
    const answer = await call("GET", "/v1/auth/me", undefined, token && { token });
    // Whoever has signed in meanwhile is somebody else.
    if (answer.ok && holder === whose()) announce(answer.data);
    return answer;
  }

  // --- Time -------------------------------------------------------------------------------------------------------

  const endsWithin = (token, seconds = 0) => (decoded(token).exp || 0) - now() <= seconds;

  function schedule(nextSeconds) {
    clearTimeout(timer);
    if (!autoRefresh || signal.aborted) return;
    const seconds = nextSeconds > 0 ? nextSeconds : Number(read("DSLI")) - now() - SOON_SECONDS;
    if (seconds > 0) timer = setTimeout(() => document.hidden || refresh(), Math.min(seconds * 1000, LONGEST_TIMER));
  }

  function stop() {
    stopping.abort();
    clearTimeout(timer);
  }

  // What another tab keeps or forgets at once is heard piece by piece.
  const heard = ({ key }) => {
    if (![null, storagePrefix + "DS", storagePrefix + "DSLI"].includes(key)) return;
    clearTimeout(timer);
    timer = setTimeout(follow, 50);
  };
  if (shared) addEventListener("storage", heard, { signal });
  if (autoRefresh) {
    schedule();
    const looked = () => {
      const ends = Number(read("DSLI"));
      if (!document.hidden && ends && ends - now() < SOON_SECONDS) refresh();
    };
    document.addEventListener("visibilitychange", looked, { signal });
  }

  return {
    projectId,
    baseUrl: base,
    stop,
    refresh,
    me,
    myTenants: (tenants, token) =>
      post("me/tenants", typeof tenants === "boolean" ? { dct: tenants } : { ids: tenants }, token && { token }),
    history: (token) => call("GET", "/v1/auth/me/history", undefined, token && { token }),
    logout: (token) => end("logout", token),
    logoutAll: (token) => end("logoutall", token),
    selectTenant: (tenant, token) => sign("tenant/select", { tenant }, token && { token }),
    getSessionToken: sessionToken,
    getRefreshToken: refreshToken,
    isAuthenticated: () => !endsWithin(sessionToken()),
    isJwtExpired: (token) => endsWithin(token),
    getTenants: (token = sessionToken()) => Object.keys(decoded(token).tenants || {}),
    getJwtRoles: (token, tenant) => granted(token, tenant).roles || [],
    getJwtPermissions: (token, tenant) => granted(token, tenant).permissions || [],
    onSessionTokenChange: on("session"),
    onUserChange: on("user"),
    onClaimsChange: on("claims"),
    onIsAuthenticatedChange: on("authenticated"),
    ...methods(call, post, sign),
    flow: {
      start: (flowId, body = {}, headers) => step("start", { flowId, ...body }, headers),
      next: (body, headers) => step("next", body, headers),
    },
  };

  function granted(token = sessionToken(), tenant) {
    const found = decoded(token);
    return tenant ? found.tenants?.[tenant] || {} : found;
  }

  async function step(verb, body, headers) {
    const answer = await call("POST", "/v1/flow/" + verb, body, { headers });
    if (answer.ok && answer.data.authInfo) keepSession(answer.data.authInfo);
    return answer;
  }
}

Avow.SESSION_TOKEN_KEY = "DS";
Avow.REFRESH_TOKEN_KEY = "DSR";

/** The sign-in methods, each by its calls. */
function methods(call, post, sign) {
  const each = (make) => Object.fromEntries(WAYS.map((way) => [way, make(way)]));
  const starts = (method) => ({
    signUp: each((way) => (loginId, user = {}, loginOptions = {}) =>
      post(`${method}/signup/${way}`, { loginId, user, loginOptions })),
    signIn: each((way) => (loginId, loginOptions = {}, token) =>
      post(`${method}/signin/${way}`, { loginId, loginOptions }, token && { token })),
    signUpOrIn: each((way) => (loginId, loginOptions = {}) =>
      post(`${method}/signup-in/${way}`, { loginId, loginOptions })),
  });

  /** Send what ends in a session after the browser has shown or made a passkey. */
  async function ceremony(kind, body, options) {
    const begun = await post(`webauthn/${kind}/start`, { ...body, origin: location.origin }, options);
    if (!begun.ok) return begun;
    const { transactionId, options: asked, create } = begun.data;
    const response = await passkey(asked, { create });
    return sign(`webauthn/${kind}/finish`, { transactionId, response }, options);
  }

  return {
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
  };
}

// --- What is kept ---------------------------------------------------------------------------------------------------

/** Keep a session in a store, and its session token in a cookie where the page wants that. */
function keeping(store, prefix, jar) {
  const read = (name) => store.getItem(prefix + name) || "";
  const keep = (name, value) => (value ? store.setItem(prefix + name, value) : store.removeItem(prefix + name));
  const sessionToken = () => (jar && cookie(jar.cookieName)) || read("DS");

  function take(data) {
    const { sessionJwt, refreshJwt, trustedDeviceJwt, cookieDomain, cookiePath } = data;
    const { iat, exp } = decoded(sessionJwt);
    // Clocks of devices are wrong by minutes at times; a token that has just come was made just now.
    if (iat) keep(AHEAD, Math.round(iat - Date.now() / 1000));
    if (sessionJwt && jar) {
      keep(PATH, cookiePath);
      const domain = jar.domain || (("." + location.hostname).endsWith("." + cookieDomain) && cookieDomain);
      document.cookie = written(jar, sessionJwt, (data.cookieExpiration || exp) * 1000, cookiePath, domain);
    } else if (sessionJwt) keep("DS", sessionJwt);
    if (refreshJwt) keep("DSR", refreshJwt);
    if (trustedDeviceJwt) keep("DTD", trustedDeviceJwt);
    keep("DSLI", String(data.sessionExpiration || exp || ""));
  }

  /** Remove it. A cookie of an enclosing domain goes only by that domain's name, which a page cannot read. */
  function drop() {
    const labels = location.hostname.split(".");
    const domains = ["", ...labels.map((_, at) => labels.slice(at).join("."))];
    if (jar) for (const each of domains) document.cookie = written(jar, "", 0, read(PATH), each);
    for (const name of ["DS", "DSR", "DSLI", AHEAD, PATH]) keep(name);
  }

  const now = () => Date.now() / 1000 + Number(read(AHEAD));
  const held = () => read("DSR") + read("DSLI") + sessionToken();
  return [read, take, drop, sessionToken, now, held];
}

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
    const bytes = atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0))));
  } catch {
    return {};
  }
}

const isSession = (data) => !!(data.sessionJwt || data.sessionExpiration);

function cookie(name) {
  const found = document.cookie.split("; ").find((each) => each.startsWith(name + "="));
  return found ? found.slice(name.length + 1) : "";
}

/** Return what sets a cookie; browsers pass over a domain that is empty. */
function written({ sameSite, secure, cookieName }, token, ends, path, domain) {
  const until = new Date(ends).toUTCString();
  const where = `path=${path || "/"};domain=${domain || ""};samesite=${sameSite}`;
  return `${cookieName}=${token};expires=${until};${where}${secure ? ";secure" : ""}`;
}

/** Return what has the calls of the browser's storage, and lasts as long as the page. */
export function memory() {
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) || null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
}

/** Return the browser's storage; undefined where it is switched off or full. */
export function safeStorage() {
  try {
    localStorage.setItem("avow-probe", "");
    localStorage.removeItem("avow-probe");
    return localStorage;
  } catch {
    // It is switched off or full.
  }
}

export { Avow as Descope };
export default Avow;
