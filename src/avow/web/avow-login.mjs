/**
 * `<avow-login project-id="P..." flow-id="sign-up-or-in">`: the screens of a flow on any page, without a build.
 *
 * Attributes, events and their details are those of the official component, under whose name it is known too unless
 * the page has that one already.
 */

import { Avow, HOME, memory, passkey, safeStorage } from "./avow.mjs";
import { enhance, offerPasskeys } from "./screens.mjs";

const RETURN = "descope-login-flow";
const RETURNED = [RETURN, "t", "code", "err"];
const STARTS_ANEW = ["E103205", "E102004", "E108201"]; // too old, a flow that changed, another browser's
const LINK_TOKEN = /^[0-9A-Za-z]{40,}$/;
const LONGEST_ADDRESS = 2048;
const UNREACHABLE = "J151000";
const POLL_SECONDS = 2;
const LATER_POLL_SECONDS = 5;
const REASONS = {
  InvalidStateError: "authenticator_already_registered",
  NotAllowedError: "not_allowed",
  SecurityError: "invalid_domain",
  NotSupportedError: "no_supported_algorithm",
  AbortError: "aborted",
};

const policy = globalThis.trustedTypes && trustedTypes.createPolicy("avow-login", { createHTML: (html) => html });
// Without its tag, the style sheets of a fragment would be parsed into the head.
const parsed = (text) => {
  const html = "<body>" + text;
  return new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html").body;
};
const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
const storage = safeStorage() || memory();
const NONCE = "avow-flow-";
const NONCE_SECONDS = 7200;

export class AvowLogin extends HTMLElement {
  static observedAttributes = ["project-id", "flow-id", "base-url", "tenant", "locale", "theme"];

