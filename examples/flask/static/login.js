// Shows the flow to whoever is not signed in, and the profile to everybody else.
const place = document.getElementById("login");

async function show() {
  const answer = await sdk.refresh().catch(() => ({ ok: false }));
  if (answer.ok && sdk.getSessionToken()) {
    location.replace(place.dataset.next);
    return;
  }
  const login = document.createElement("descope-wc");
  login.setAttribute("project-id", projectId);
  login.setAttribute("flow-id", place.dataset.flowId);
  login.setAttribute("base-url", baseUrl);
  login.addEventListener("success", async () => {
    await sdk.refresh();
    location.assign(place.dataset.next);
  });
  login.addEventListener("error", (event) => {
    document.getElementById("problem").textContent = event.detail?.errorDescription ?? "That did not work.";
  });
  place.replaceChildren(login);
}

show();
