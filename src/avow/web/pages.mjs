/**
 * What makes Avow's own pages more comfortable. Every page works without, but for passkeys, which need a script.
 */
import { enhance, offerPasskeys } from "./screens.mjs";

const REASONS = { InvalidStateError: "authenticator_already_registered" };
const POLL_SECONDS = 1.5;
const LATER_POLL_SECONDS = 5;
const ANSWERED_SECONDS = 6; // the server answers within five
const screen = document.querySelector(".avow-screen");

// Instants in the reader's own time zone, and as their region writes them.
const language = document.documentElement.lang;
const locale = navigator.language.startsWith(language) ? navigator.language : language;
for (const time of document.querySelectorAll("time[datetime]")) {
  time.textContent = new Date(time.dateTime).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
}

// A form is sent once; back in the history, or when no answer can come any more, it may be used again.
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (Date.now() - form.dataset.sent < ANSWERED_SECONDS * 1000) return event.preventDefault();
    form.dataset.sent = Date.now();
  });
}
addEventListener("pageshow", ({ persisted }) => {
  // What the browser has kept of somebody's page is shown to nobody before the server has been asked who is there.
  if (persisted && document.querySelector("main[data-private]")) location.replace(location.href);
  for (const form of document.forms) delete form.dataset.sent;
});

// A form that only waits for this script: not while the browser renders the page ahead of the click.
for (const form of document.querySelectorAll("form[data-submit]")) whenSeen(() => form.requestSubmit());

if (screen) {
  enhance(screen);
  if (globalThis.PublicKeyCredential) give({ canPasskey: "yes" });
  if (screen.querySelector("[data-poll]")) setTimeout(poll, POLL_SECONDS * 1000, Date.now());
  const away = screen.matches(".avow-at-leaving") && screen.querySelector("a.avow-main");
  if (away) whenSeen(() => location.replace(away.href));
  const asked = screen.querySelector("[data-passkey]");
  if (asked && asked.dataset.options && !screen.querySelector("[role=alert]")) whenSeen(() => show(asked));
  offer();
}

function whenSeen(act) {
  if (document.prerendering) document.addEventListener("prerenderingchange", act, { once: true });
  else act();
}

/** Put values into the form. */
function give(values) {
  for (const [name, value] of Object.entries(values)) {
    const field = screen.elements[name] || Object.assign(document.createElement("input"), { type: "hidden", name });
    field.value = value;
    screen.append(field);
  }
}

/** Send the form as if a button had been pressed. */
function send(interaction) {
  const button = Object.assign(document.createElement("button"), { name: "do", value: interaction, hidden: true });
  button.formNoValidate = true;
  screen.append(button);
  screen.requestSubmit(button);
}

/** Ask now and then what has happened elsewhere, and rest while nobody looks. */
async function poll(began) {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "application/json" }, cache: "no-store" });
      const { state } = answer.ok ? await answer.json() : {};
      if (state === "clicked") return send("polling");
      if (state && state !== "waiting") return location.replace(location.href); // by GET, whatever the page is the answer to
    } catch {
      // The way to the server is broken; the next round asks again.
    }
  }
  return setTimeout(poll, (Date.now() - began < 60000 ? POLL_SECONDS : LATER_POLL_SECONDS) * 1000, began);
}

/** Ask the browser for a passkey, and send what it says. */
async function show(place) {
  give(await answer(place.dataset.options, { create: place.dataset.passkey === "create" }));
  send("submit");
}

/** Return what the form takes, of a refusal too. Spec: Web Authentication Level 3 sections 5.1.7, 5.1.8 and 5.1.9. */
async function answer(options, { create = false, ...how } = {}) {
  const origin = location.origin;
  try {
    const read = create ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
    const publicKey = PublicKeyCredential[read](JSON.parse(options).publicKey);
    const shown = await navigator.credentials[create ? "create" : "get"]({ publicKey, ...how });
    return { origin, response: JSON.stringify(shown) };
  } catch (cause) {
    return { origin, failure: "true", failureReason: REASONS[cause.name] || "not_allowed" };
  }
}

/** Offer the passkeys of this device in the first field, while it waits for an address. */
async function offer() {
  if (!screen.querySelector('input[autocomplete~="webauthn"]')) return;
  const { project, api } = document.querySelector("main").dataset;
  const ending = new AbortController();
  screen.addEventListener("submit", () => ending.abort());
  const shown = await offerPasskeys(api, project, answer, ending.signal);
  if (!shown) return;
  give(shown);
  send("passkey-autofill");
}
