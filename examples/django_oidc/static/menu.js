// Opens and closes the menu of narrow screens.
const button = document.querySelector("button.menu");
const menu = document.getElementById("mobile");

button.addEventListener("click", () => {
  menu.hidden = !menu.hidden;
  button.setAttribute("aria-expanded", String(!menu.hidden));
});
