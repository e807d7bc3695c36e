// Who is signed in, and what only they may see; everybody else goes to the login page.
const profile = document.getElementById("profile");
const show = (id, text) => { document.getElementById(id).textContent = text; };
const leave = () => location.replace(profile.dataset.login);

async function secretMessage() {
  const headers = { Accept: "application/json", Authorization: `Bearer ${sdk.getSessionToken()}` };
  const answer = await fetch(profile.dataset.secret, { headers });
  if (!answer.ok) throw new Error(`the application answered ${answer.status}`);
  return (await answer.json()).secret_msg;
}

async function fill() {
  const refreshed = await sdk.refresh();
  if (!refreshed.ok || !sdk.getSessionToken()) return leave();
  const [me, secret] = await Promise.all([sdk.me(), secretMessage()]);
  if (!me.ok) return leave();
  show("name", me.data.name || "-");
  show("email", me.data.email || "-");
  show("secret", secret);
}

document.getElementById("logout").addEventListener("click", async () => {
  await sdk.logout();
  leave();
});
fill().catch((problem) => {
  console.error(problem);
  leave();
});
