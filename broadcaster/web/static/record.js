// Copies a text to the clipboard and prints; without it both are done by the browser's own menu.
"use strict";

function copy(field) {
  field.focus();
  field.select();
  // navigator.clipboard is not there over plain http.
  return document.execCommand("copy");
}

for (const button of document.querySelectorAll("[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.copies);
    button.textContent = copy(field) ? button.dataset.done : button.dataset.failed;
  });
}

for (const button of document.querySelectorAll("[data-prints]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
