// Hands the tokens of a finished flow to Django, and goes on. What it needs stands in data- attributes beside it.
for (const login of document.querySelectorAll("[data-avow-store]")) {
  if (login.dataset.avowReady) continue;
  login.dataset.avowReady = "true";
  login.addEventListener("success", async (event) => {
    const form = new FormData();
    form.append("DS", event.detail.sessionJwt);
    if (event.detail.refreshJwt) form.append("DSR", event.detail.refreshJwt);
    form.append("csrfmiddlewaretoken", login.dataset.avowCsrf);
    const sent = { method: "POST", body: form, credentials: "same-origin" };
    const answer = await fetch(login.dataset.avowStore, sent).catch(() => null);
    // Django holds them now, or nobody: nothing is to stay where scripts can read it.
    for (const name of ["DS", "DSR"]) localStorage.removeItem(name);
    if (answer?.ok) {
      location.replace(login.dataset.avowNext);
      return;
    }
    const said = (await answer?.json().catch(() => null)) ?? {};
    const message = document.createElement("p");
    message.setAttribute("role", "alert");
    message.textContent = said.error || "The sign-in could not be completed. Please try again.";
    login.after(message);
  });
}
