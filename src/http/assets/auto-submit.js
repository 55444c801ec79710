// Sends the form that carries the answer to the portal; without scripts the person presses its button.
document.querySelector("form[data-submit]").submit();
