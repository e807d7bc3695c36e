// Hands the tokens of a finished flow to the application, and goes on. What it needs stands in data- attributes.
for (const login of document.querySelectorAll("[data-avow-store]")) {
  if (login.dataset.avowReady) continue;
  login.dataset.avowReady = "true";
  login.addEventListener("success", async (event) => {
    const { sessionJwt, refreshJwt } = event.detail;
    const answer = await fetch(login.dataset.avowStore, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sessionJwt, refreshJwt }),
      credentials: "same-origin",
    }).catch(() => null);
    // The application holds them now, or nobody: nothing is to stay where scripts can read it.
    for (const name of ["DS", "DSR"]) localStorage.removeItem(name);
    if (answer?.ok) {
      location.replace(login.dataset.avowNext);
      return;
    }
    const said = (await answer?.json().catch(() => null)) ?? {};
    const message = document.createElement("p");
    message.setAttribute("role", "alert");
    message.textContent = said.error || said.detail || "The sign-in could not be completed. Please try again.";
    login.after(message);
  });
}