  #avow;
  #root = document.createElement("div");
  #at = {}; // the last answer
  #back; // what the address brought, until the server has judged it
  #unshown; // an answer whose screen could not be fetched yet
  #turn = 0; // of screens: what an earlier one began is dropped
  #autofill;
  #isBeginning = false;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).append(this.#root);
    this.#root.part = "root";
    this.#root.addEventListener("click", (event) => this.#pressed(event));
    this.#root.addEventListener("submit", (event) => event.preventDefault());
  }

  connectedCallback() {
    if (!this.#avow) this.#beginSoon();
  }

  /** An element that is only moved goes on where it is. */
  disconnectedCallback() {
    queueMicrotask(() => {
      if (this.isConnected || !this.#avow) return;
      this.#leaveScreen();
      this.#avow.stop();
      this.#avow = undefined;
    });
  }

  attributeChangedCallback(name, before, now) {
    if (before === now) return;
    if (name === "theme") this.#dress();
    else if (this.#avow) this.#beginSoon();
  }

  /** Begin once, however many attributes are set at a time. */
  #beginSoon() {
    if (this.#isBeginning) return;
    this.#isBeginning = true;
    queueMicrotask(() => {
      this.#isBeginning = false;
      this.#begin();
    });
  }

  get #base() {
    return (this.getAttribute("base-url") || HOME).replace(/\/+$/, "");
  }

  get #flowId() {
    return this.getAttribute("flow-id") || "sign-up-or-in";
  }

  // --- The way through the flow -----------------------------------------------------------------------------------

  async #begin() {
    const projectId = this.getAttribute("project-id");
    if (!projectId || !this.isConnected) return;
    this.#leaveScreen();
    this.#dress();
    forgetOldNonces();
    if (this.#avow) this.#avow.stop();
    this.#avow = Avow({
      projectId,
      baseUrl: this.#base,
      autoRefresh: this.getAttribute("auto-refresh") !== "false",
      storagePrefix: this.getAttribute("storage-prefix") || "",
      sessionTokenViaCookie: json(this.getAttribute("session-token-via-cookie"), false),
      refreshCookieName: this.getAttribute("refresh-cookie-name") || "",
    });
    const back = returned() || this.#back;
    if (back && back.flowId && back.flowId !== this.#flowId) return this.#start({}); // another component's
    if (back && back !== this.#back) forgetReturn();
    this.#back = back;
    if (!back || !back.executionId) return this.#start(back ? back.input : {});
    this.#at = { executionId: back.executionId, stepId: back.stepId };
    return this.#next("submit", back.input);
  }

  #start(input, { isAgain = false } = {}) {
    const options = {
      location: here(),
      redirectUrl: this.getAttribute("redirect-url"),
      tenant: this.getAttribute("tenant"),
      locale: this.getAttribute("locale") || navigator.languages.slice(0, 20).join(",").slice(0, 256),
      client: json(this.getAttribute("client"), undefined),
      lastAuth: json(item("dls_last_auth"), undefined),
      deviceInfo: { webAuthnSupport: !!globalThis.PublicKeyCredential },
    };
    this.#at = {};
    return this.#came(this.#avow.flow.start(this.#flowId, { options, interactionId: "", input }), { isAgain });
  }

  #next(interactionId, input) {
    return this.#came(this.#asked(interactionId, { ...input, origin: location.origin }));
  }

  #asked(interactionId, input) {
    const { executionId, stepId } = this.#at;
    return this.#avow.flow.next({ executionId, stepId, interactionId, input }, nonceHeader(executionId));
  }

  async #came(call, { isAgain = false } = {}) {
    const turn = this.#turn;
    this.#busy(true);
    const { ok, code, data, error, response } = await call;
    if (turn !== this.#turn || !this.isConnected) return undefined;
    if (code && code !== 429 && code < 500) this.#back = undefined;
    if (!ok) return this.#failed(error, isAgain);
    const nonce = response.headers.get("x-descope-flow-nonce");
    if (nonce) item(NONCE + data.executionId, `${nonce} ${Date.now()}`);
    if (data.lastAuth) item("dls_last_auth", JSON.stringify(data.lastAuth));
    return this.#follow(data);
  }

  async #follow(data) {
    const before = this.#at;
    this.#at = data;
    if (data.webauthn) data.screen.id = data.webauthn.screenId;
    if (data.status === "completed") return this.#completed(data);
    if (data.action === "poll") return data;
    const same = before.screen && before.screen.id === data.screen.id && data.screen.state.errorText;
    if (same) this.#complain(data.screen.state.errorText);
    else await this.#show(data);
    if (data.action === "redirect") location.assign(data.redirect.url);
    if (data.webauthn) await this.#ask(data.webauthn);
    return data;
  }

  #completed(data) {
    this.#leaveScreen();
    this.#tell("success", { ...data.authInfo, ...(data.output && { flowOutput: data.output }) });
    return data;
  }

  /** A server that is busy or away leaves the screen as it is, so that whatever was typed can be sent again. */
  #failed(error, isAgain) {
    if (!isAgain && STARTS_ANEW.includes(error.errorCode) && this.getAttribute("restart-on-error") !== "false") {
      item(NONCE + this.#at.executionId, null);
      return this.#start({}, { isAgain: true });
    }
    this.#complain(error.errorDescription || error.errorMessage || error.errorCode, error.errorCode);
    this.#tell("error", error);
    return undefined;
  }

  /** Without a screen there are no words of the reader's language either. */
  #offerAnew(text) {
    const said = Object.assign(document.createElement("p"), { textContent: text, role: "alert", part: "error" });
    const again = Object.assign(document.createElement("button"), { textContent: "Try again", part: "button" });
    again.addEventListener("click", () => this.#again(), { once: true });
    this.#root.replaceChildren(said, again);
  }

  /** Do what did not come to its end: show a screen that did not come, or begin with what the address brought. */
  #again() {
    return this.#unshown ? this.#show(this.#unshown) : this.#begin();
  }

  // --- Screens ----------------------------------------------------------------------------------------------------

  async #show(data) {
    const turn = this.#leaveScreen();
    this.#busy(true);
    this.#unshown = data;
    const page = `${this.#base}/pages/${this.#avow.projectId}/v2-beta/${data.screen.id}.html`;
    let html;
    try {
      const answer = await fetch(page, { cache: "no-store" });
      if (!answer.ok) throw new Error(`the screen is not there (${answer.status})`);
      html = await answer.text();
    } catch (cause) {
      return this.#failed({ errorCode: UNREACHABLE, errorDescription: String(cause.message) }, true);
    }
    const body = parsed(html);
    await this.#styled(body);
    if (turn !== this.#turn) return undefined;
    this.#unshown = undefined;
    fill(body, data.screen.state);
    const isFirst = !this.#root.querySelector("form");
    this.#root.replaceChildren(...body.childNodes);
    enhance(this.#root);
    if (data.screen.state.errorText) this.#complain(data.screen.state.errorText);
    else if (this.getAttribute("auto-focus") !== "false") this.#focus(isFirst);
    this.#tell(isFirst ? "ready" : "page-updated", { screenName: data.stepName });
    this.#tell("screen-updated", { screenName: data.stepName });
    this.#poll(turn);
    this.#offerPasskeys();
    return undefined;
  }

  /** Keep the style sheets in one place, and wait for new ones: nothing is shown undressed. */
  async #styled(body) {
    const there = [...this.shadowRoot.querySelectorAll("link")].map((each) => each.href);
    const links = [...body.querySelectorAll("link[rel=stylesheet]")];
    const fresh = links.filter((each) => !there.includes(each.href));
    links.forEach((each) => each.remove());
    const loaded = fresh.map((each) => new Promise((done) => (each.onload = each.onerror = done)));
    this.#root.before(...fresh);
    await Promise.race([Promise.all(loaded), wait(3)]);
  }

  #leaveScreen() {
    if (this.#autofill) this.#autofill.abort();
    this.#autofill = this.#unshown = undefined;
    return (this.#turn += 1);
  }

  #dress() {
    this.#root.dataset.theme = this.getAttribute("theme") || "os";
  }

  #busy(isBusy) {
    for (const button of this.#root.querySelectorAll('[data-type="button"]')) {
      button.toggleAttribute("data-busy", isBusy);
      button.setAttribute("aria-disabled", String(isBusy));
    }
  }

  /** Say what went wrong; what was typed stays, unless the server has judged it. */
  #complain(text, code = "") {
    this.#busy(false);
    this.#offerPasskeys();
    const place = this.#root.querySelector('[data-type="error-message"]');
    if (!place) return this.#offerAnew(text);
    place.textContent = (code === UNREACHABLE && place.dataset.offline) || text;
    place.classList.remove("hide");
    if (code) return undefined;
    for (const field of this.#root.querySelectorAll('[autocomplete="one-time-code"], [type="password"]')) field.value = "";
    const field = this.#focus(false);
    if (field) field.setAttribute("aria-invalid", "true");
    return undefined;
  }

  #focus(isFirst) {
    const title = !isFirst && this.#root.querySelector("h1");
    if (title) title.tabIndex = -1; // where nothing else can be focused, the reader is not left outside
    const field = this.#root.querySelector("input[name]:not([hidden])") || this.#root.querySelector(".avow-main") || title;
    // A page that has just been opened keeps the reader's place, unless it is told otherwise.
    if (field && !(isFirst && this.getAttribute("auto-focus") === "skipFirstScreen")) field.focus({ preventScroll: isFirst });
    return field && field.name ? field : undefined;
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  // --- What a person does -----------------------------------------------------------------------------------------

  #pressed(event) {
    const button = event.target.closest('[data-type="button"]');
    if (!button) return;
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    if (this.#unshown || !this.#at.executionId) return void this.#again();
    const form = button.form;
    if (!button.hasAttribute("formnovalidate") && form && !form.reportValidity()) return;
    const provider = button.dataset.descopeProvider;
    if (this.#autofill) this.#autofill.abort();
    this.#next(button.id, { ...values(this.#root), ...(provider && { provider }) });
  }

  /** Ask now and then what has happened elsewhere, for as long as somebody looks at the screen. */
  async #poll(turn) {
    if (!this.#root.querySelector("[data-poll]")) return;
    for (let asked = 0; turn === this.#turn && this.isConnected; asked += 1) {
      if (!document.hidden && asked) {
        const answer = await this.#asked("polling", {});
        if (turn !== this.#turn) return;
        const isOver = !answer.ok && STARTS_ANEW.concat("E103202").includes(answer.error.errorCode);
        if (isOver || (answer.ok && answer.data.action !== "poll")) return void this.#came(answer);
      }
      await wait(asked < 30 ? POLL_SECONDS : LATER_POLL_SECONDS);
    }
  }

  async #ask({ transactionId, options, create }) {
    const turn = this.#turn;
    const shown = await asked(options, { create });
    if (turn === this.#turn) await this.#next("submit", { transactionId, ...shown });
  }

  /** Offer the passkeys of this device in the first field, unless they are offered already. */
  async #offerPasskeys() {
    const field = this.#root.querySelector('input[autocomplete~="webauthn"]');
    if (!field || this.#unshown || (this.#autofill && !this.#autofill.signal.aborted)) return;
    field.autocomplete = "username webauthn";
    const offer = (this.#autofill = new AbortController());
    const shown = await offerPasskeys(this.#base, this.#avow.projectId, asked, offer.signal);
    if (offer !== this.#autofill) return;
    this.#autofill = undefined;
    if (shown) await this.#next(field.id, shown);
  }
}

// --- Parts ----------------------------------------------------------------------------------------------------------

/** Ask the browser for a passkey; return what the flow takes, of a refusal too. */
async function asked(options, how) {
  try {
    return { response: await passkey(options, how) };
  } catch (cause) {
    return { failure: "true", failureReason: REASONS[cause.name] || "unknown", failureMessage: String(cause.message) };
  }
}

function values(root) {
  const found = {};
  for (const field of root.querySelectorAll("[name]:not([slot]):not([data-exclude-field])")) {
    if (field.type === "radio" && !field.checked) continue;
    found[field.name] = field.type === "checkbox" ? field.checked : field.value;
  }
  return found;
}

/** Put what only the answer knew, secrets above all, into the attributes that have a place for it. */
function fill(root, state) {
  for (const element of root.querySelectorAll("[data-has-dynamic-attr-values]")) {
    for (const { name, value } of [...element.attributes]) {
      const filled = value.replace(/\{\{([\w.]+)\}\}/g, (_, path) =>
        path.split(".").reduce((found, part) => (found || {})[part], state) || "");
      if (filled !== value) element.setAttribute(name, filled);
    }
  }
}

/** Return the address of the page, as much of it as flows take. */
function here() {
  const page = location.href.split("#")[0];
  return (page.length > LONGEST_ADDRESS ? page.split("?")[0] : page).slice(0, LONGEST_ADDRESS);
}

/** Return what a link, a provider or an identity provider brought back in the address of the page. */
function returned() {
  const query = new URLSearchParams(location.search);
  const [mark, token, code, failure] = RETURNED.map((name) => query.get(name));
  if (!mark && !LINK_TOKEN.test(token)) return undefined; // the page's own parameters
  const cut = (mark || "").lastIndexOf("_");
  const executionId = cut > 0 ? mark.slice(0, cut) : "";
  const input = token ? { token } : code ? { exchangeCode: code } : failure ? { exchangeError: failure } : {};
  return { executionId, flowId: executionId.split("|#|")[0], stepId: mark ? mark.slice(cut + 1) : "", input };
}

function forgetReturn() {
  const url = new URL(location.href);
  const ours = url.searchParams.has(RETURN) ? RETURNED : ["t"];
  ours.forEach((name) => url.searchParams.delete(name));
  history.replaceState(history.state, "", url);
}

function json(text, otherwise) {
  try {
    return text ? JSON.parse(text) : otherwise;
  } catch {
    return otherwise;
  }
}

/** What shows that this browser is the one that the flow is in; its tabs share it. */
function nonceHeader(executionId) {
  const kept = item(NONCE + executionId);
  return kept ? { "x-descope-flow-nonce": kept.split(" ")[0] } : {};
}

/** Nonces stay after the end, for another tab that waits for it; here go those of long ago. */
function forgetOldNonces() {
  for (const key of Object.keys(storage).filter((each) => each.startsWith(NONCE))) {
    const at = Number((item(key) || "").split(" ")[1]);
    if (!(Date.now() - at < NONCE_SECONDS * 1000)) item(key, null);
  }
}

/** Read, write or (with null) remove an item; without storage it is remembered for as long as the page. */
function item(name, value) {
  try {
    if (value === undefined) return storage.getItem(name);
    return value === null ? storage.removeItem(name) : storage.setItem(name, value);
  } catch {
    return null;
  }
}

for (const name of ["avow-login", "descope-wc"]) {
  if (!customElements.get(name)) customElements.define(name, name === "avow-login" ? AvowLogin : class extends AvowLogin {});
}
