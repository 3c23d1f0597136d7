// P, R and H decide, as long as nobody is typing. A return or a hiding without a reason asks for one first.
const form = document.getElementById("look-form");

function typing(target) {
  return target.matches("input, select, textarea, [contenteditable]");
}

if (form) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing(event.target)) return;
    const button = form.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!button) return;
    event.preventDefault();
    if (button.value !== "passed" && !form.why.value && !form.reason.value.trim()) {
      form.why.focus();
      return;
    }
    form.requestSubmit(button);
  });
}
