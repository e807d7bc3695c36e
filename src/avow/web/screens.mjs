/**
 * What scripts add to the screens of flows, in our component and on Avow's own pages. Every screen works without.
 */

const CODE_NOISE = /[^0-9]/g;
const CODE_LOOKS = /^[\s0-9.\-]*$/;
const FRESH_SECONDS = 240; // the server forgets a ceremony after five minutes
const LOOK_SECONDS = 10;

/**
 * Serve what the fragments mark; see `server/screens/rendering.py` for the marks.
 *
 * @param {ParentNode} root Where the screen is.
 */
export function enhance(root) {
  const all = (mark, serve) => root.querySelectorAll(`[data-${mark}]`).forEach(serve);
  const named = (id) => root.querySelector("#" + CSS.escape(id));
  all("digits", takeDigits);
  all("wait", countDown);
  all("shows", (button) => showOnPress(button, named(button.dataset.shows)));
  all("copies", (button) => copyOnPress(button, named(button.dataset.copies)));
  all("downloads", (button) => downloadOnPress(button, named(button.dataset.downloads)));
  all("capslock", (hint) => watchCapsLock(hint, named(hint.dataset.capslock)));
  all("strength", (meter) => measure(meter, named(meter.dataset.strength), root.querySelectorAll("[data-rule]")));
}

/** Whatever is pasted becomes digits; the last digit sends them, once for each code. */
function takeDigits(field) {
  const digits = Number(field.dataset.digits);
  let sent = "";
  field.addEventListener("input", (event) => {
    if (event.isComposing) return;
    const text = field.value.normalize("NFKC");
    const typed = text.replace(CODE_NOISE, "").slice(0, digits);
    if (typed !== field.value && CODE_LOOKS.test(text)) field.value = typed;
    if (typed.length !== digits || typed === sent) return;
    sent = typed;
    const button = field.form.querySelector(".avow-main");
    button.click();
  });
}

/** Sending again waits for as long as the server wants. */
function countDown(button) {
  const label = button.querySelector(".avow-text") || button;
  const text = label.textContent;
  const until = Date.now() + Number(button.dataset.wait) * 1000;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    label.textContent = left > 0 ? button.dataset.waiting.replace("#", left) : text;
    if (left > 0 && button.isConnected) setTimeout(tick, 250);
  };
  tick();
}

function showOnPress(button, field) {
  const [show, hide] = [button.textContent, button.dataset.hide];
  button.hidden = false;
  button.addEventListener("click", () => {
    const isShown = field.type === "password";
    field.type = isShown ? "text" : "password";
    button.textContent = isShown ? hide : show;
    button.setAttribute("aria-pressed", String(isShown));
    field.focus();
  });
}

const textOf = (element) =>
  element.value || [...element.querySelectorAll("input")].map((each) => each.value).join("\n") || element.textContent;

function copyOnPress(button, source) {
  if (!navigator.clipboard) return;
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(textOf(source));
    button.textContent = button.dataset.copied;
    setTimeout(() => (button.textContent = label), 2000);
  });
}

function downloadOnPress(button, source) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const link = document.createElement("a");
    link.download = button.dataset.file;
    link.href = URL.createObjectURL(new Blob([textOf(source) + "\n"], { type: "text/plain" }));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
}

function watchCapsLock(hint, field) {
  field.addEventListener("keyup", (event) => {
    if (event.getModifierState) hint.hidden = !event.getModifierState("CapsLock");
  });
}

const RULES = {
  lowercase: (text) => /\p{Ll}/u.test(text),
  uppercase: (text) => /\p{Lu}/u.test(text),
  number: (text) => /\p{Nd}/u.test(text),
  non_alphanumeric: (text) => /[^\p{L}\p{N}]/u.test(text),
};

/** Say how long a guess would take, roughly, and which of the rules hold; the server alone decides. */
function measure(meter, field, rules) {
  const words = meter.dataset.words.split("|");
  const length = () => [...field.value].length;
  const look = () => {
    const kinds = new Set([...field.value].map((each) => (/\p{L}/u.test(each) ? "letter" : each))).size;
    const least = Number(meter.dataset.least);
    const score = length() < least ? 1 : Math.min(4, 2 + (length() >= least + 4) + (length() >= 16 && kinds > 1));
    meter.hidden = !field.value;
    meter.dataset.score = String(score);
    meter.querySelector("[data-word]").textContent = words[score - 1];
    for (const rule of rules) {
      const { rule: name, least: most } = rule.dataset;
      const holds = name === "length" ? length() >= Number(most) : RULES[name](field.value);
      rule.classList.toggle("is-met", holds);
    }
  };
  field.addEventListener("input", look);
  look();
}

// --- Passkeys -------------------------------------------------------------------------------------------------------

/**
 * Offer the passkeys of this device in the field that has its place for them, for as long as the screen is there.
 *
 * @param {string} api Address of the server.
 * @param {string} project
 * @param {(options: string, how: object) => Promise<{response?: string}>} ask Asks the browser.
 * @param {AbortSignal} signal Ends it.
 * @returns {Promise<object | undefined>} What the flow takes; nothing when it has ended, or the browser cannot.
 *
 * Spec: Web Authentication Level 3 section 5.1.4 (conditional mediation).
 */
export async function offerPasskeys(api, project, ask, signal) {
  const { isConditionalMediationAvailable: can } = globalThis.PublicKeyCredential || {};
  if (!can || !(await PublicKeyCredential.isConditionalMediationAvailable())) return undefined;
  while (!signal.aborted) {
    const fresh = whileFresh(signal);
    const begun = await beginSignIn(api, project);
    // Where the server could not be reached, the next turn asks again.
    const shown = begun ? await ask(begun.options, { mediation: "conditional", signal: fresh }) : await endOf(fresh);
    if (shown && shown.response) return { transactionId: begun.transactionId, ...shown };
    if (!fresh.aborted) return undefined;
  }
  return undefined;
}

function beginSignIn(api, project) {
  return fetch(`${api}/v1/auth/webauthn/signin/start`, {
    method: "POST",
    headers: { Authorization: `Bearer ${project}`, "Content-Type": "application/json" },
    body: JSON.stringify({ loginId: "", origin: location.origin }),
  }).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
}

function endOf(signal) {
  return new Promise((done) => (signal.aborted ? done() : signal.addEventListener("abort", () => done())));
}

/** Return what ends with `signal`, or once a ceremony that begins now is too old for whoever looks at the page. */
function whileFresh(signal) {
  const ending = new AbortController();
  const fresh = ending.signal;
  const until = Date.now() + FRESH_SECONDS * 1000;
  // By the clock: timers rest while a device sleeps.
  const look = () => document.hidden || Date.now() < until || ending.abort();
  const timer = setInterval(look, LOOK_SECONDS * 1000);
  fresh.addEventListener("abort", () => clearInterval(timer));
  signal.addEventListener("abort", () => ending.abort(), { signal: fresh });
  document.addEventListener("visibilitychange", look, { signal: fresh });
  return fresh;
}
