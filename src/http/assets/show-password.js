// Shows each password field's button, which the page keeps hidden where no script runs.
for (const button of document.querySelectorAll("button.show")) {
  const field = document.getElementById(button.getAttribute("aria-controls"));
  const show = button.textContent;
  button.hidden = false;
  const set = (seen) => {
    field.type = seen ? "text" : "password";
    button.textContent = seen ? button.dataset.hide : show;
  };
  button.addEventListener("click", () => set(field.type === "password"));
  // A browser remembers what text fields held; a password must be one again when it is sent.
  field.form.addEventListener("submit", () => set(false));
}
