// Calls the endpoints as the mode wants it: with tokens in a header, or with cookies and the CSRF token.
const { mode } = document.body.dataset;
let tokens = {}; // only in the mode JSON, and only as long as this page is open

const cookie = (name) =>
  document.cookie.split("; ").find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1).replace(/^"|"$/g, "");
const show = (id, value) => { document.getElementById(id).textContent = value; };

function claimsOf(token) {
  const part = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
  return JSON.parse(atob(part));
}

function readable() {
  if (mode === "JSON") return tokens.access && { access: claimsOf(tokens.access), refresh: claimsOf(tokens.refresh) };
  const payload = cookie("jwt_access_payload");
  return payload && JSON.parse(atob(payload));
}

async function call({ path, method = "POST", type = "access" }, form) {
  const headers = { "X-CSRFToken": cookie("csrftoken") ?? "" };
  if (mode === "JSON" && tokens[type]) headers.Authorization = `Bearer ${tokens[type]}`;
  if (mode !== "JSON" && type === "refresh") form.append("jwt_type", "refresh");
  const answer = await fetch(path, { method, headers, body: method === "GET" ? undefined : form });
  const said = await answer.json().catch(() => ({}));
  // A refresh token counts once: whatever an answer holds takes the place of what was there.
  if (answer.ok && said.access) tokens = { ...tokens, ...said };
  if (answer.ok && path.endsWith("/logout/")) tokens = {};
  show("answer", `${answer.status} ${JSON.stringify(said, null, 1)}`);
  show("seen", JSON.stringify(readable(), null, 1) ?? "Nothing.");
}

document.getElementById("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  call(event.submitter.dataset, new FormData(event.target));
});
for (const button of document.querySelectorAll(".calls button")) {
  button.addEventListener("click", () => call(button.dataset, new FormData()));
}
