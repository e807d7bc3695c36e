// What makes Avow's own pages more comfortable. Every page works without it.

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

// What the screens of flows mark: codes, waits, shown passwords, copies (web/screens.mjs, which comes before this).
enhance(document);

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
