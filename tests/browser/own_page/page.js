// The page of a small application: it speaks to Avow by fetch, and to the application's own server, which decides who is in.

const { url, project, provider } = await (await fetch("config.json")).json();
const form = document.forms[0];
const at = (id) => document.getElementById(id);
let refreshToken = "";
let mfaToken = "";

class Refused extends Error {
  constructor(body) {
    super(`${body.errorCode}: ${body.errorMessage}`);
    this.body = body;
  }
}

function call(path, body = {}, token = mfaToken) {
  return said(fetch(url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${token ? `${project}:${token}` : project}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  }));
}

const ask = (path, text) => said(fetch(path, { method: "POST", body: text }));

async function said(answering) {
  const answer = await answering;
  const body = await answer.json();
  if (!answer.ok) throw new Refused(body);
  return body;
}

const loginId = () => form.elements.email.value;
const options = () => ({ mfa: Boolean(mfaToken) });

async function enter(session) {
  await ask("enter", session.sessionJwt);
  refreshToken = session.refreshJwt;
  mfaToken = "";
  at("who").value = session.user.email || session.user.loginIds[0];
  at("session").hidden = false;
  at("enrolment").hidden = true;
}

async function ceremony(path, body) {
  const begun = await call(`/v1/auth/webauthn/${path}/start`, { ...body, origin: location.origin });
  const { publicKey } = JSON.parse(begun.options);
  const credential = begun.create
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  const response = JSON.stringify(credential.toJSON());
  return call(`/v1/auth/webauthn/${path}/finish`, { transactionId: begun.transactionId, response });
}

async function leave(path, kind, query) {
  sessionStorage.setItem("kind", kind);
  const here = `${location.origin}${location.pathname}`;
  const begun = await call(`${path}?${new URLSearchParams({ ...query, redirectURL: here })}`);
  location.assign(begun.url);
}

const acts = {
  signUpByPasskey: async () => enter(await ceremony("signup", { user: { loginId: loginId(), email: loginId() } })),
  signInByPasskey: async () => enter(await ceremony("signin", { loginId: loginId(), loginOptions: options() })),
  signUpByApp: async () => {
    const { image } = await call("/v1/auth/totp/signup", { loginId: loginId() });
    at("enrolment").querySelector("img").src = `data:image/png;base64,${image}`;
    at("enrolment").hidden = false;
  },
  signInByApp: async () => {
    const body = { loginId: loginId(), code: form.elements.code.value, loginOptions: options() };
    enter(await call("/v1/auth/totp/verify", body));
  },
  signInByPassword: async () => {
    const body = { loginId: loginId(), password: form.elements.password.value, loginOptions: options() };
    enter(await call("/v1/auth/password/signin", body));
  },
  signInBySso: () => leave("/v1/auth/sso/authorize", "sso", { tenant: loginId() }),
  signInByProvider: () => leave("/v1/auth/oauth/authorize", "oauth", { provider }),
  signOut: async () => {
    await call("/v1/auth/logout", {}, refreshToken);
    refreshToken = "";
    at("session").hidden = true;
  },
};

async function run(act) {
  at("error").textContent = "";
  try {
    await act();
  } catch (error) {
    mfaToken = error.body?.mfaToken ?? mfaToken;
    at("error").textContent = error.message;
  }
}

for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", () => run(acts[button.dataset.do]));
}

const came = new URLSearchParams(location.search);
const kind = sessionStorage.getItem("kind");
if (came.has("code") && kind) {
  sessionStorage.removeItem("kind");
  history.replaceState(null, "", location.pathname);
  await run(async () => enter(await ask(`exchange/${kind}`, came.get("code"))));
} else if (came.has("err")) {
  at("error").textContent = came.get("err");
}
document.documentElement.dataset.ready = "true";
