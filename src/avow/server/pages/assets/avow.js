// What makes Avow's own pages more comfortable. Every page works without it.
"use strict";

// Instants in the reader's own time zone, and as their region writes them.
const language = document.documentElement.lang;
const locale = navigator.language.startsWith(language) ? navigator.language : language;
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  time.textContent = at.toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
}

// A form is sent once.
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
  });
}
// Back in the history, the page may be used again.
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// The code: whatever is pasted becomes digits, and the last digit sends it, once for each code.
const code = document.querySelector("input[data-digits]");
if (code) {
  const digits = Number(code.dataset.digits);
  let last = "";
  code.addEventListener("input", (event) => {
    if (event.isComposing) return;
    const typed = code.value.normalize("NFKC").replace(/[^0-9]/g, "").slice(0, digits);
    if (typed !== code.value && /^[\s0-9.\-]*$/.test(code.value.normalize("NFKC"))) code.value = typed;
    if (typed.length === digits && typed !== last) {
      last = typed;
      code.form.requestSubmit();
    }
  });
}

// Sending again waits for as long as the server wants.
for (const button of document.querySelectorAll("button[data-wait]")) {
  const label = button.textContent;
  const until = Date.now() + Number(button.dataset.wait) * 1000;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? button.dataset.waiting.replace("#", left) : label;
    if (left > 0) setTimeout(tick, 250);
  };
  tick();
}

// A form that only waits for this script: not while the browser renders the page ahead of the click.
for (const form of document.querySelectorAll("form[data-submit]")) {
  const send = () => form.requestSubmit();
  if (document.prerendering) document.addEventListener("prerenderingchange", send, { once: true });
  else send();
}

// Waiting for a link: ask now and then, rest while nobody looks, and begin anew when something has changed.
if (document.querySelector("[data-poll]")) {
  const began = Date.now();
  const ask = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, { headers: { Accept: "application/json" }, cache: "no-store" });
        if (answer.ok && (await answer.json()).state !== "waiting") return location.reload();
      } catch {
        // The way to the server is broken; the next round asks again.
      }
    }
    setTimeout(ask, Date.now() - began < 60000 ? 1500 : 5000);
  };
  setTimeout(ask, 1500);
}
