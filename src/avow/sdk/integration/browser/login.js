// Hands the tokens of a finished flow to the application, and goes on. What it needs stands in data- attributes.
for (const login of document.querySelectorAll("[data-avow-store]")) {
  if (login.dataset.avowReady) continue;
  login.dataset.avowReady = "true";
  const place = document.createElement("div");

  const button = (text, act) => {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    made.addEventListener("click", act, { once: true });
    return made;
  };

  /** Say that nobody is signed in yet, in the place of a form that has done its part. */
  const offer = (text, ...buttons) => {
    const message = document.createElement("p");
    message.setAttribute("role", "alert");
    message.textContent = text || "The sign-in could not be completed. Please try again.";
    place.replaceChildren(message, ...buttons);
    if (login.isConnected) login.replaceWith(place);
    buttons[0].focus();
  };

  const send = ({ sessionJwt, refreshJwt }) => {
    const { avowStore, avowCsrf } = login.dataset;
    const sent = { method: "POST", credentials: "same-origin" };
    if (avowCsrf) { // Django takes a form
      sent.body = new URLSearchParams({ DS: sessionJwt, csrfmiddlewaretoken: avowCsrf });
      if (refreshJwt) sent.body.append("DSR", refreshJwt);
    } else {
      sent.headers = { "content-type": "application/json" };
      sent.body = JSON.stringify({ sessionJwt, refreshJwt });
    }
    return fetch(avowStore, sent).catch(() => null);
  };

  const forget = () => {
    try {
      for (const name of ["DS", "DSR"]) localStorage.removeItem(name);
    } catch {
      // Where storage is blocked nothing is in it.
    }
  };

  const store = async (detail) => {
    const answer = await send(detail);
    // The application holds them now, or this page alone: nothing is to stay where other scripts can read it.
    forget();
    if (answer?.ok) return location.replace(login.dataset.avowNext);
    const said = (await answer?.json().catch(() => null)) ?? {};
    // Whom the application refuses, it refuses again; a page that is loaded anew knows who is signed in meanwhile.
    const anew = button("Start again", () => location.reload());
    const isAway = !answer || answer.status === 429 || answer.status >= 500;
    const again = button("Try again", () => ((again.disabled = true), store(detail)));
    return offer(said.error || said.detail, ...(isAway ? [again, anew] : [anew]));
  };

  login.addEventListener("success", (event) => store(event.detail));
}
