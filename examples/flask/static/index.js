// A session that can be refreshed belongs to somebody who is signed in.
const link = document.getElementById("login-or-profile");
sdk.refresh().then((answer) => {
  if (!answer.ok) return;
  link.textContent = "Profile";
  link.href = link.dataset.profile;
}, console.error);
